"""Keep the words of chats from leaving this package's own processes by accident.

For the command line, the local server and its children, never for a program that only imports the
package: its owner decides what it reports.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "MARK_VARIABLE",
    "TELEMETRY_OFF",
    "FramesOnlyFormatter",
    "describe_without_words",
    "marked",
    "no_core_dumps",
    "open_closed_streams",
    "report_without_words",
    "switch_off_telemetry",
]

# docs/privacy.md lists all that dependencies would report, and what other than a variable stops it.
TELEMETRY_OFF = {
    "DO_NOT_TRACK": "1",  # huggingface_hub, vLLM and others that keep to donottrack.sh
    "HF_HUB_DISABLE_TELEMETRY": "1",  # library names in its requests' headers, and the like
    "VLLM_NO_USAGE_STATS": "1",
}

_STREAMS = (
    ("stdin", os.O_RDONLY, "r"),
    ("stdout", os.O_WRONLY, "w"),
    ("stderr", os.O_WRONLY, "w"),
)
MARK_VARIABLE = "LANGCHAIN_FBMESSENGER_LOG_MARK"
"""The environment variable that holds the mark for a child of the local server."""


def switch_off_telemetry() -> None:
    """Set the switches of `TELEMETRY_OFF` that the user has not set otherwise."""
    for name, value in TELEMETRY_OFF.items():
        os.environ.setdefault(name, value)


def no_core_dumps() -> None:
    """Keep a crash of this process or its children from writing its memory to the disk."""
    if sys.platform == "win32":
        return
    import resource

    # Linux takes no notice of 0 where dumps are piped to a program, and dumps nothing to a pipe at
    # the limit of 1 (kernel, fs/coredump.c); a file of one byte is never written either.
    limit = 1 if sys.platform == "linux" else 0
    with suppress(ValueError, OSError):  # it was lower already
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def describe_without_words(error: BaseException) -> str:
    """Return a traceback of types and places, without messages and source lines.

    What an exception says may quote a chat, and so may a line of code: of a program that was given
    on the command line (Python 3.13 shows those too), of a notebook, of a test.
    """
    seen: set[int] = set()
    parts: list[str] = []
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        parts.append(f"{_frames_of(following)}{_type_of(following)}\n")
        is_cause = following.__cause__ is not None or following.__suppress_context__
        following = following.__cause__ if is_cause else following.__context__
    return "Traceback:\n" + "which led to\n".join(parts[::-1])


def _frames_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    places = [
        traceback.FrameSummary(frame.filename, frame.lineno, frame.name, lookup_line=False, line="")
        for frame in frames
    ]
    return "".join(traceback.StackSummary.from_list(places).format())


def _type_of(error: BaseException) -> str:
    name = type(error).__name__
    number = getattr(error, "errno", None) if isinstance(error, OSError) else None
    if number is not None:
        name += f" [{errno.errorcode.get(number, number)}]"
    within: tuple[BaseException, ...] = getattr(error, "exceptions", ())  # of a group
    return f"{name} ({', '.join(map(_type_of, within))})" if within else name


class FramesOnlyFormatter(logging.Formatter):
    """Formats log records as usual, but exceptions without their messages."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        """Return the exception's types and places."""
        return describe_without_words(ei[1]) if ei[1] is not None else ""


def marked(text: str) -> str:
    """Return lines of our own for a log: marked, in a process whose output is looked through.

    Libraries that share it do not know the mark, see `local/process/logs.py`.
    """
    mark = os.environ.get(MARK_VARIABLE, "")
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


def report_without_words() -> None:
    """Make this process write uncaught exceptions without their messages, in threads too."""
    sys.excepthook = _excepthook
    threading.excepthook = lambda args: (
        _excepthook(args.exc_type, args.exc_value, None) if args.exc_value is not None else None
    )


def _excepthook(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    del kind, trace
    sys.stderr.write(marked(visible(describe_without_words(error))))  # paths stand in it


def open_closed_streams() -> None:
    """Open the null device for each standard stream that was closed before this process began.

    Otherwise the next file that is opened takes its number, and a library in C that writes to the
    stream writes into the file.
    """
    for number, (name, flag, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flag)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
