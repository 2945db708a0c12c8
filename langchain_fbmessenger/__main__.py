"""The command `langchain-fbmessenger`: a thin door, which minds signals before all else is loaded.

What takes seconds to load is imported within `main`.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # `typing` itself takes its time
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]

_ENDED = 128  # and the signal's number, as a shell has it


def main() -> None:
    """Run the command line; who asks for its end gets it without a word."""
    # Somebody who ignores a signal, as `nohup` does, has this process ignore it.
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        # Nothing is begun yet; and amid imports an exception may be swallowed, or told of.
        signal.signal(signal.SIGINT, _leave)
    try:
        from langchain_fbmessenger._internal.own_processes import (
            open_closed_streams,
            report_without_words,
        )

        has_output = sys.stdout is not None
        open_closed_streams()
        report_without_words()
        from langchain_fbmessenger.cli import app

        if not has_output:
            sys.exit("Error: standard output is closed: nothing could be shown")
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = _pass_on
        app()
    finally:
        if is_ours:  # nothing is left that could be broken off
            signal.signal(signal.SIGINT, _leave)


def _leave(number: int, _: object) -> None:
    os._exit(_ENDED + number)


def _end(number: int, _: object) -> NoReturn:
    """Leave by an exception, so that no file stays behind half-written."""
    sys.exit(_ENDED + number)


def _pass_on(unraisable: sys.UnraisableHookArgs) -> None:
    """Break off what Ctrl-C was to break off, where Python had dropped it with a complaint.

    It does so where it cannot raise: in a destructor, in a callback of its import system.
    """
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        import threading
        from _thread import interrupt_main

        threading.Timer(0, interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
