"""Stands in for an engine's child that hangs where a message says so; it loads no model.

Started in place of `langchain_fbmessenger.local.engines.child`: it is that, but for the backend.
"""

from __future__ import annotations

import ctypes
import re
import signal
import threading
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local.engines import child

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.engines.protocol import Start

_FOREVER = 1000


def _hold_the_interpreter() -> None:
    """Sleep in C without letting go of the interpreter: no thread of this process runs any more."""
    sleep = ctypes.PyDLL(None).sleep
    for _ in range(_FOREVER):  # a signal ends one sleep
        sleep(_FOREVER)


def _backtrack() -> None:
    """Match what takes longer than anybody lives."""
    re.match(r"(a*)*b", "a" * 64)


_HANGS: dict[str, Callable[[], object]] = {
    "hold": _hold_the_interpreter,
    "backtrack": _backtrack,
    "wait": threading.Event().wait,
}


class Backend:
    """Writes each message's text down as it is asked, then hangs or repeats it in two chunks."""

    at_once = 2

    def __init__(self, start: Start) -> None:
        self._asked = start.base

    def chat(
        self,
        request: dict[str, Any],
        adapter: object,  # the protocol's
        emit: Callable[[dict[str, Any] | None], None],
        stopped: threading.Event,
    ) -> None:
        text = request["messages"][-1]["content"]
        self._note(text)
        if text.startswith("stream"):
            _emit(emit, "once")
            stopped.wait()
            return
        _HANGS.get(text, lambda: None)()
        for part in (text, "."):
            _emit(emit, part)

    def count_tokens(self, messages: list[dict[str, Any]], tools: object) -> int:
        text = messages[-1]["content"]
        self._note(text)
        _HANGS.get(text, lambda: None)()
        return len(text)

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        return [*text.encode()]

    def forget(self, adapter: str) -> None:
        pass

    def close(self) -> None:
        pass

    def _note(self, text: str) -> None:
        with self._asked.open("a") as file:
            file.write(f"{text}\n")


def _emit(emit: Callable[[dict[str, Any] | None], None], text: str) -> None:
    emit({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


def main() -> None:
    """Serve as the child does, deaf to what asks it kindly."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child._load = Backend  # type: ignore[assignment]
    child.main()


if __name__ == "__main__":
    main()
