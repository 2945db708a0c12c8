"""The streams that a command reads and writes, as it finds them: full, unread, without letters."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["LostOutputError", "visible_streams"]


class LostOutputError(Exception):
    """What a command shows cannot be written; no `OSError`, which a command tells of itself."""

    def __init__(self, name: str, error: OSError) -> None:
        super().__init__(f"{name.strip('<>')} cannot be written: {error.strerror or error}")
        self.errno = error.errno


class _Stream:
    """A stream that says by an error of its own when it takes no more."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._writing():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._writing():
            self._stream.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Else Python tries again when it ends, and complains.
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._stream.fileno())
                os.close(null)
            raise LostOutputError(self._stream.name, error) from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _VisibleStream(_Stream):
    """Stands for a stream to which anybody writes: `print`, warnings, logs, tracebacks.

    rich's consoles find the one behind it by its attribute, since their colours are meant.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(_Stream(stream))
        self.rich_proxied_file = self._stream

    def write(self, text: str) -> int:
        self._stream.write(visible(text))
        return len(text)


@contextmanager
def visible_streams() -> Iterator[None]:
    """Let nothing that is written within steer the terminal, and nothing end by its encoding."""
    stdout, stderr = sys.stdout, sys.stderr
    for stream in (sys.stdin, stdout, stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that has no "é" shows "?"; what is typed and is not text is "�".
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = _VisibleStream(stdout), _VisibleStream(stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = stdout, stderr
