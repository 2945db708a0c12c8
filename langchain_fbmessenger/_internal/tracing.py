"""Trace runs with counts and ids, never with the chats that pass through them.

A run's error is recorded by its type alone: tracers write an error down with its text, its causes
and their texts, and a source's may quote a chat, ours names people. What `configurable` holds stays
out as well, since LangSmith's tracer makes metadata of it: a system prompt may be among it.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import langchain_core.tracers.context  # noqa: F401 - the first run would import it, and be late
from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
)

from langchain_fbmessenger._internal.home import HOME_VARIABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.runnables import RunnableConfig

__all__ = ["TracedError", "atraced_run", "traced_run"]


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
    config = _private(config)
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
    config = _private(config)
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


def _private(config: RunnableConfig | None) -> RunnableConfig:
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
