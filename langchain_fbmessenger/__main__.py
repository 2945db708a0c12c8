"""Start the command `langchain-fbmessenger`, and handle signals before anything else is loaded.

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
    """Run the command line; a signal ends it without a traceback."""
    # A signal that the caller ignores, as `nohup` does, stays ignored.
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        # Nothing is begun yet, and during imports an exception may be swallowed or printed.
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
    """Raise SystemExit, so that no file stays behind half-written."""
    sys.exit(_ENDED + number)


def _pass_on(unraisable: sys.UnraisableHookArgs) -> None:
    """Send Ctrl-C to the main thread again where Python could only report it.

    It cannot raise in a destructor or in a callback of its import system.
    """
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        import threading
        from _thread import interrupt_main

        threading.Timer(0, interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)


if __name__ == "__main__":
    main()
