"""Blocking iterators used from async code, without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from langchain_core.runnables import run_in_executor
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable
    from concurrent.futures import Future

__all__ = ["LoopIterator", "iterate_in_thread"]

T = TypeVar("T")
_END = object()


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """Take each item of a blocking iterator in a worker thread, one at a time.

    Nothing is read ahead, and an early close closes the iterator too.
    """
    try:
        while (item := await run_in_executor(None, next, iterator, _END)) is not _END:
            yield item  # type: ignore[misc]  # _END has been told apart by identity
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            # A thread that was cancelled while it reads still runs the generator.
            with suppress(ValueError):
                close()


class LoopIterator(Iterator[T]):
    """Iterate in a worker thread over what an async iterable gives in the event loop.

    It turns an async source round, so that one synchronous chain serves sync and async callers.
    It must be made in the event loop and iterated elsewhere. `close()` ends a waiting pull.
    """

    def __init__(self, source: AsyncIterable[T]) -> None:
        self._iterator = source.__aiter__()
        self._loop = asyncio.get_running_loop()
        self._pending: Future[T] | None = None

    @override
    def __next__(self) -> T:
        self._pending = asyncio.run_coroutine_threadsafe(self._pull(), self._loop)
        try:
            return self._pending.result()
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """End a pull that still waits for its source."""
        if self._pending is not None:
            self._pending.cancel()

    async def _pull(self) -> T:
        return await self._iterator.__anext__()
