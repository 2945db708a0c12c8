"""Pause Python's cycle collector while a large session is built.

Every ten thousand messages are some fifty thousand new objects, all of them alive, and each time
their number grows by a quarter the collector walks through every object of the process: more than
half the time of a pipeline over a large export. What is built here has no cycles.
"""

from __future__ import annotations

import gc
import os
import threading
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["without_gc"]

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


def without_gc(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs with the cycle collector paused, as long as any thread is in one.

    Not for generators: the collector would stay paused while they wait.
    """

    @wraps(function)
    def paused(*args: P.args, **kwargs: P.kwargs) -> T:
        _pause()
        try:
            return function(*args, **kwargs)
        finally:
            _resume()

    return paused


def _forget_pauses() -> None:
    """Turn the collector on in a forked child, which lacks the thread that paused it."""
    global _pauses, _lock  # noqa: PLW0603 - as below
    _lock = threading.Lock()
    if _pauses and _was_enabled:
        gc.enable()
    _pauses = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pauses)


def _pause() -> None:
    global _pauses, _was_enabled  # noqa: PLW0603 - the collector is the process's, so is its pause
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1


def _resume() -> None:
    global _pauses  # noqa: PLW0603 - as above
    with _lock:
        _pauses -= 1
        if _pauses == 0 and _was_enabled:
            gc.enable()
