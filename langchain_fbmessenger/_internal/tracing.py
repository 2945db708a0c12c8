"""Trace runs with counts and ids, never with the chats that pass through them.

A run's error is recorded by its type alone: tracers write an error down with its text, its causes
and their texts, and a source's may quote a chat, ours names people. What `configurable` holds stays
out as well, since LangSmith's tracer makes metadata of it: a system prompt may be among it.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
)
from langchain_core.tracers.base import BaseTracer

# Imported here: the first run would import it, and be late.
from langchain_core.tracers.context import run_collector_var, tracing_v2_callback_var
from langchain_core.tracers.langchain import LangChainTracer

from langchain_fbmessenger._internal.home import HOME_VARIABLE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

    from langchain_core.callbacks import Callbacks
    from langchain_core.runnables import RunnableConfig

__all__ = [
    "TracedError",
    "aiterate_untraced",
    "atraced_run",
    "iterate_untraced",
    "private_config",
    "traced_run",
    "untraced",
    "without_tracers",
]


class TracedError(Exception):
    """Stands for an error in traces: it tells the error's type alone."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__} (its text is kept out of traces)")


class TracedRun(dict[str, Any]):
    """The output of a run, filled with what may be recorded.

    Attributes:
        config: The config for what runs within it, such as custom events.
    """

    def __init__(self, config: RunnableConfig) -> None:
        super().__init__()
        self.config = config


T = TypeVar("T")
_END = object()

# As in langchain-core's own streams: the input is not known when the run starts.
_NO_INPUT = {"input": ""}


@contextmanager
def traced_run(config: RunnableConfig | None, name: str) -> Iterator[TracedRun]:
    """Report a run to the callbacks of a config.

    Args:
        config: The config that the Runnable was called with.
        name: The run's name, unless the config has one.

    Yields:
        A dict, to be filled with what may be recorded as the run's output. A consumer that stops
        early ends the run as a success.
    """
    config = private_config(config)
    run = get_callback_manager_for_config(config).on_chain_start(
        None, _NO_INPUT, name=config.get("run_name") or name, run_id=config.pop("run_id", None)
    )
    output = TracedRun(patch_config(config, callbacks=run.get_child()))
    try:
        yield output
    except GeneratorExit:
        run.on_chain_end(dict(output))
        raise
    except BaseException as error:
        run.on_chain_error(TracedError(error))
        raise
    run.on_chain_end(dict(output))


@asynccontextmanager
async def atraced_run(config: RunnableConfig | None, name: str) -> AsyncIterator[TracedRun]:
    """Report a run to the callbacks of a config; the async twin of `traced_run`."""
    config = private_config(config)
    run = await get_async_callback_manager_for_config(config).on_chain_start(
        None, _NO_INPUT, name=config.get("run_name") or name, run_id=config.pop("run_id", None)
    )
    output = TracedRun(patch_config(config, callbacks=run.get_child()))
    try:
        yield output
    except GeneratorExit:
        await run.on_chain_end(dict(output))
        raise
    except BaseException as error:
        await run.on_chain_error(TracedError(error))
        raise
    await run.on_chain_end(dict(output))


@contextmanager
def untraced() -> Iterator[None]:
    """Let no tracer see what is run within, whatever the environment says.

    Not to be held over a `yield` to the caller, for whom it would hold as well.
    """
    from langsmith import tracing_context  # langchain-core depends on it: its tracing goes there

    # A deaf tracer, not none: one is made by the environment, which may also name LangChain's old
    # tracer, an error unless there is a new one.
    tracer = tracing_v2_callback_var.set(_DeafTracer())
    collector = run_collector_var.set(None)
    try:
        with tracing_context(enabled=False):
            yield
    finally:
        run_collector_var.reset(collector)
        tracing_v2_callback_var.reset(tracer)


def iterate_untraced(items: Iterator[T]) -> Generator[T, None, None]:
    """Give what an iterator gives, and let no tracer see what it runs; an early close closes it."""
    try:
        while True:
            with untraced():
                item = next(items, _END)
            if item is _END:
                return
            yield cast("T", item)
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


async def aiterate_untraced(items: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Give what an async iterator gives; the async twin of `iterate_untraced`."""
    try:
        while True:
            with untraced():
                item = await anext(items, _END)
            if item is _END:
                return
            yield cast("T", item)
    finally:
        aclose = getattr(items, "aclose", None)
        if aclose is not None:
            await aclose()


def without_tracers(callbacks: Callbacks) -> Callbacks:
    """Return callbacks without tracers; those that pass tokens on, or count them, stay."""
    if callbacks is None or isinstance(callbacks, list):
        return [one for one in callbacks or () if not isinstance(one, BaseTracer)]
    kept = callbacks.copy()
    for handler in [*kept.handlers, *kept.inheritable_handlers]:
        if isinstance(handler, BaseTracer):
            kept.remove_handler(handler)
    return kept


class _DeafTracer(LangChainTracer):
    """Takes the place of LangSmith's tracer, and gets nothing."""

    ignore_llm = ignore_chain = ignore_agent = ignore_retriever = True
    ignore_retry = ignore_chat_model = ignore_custom_event = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "client": cast("Any", object())})  # it would make one


def private_config(config: RunnableConfig | None) -> RunnableConfig:
    """Return a config whose runs carry no option and no path of the user's."""
    config = ensure_config(config)
    options = config.pop("configurable", {})
    # Some versions of langchain-core have copied options to the metadata by now.
    metadata = {k: v for k, v in config.get("metadata", {}).items() if k not in options}
    if HOME_VARIABLE in os.environ:
        # LangSmith adds variables named LANGCHAIN_… to each run, unless the run has the key itself.
        metadata.setdefault(HOME_VARIABLE, "private")
    config["metadata"] = metadata
    return config
