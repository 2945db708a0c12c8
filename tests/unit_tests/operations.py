"""Count what code does instead of timing it: a busy machine changes seconds, not steps."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CPU_SECONDS = 20  # what is linear needs well under one


def operations(function: Callable[[], object]) -> int:
    """Count the lines of Python that a call runs, and the functions of C that it calls.

    Loops within a function of C do not show: see `an_end_in_sight`.
    """
    count = 0

    def lines(_frame: Any, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return lines

    def calls(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event == "c_call"

    tracer, profiler = sys.gettrace(), sys.getprofile()
    sys.settrace(lines)
    sys.setprofile(calls)
    try:
        function()
    finally:
        sys.setprofile(profiler)
        sys.settrace(tracer)
    return count


class CountingDelimiter(str):
    """A delimiter that counts the characters that are copied to join texts with it."""

    __slots__ = ("copied",)

    def join(self, texts: Any) -> str:
        joined = str.join(self, texts)
        self.copied = getattr(self, "copied", 0) + len(joined)
        return joined

    def __add__(self, other: str) -> str:
        return self.join(["", other])

    def __radd__(self, other: str) -> str:
        return self.join([other, ""])


@contextmanager
def an_end_in_sight() -> Iterator[None]:
    """Fail where a block that should take a moment would not end today.

    Give the block so much that a quadratic way takes hours of the processor's time: the limit, in
    that time and not the clock's, parts the two by some orders of magnitude.
    """
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return

    def give_up(*_: object) -> None:
        pytest.fail(f"after {_CPU_SECONDS} s of the processor's time there is no end in sight")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, _CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
