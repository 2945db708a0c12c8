"""Trace the runs of a retriever as LangChain does, with ids instead of texts.

LangChain's own retrievers report the question and all documents. Both are chats here.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    merge_configs,
)

from langchain_fbmessenger._internal.tracing import TracedError, private_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import RunnableConfig

__all__ = ["atraced_retrieval", "traced_retrieval"]


@contextmanager
def traced_retrieval(
    retriever: BaseRetriever, config: RunnableConfig | None, run_id: Any
) -> Iterator[list[str | None]]:
    """Report a run of a retriever to the callbacks of a config.

    Args:
        retriever: The retriever.
        config: The config that it was called with.
        run_id: The run's id, if the caller has chosen one.

    Yields:
        A list, to be filled with the ids of what is found.
    """
    config = _config_of(retriever, config)
    run = get_callback_manager_for_config(config).on_retriever_start(
        None, "", name=_name(retriever, config), run_id=run_id or config.get("run_id")
    )
    ids: list[str | None] = []
    try:
        yield ids
    except BaseException as error:
        run.on_retriever_error(TracedError(error))
        raise
    run.on_retriever_end(_without_texts(ids))


@asynccontextmanager
async def atraced_retrieval(
    retriever: BaseRetriever, config: RunnableConfig | None, run_id: Any
) -> AsyncIterator[list[str | None]]:
    """Report a run of a retriever; the async twin of `traced_retrieval`."""
    config = _config_of(retriever, config)
    run = await get_async_callback_manager_for_config(config).on_retriever_start(
        None, "", name=_name(retriever, config), run_id=run_id or config.get("run_id")
    )
    ids: list[str | None] = []
    try:
        yield ids
    except BaseException as error:
        await run.on_retriever_error(TracedError(error))
        raise
    await run.on_retriever_end(_without_texts(ids))


def _config_of(retriever: BaseRetriever, config: RunnableConfig | None) -> RunnableConfig:
    own: RunnableConfig = {
        "tags": retriever.tags or [],
        "metadata": {
            **(retriever.metadata or {}),
            **retriever._get_ls_params(),  # noqa: SLF001 - what LangChain's own runs say
        },
    }
    return private_config(merge_configs(config, own))


def _name(retriever: BaseRetriever, config: RunnableConfig) -> str:
    return config.get("run_name") or retriever.get_name()


def _without_texts(ids: list[str | None]) -> list[Document]:
    return [Document("", id=one) for one in ids]
