"""Run one polling generator in sync and async code."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from langchain_fbmessenger._internal.iteration import iterate_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

__all__ = ["Deadline", "Pause", "TooLateError", "apaced", "paced"]

_FIRST_S = 1.0
"""What the first question of a deadline is given at least: `timeout=0` is one look."""

T = TypeVar("T")


class TooLateError(Exception):
    """No whole answer came in the time that there was for it."""


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
    """A time limit; None means no limit."""

    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout
        self._has_asked = False

    def has_passed(self) -> bool:
        """Say whether time is up."""
        return self._end is not None and time.monotonic() >= self._end

    def pause(self, seconds: float) -> Pause:
        """Return a pause that ends with the time limit at the latest."""
        if self._end is None:
            return Pause(seconds)
        return Pause(max(0.0, min(seconds, self._end - time.monotonic())))

    def answer(self, ask: Callable[[], T], at_most: float) -> T:
        """Ask in a thread of its own, so that no answer is waited for beyond the time limit.

        The time limits of an HTTP client are for each piece of an answer: one that trickles in
        keeps to them for ever.

        Args:
            ask: Asks; after the time limit its answer is ignored.
            at_most: Seconds for this question, whatever the time limit.

        Raises:
            TooLateError: No answer came in time.
        """
        if self._end is not None:
            least = 0.0 if self._has_asked else _FIRST_S
            at_most = min(at_most, max(least, self._end - time.monotonic()))
        self._has_asked = True
        answers: SimpleQueue[tuple[T] | BaseException] = SimpleQueue()

        def asking() -> None:
            try:
                answers.put((ask(),))
            except BaseException as error:  # noqa: BLE001  # whatever it is, the caller's
                answers.put(error)

        threading.Thread(target=copy_context().run, args=(asking,), daemon=True).start()
        try:
            answer = answers.get(timeout=at_most)
        except Empty:
            raise TooLateError from None
        if isinstance(answer, BaseException):
            raise answer
        return answer[0]
