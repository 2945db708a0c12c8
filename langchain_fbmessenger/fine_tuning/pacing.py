"""Things that are looked at again and again: written once, run in sync and async code."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from langchain_fbmessenger._iteration import iterate_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["Deadline", "Pause", "apaced", "paced"]

T = TypeVar("T")


@dataclass(frozen=True)
class Pause:
    """What a watcher yields where it wants to sleep; a closed one sleeps no more."""

    seconds: float


def paced(steps: Iterator[T | Pause]) -> Iterator[T]:
    """Give what a watcher yields and sleep where it asks for it."""
    for step in steps:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
        else:
            yield step


async def apaced(steps: Iterator[T | Pause]) -> AsyncIterator[T]:
    """Give what a watcher yields, whose requests run in a thread; the async twin of `paced`."""
    async with aclosing(iterate_in_thread(steps)) as items:
        async for step in items:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            else:
                yield step


class Deadline:
    """A time limit; None is none."""

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def has_passed(self) -> bool:
        """Say whether time is up."""
        return self._end is not None and time.monotonic() >= self._end

    def pause(self, seconds: float) -> Pause:
        """Return a pause that ends with the time limit at the latest."""
        if self._end is None:
            return Pause(seconds)
        return Pause(max(0.0, min(seconds, self._end - time.monotonic())))
