"""Keep answers as they come, so that a run that was killed asks nothing twice.

A line holds a key and an answer: the key says of which model and prompt, and cannot be read back.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from langchain_core.language_models import BaseChatModel

from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import FileIO

    from langchain_core.runnables import Runnable

__all__ = ["AnswersFile", "answer_key", "model_key"]


_BEGINNING = b'{"key":"'


class _Line(msgspec.Struct):
    key: str
    answer: str


class AnswersFile:
    """Answers that were given before, in a file that its owner alone can read (0600).

    Args:
        path: The file, which is made if it is not there; None keeps answers in memory.

    Raises:
        InvalidInputError: The file holds something else, or cannot be written.
    """

    def __init__(self, path: str | Path | None) -> None:
        self._path = None if path is None else Path(path)
        self._known: dict[str, str] = {}
        if self._path is None:
            return
        try:
            # Without waiting: a pipe would let nobody read until somebody writes.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
            with os.fdopen(os.open(self._path, flags, 0o600), "rb+", buffering=0) as file:
                self._take(file)
        except OSError as error:
            message = f"answers cannot be kept in {self._path}: {error.strerror}"
            raise InvalidInputError(message) from error

    def _take(self, file: FileIO) -> None:
        """Read what is there; another file is refused before anything of it is changed."""
        is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        content = file.read() if is_file else b""
        for line in content.splitlines():
            self._read(line)
        # Of its first line a killed writer may have written the beginning alone.
        if not is_file or (content and not self._known and not content.startswith(_BEGINNING)):
            message = f"{self._path} holds no answers: it is another file"
            raise InvalidInputError(message)
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        if content and not content.endswith(b"\n"):
            file.write(b"\n")  # its writer was killed within a line

    def _read(self, line: bytes) -> None:
        try:
            known = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError:
            return
        self._known[known.key] = known.answer

    def get(self, key: str) -> str | None:
        """Return the answer of a key, None where there is none."""
        return self._known.get(key)

    def keep(self, key: str, answer: str) -> None:
        """Remember an answer; when this returns, it survives the process."""
        self._known[key] = answer
        if self._path is None:
            return
        line = msgspec.json.encode(_Line(key, answer.encode(errors="replace").decode())) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


def model_key(name: str, model: Runnable[Any, Any]) -> str:
    """Return what a model is known by: its name, and of a chat model what it is set to."""
    settings = model._get_llm_string() if isinstance(model, BaseChatModel) else ""  # noqa: SLF001
    return f"{name}\0{settings}"


def answer_key(model: str, turns: Sequence[tuple[str, str]], nth: int = 0) -> str:
    """Return the key of a model's answer to a prompt, which may be asked more than once."""
    content = msgspec.json.encode([model.encode(errors="replace").decode(), _plain(turns), nth])
    return hashlib.sha256(content).hexdigest()


def _plain(turns: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[part.encode(errors="backslashreplace").decode() for part in turn] for turn in turns]
