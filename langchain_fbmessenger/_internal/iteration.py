"""Do blocking work from async code without blocking the event loop.

Each stream has a thread of its own. In asyncio's shared pool, streams that wait for each other (a
stage for its loader) would take every thread and wait for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial, wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Coroutine
    from concurrent.futures import Future

__all__ = ["LoopIterator", "async_twin_of", "iterate_in_thread", "run_in_thread"]

P = ParamSpec("P")
T = TypeVar("T")
_END = object()


def async_twin_of(
    function: Callable[P, T],
) -> Callable[[Callable[..., Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Give an async function the parameters and defaults of its sync twin, declared there alone."""
    declared = signature(function)

    def give(twin: Callable[..., Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(twin)
        async def bound_twin(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = declared.bind(*args, **kwargs)
            bound.apply_defaults()
            return await twin(*bound.args, **bound.kwargs)

        vars(bound_twin)["__signature__"] = declared
        return bound_twin

    return give


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in a thread of its own, with the caller's context variables."""
    thread = ThreadPoolExecutor(1)
    call = partial(copy_context().run, partial(function, *args, **kwargs))
    try:
        return await asyncio.wrap_future(thread.submit(call))
    finally:
        thread.shutdown(wait=False)


async def iterate_in_thread(iterator: Iterator[T]) -> AsyncGenerator[T, None]:
    """Take each item of a blocking iterator in a thread of its own, one at a time.

    Nothing is read ahead, and an early close closes the iterator too.
    """
    thread = ThreadPoolExecutor(1)
    context = copy_context()
    following: Callable[[], Any] = partial(context.run, next, iterator, _END)
    try:
        while (item := await asyncio.wrap_future(thread.submit(following))) is not _END:
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            # After a `next` that was cancelled and still runs.
            thread.submit(partial(context.run, close))
        thread.shutdown(wait=False)


class LoopIterator(Iterator[T]):
    """Iterate in a worker thread over what an async iterable gives in the event loop.

    So one synchronous chain serves sync and async callers. It must be made in the event loop and
    iterated elsewhere. `aclose()` ends a waiting pull.
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

    async def aclose(self) -> None:
        """End a pull that still waits, and close the source."""
        if self._pending is not None:
            self._pending.cancel()
        aclose = getattr(self._iterator, "aclose", None)
        if aclose is not None:
            with suppress(RuntimeError):  # it is being cancelled at this very moment
                await aclose()

    async def _pull(self) -> T:
        return await self._iterator.__anext__()
