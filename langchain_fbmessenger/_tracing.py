"""Traced runs that carry counts and ids, never the chats that pass through them."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from langchain_core.runnables.config import (
    ensure_config,
    get_async_callback_manager_for_config,
    get_callback_manager_for_config,
    patch_config,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.runnables import RunnableConfig

__all__ = ["atraced_run", "traced_run"]


class TracedRun(dict[str, Any]):
    """What may be recorded as a run's output.

    Attributes:
        config: For what runs within it, custom events for one.
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
    config = ensure_config(config)
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
        run.on_chain_error(error)
        raise
    run.on_chain_end(dict(output))


@asynccontextmanager
async def atraced_run(config: RunnableConfig | None, name: str) -> AsyncIterator[TracedRun]:
    """Report a run to the callbacks of a config; the async twin of `traced_run`."""
    config = ensure_config(config)
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
        await run.on_chain_error(error)
        raise
    await run.on_chain_end(dict(output))
