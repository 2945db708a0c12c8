"""End the server within two seconds of a signal, whatever runs in it.

Each part has a fixed share of that time; then the process cuts off what is left and ends. Nothing
is lost by it that is not lost when a server is killed: jobs go on from their last checkpoint.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUESTS_SECONDS = 0.3
"""For requests that are being answered."""
CHILDREN_SECONDS = 0.6
"""For children: a training that saves after its step, an engine that closes."""
_LIMIT_SECONDS = 1.6
"""For all of it, from the signal on."""
_THREADS_SECONDS = 0.3
"""For threads that still run when all else has ended."""

_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")


class Ending:
    """Ends the server: asked by a signal or by the server itself, once."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Literal["end", "is over"]] = SimpleQueue()
        self._is_over = threading.Event()
        self._parts: tuple[Callable[[], None], Callable[[], None]] | None = None
        # Made beforehand: a signal may come at a moment when its handler could start no thread.
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    def ask(self) -> None:
        """Have the server end; safe in signal handlers, any number of times."""
        self._asked.put("end")  # SimpleQueue is reentrant: a signal may interrupt its own `put`

    def serve(self, end: Callable[[], None], cut_off: Callable[[], None]) -> None:
        """Say how the parts of the server end; until this call there is nothing to end.

        Args:
            end: Tells them to. Is called in another thread, as is `cut_off`.
            cut_off: Ends what would outlive the process, when time is up.
        """
        self._parts = end, cut_off

    @contextmanager
    def by_signals(self) -> Iterator[None]:
        """Let signals ask for it, within the block; what was set for them is restored."""
        before = {}
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                number = getattr(signal, name, None)
                # `nohup` has it ignored.
                if number is not None and not (
                    name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN
                ):
                    before[number] = signal.signal(number, lambda *_: self.ask())
        try:
            yield
        finally:
            self._is_over.set()
            self._asked.put("is over")
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)  # None: not set from Python

    def _watch(self) -> None:
        if self._asked.get() == "is over":
            return
        if self._parts is not None:
            end, cut_off = self._parts
            with suppress(Exception):  # the process ends in any case
                end()
            if self._is_over.wait(_LIMIT_SECONDS):
                _end_with_main_thread()
                return
            with suppress(Exception):
                cut_off()
        os._exit(0)


def _end_with_main_thread() -> None:
    """End the process when its program has ended, even if threads still run.

    The interpreter would wait for them, a download for one.
    """
    threading.main_thread().join()
    time.sleep(_THREADS_SECONDS)
    # Without such threads, the interpreter is gone by now, or has stopped this thread.
    if any(not one.daemon and one.is_alive() for one in threading.enumerate()):
        os._exit(0)
