"""Invented names for a model that knows no others, real ones for its user: texts in and out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Protocol

from langchain_fbmessenger.privacy.findings import find_in, replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.key_file import read_key
from langchain_fbmessenger.privacy.restoring import StreamRestorer

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import TextFinder

__all__ = ["Restorer", "conceal_names", "restorer_of"]


class Restorer(Protocol):
    """Restores one text that comes bit by bit."""

    def feed(self, text: str) -> str:
        """Take the next bit, and return what has become certain by it."""

    def flush(self) -> str:
        """Return the rest; the text has ended."""


def restorer_of(key: Path) -> Restorer:
    """Return what puts real names into an answer.

    Raises:
        FileNotFoundError: There is no such key file.
        MalformedFileError: The file is not a key file.
    """
    return StreamRestorer.of_key(key)


def conceal_names(text: str, key: Path) -> str:
    """Put the invented names of a key file into a text, in place of the real ones.

    Nothing is invented: who is not in the key file keeps their name.

    Raises:
        FileNotFoundError: There is no such key file.
        MalformedFileError: The file is not a key file.
    """
    held = read_key(key)
    finder = _finder(key, held.secret, len(held.people), len(held.names))
    return replaced(text, find_in(text, [finder]))


@functools.lru_cache(maxsize=4)  # a question comes after another, with one key
def _finder(key: Path, secret: str, n_people: int, n_names: int) -> TextFinder:
    del secret, n_people, n_names  # a key file is only ever added to: they say what it holds
    return NameBook(key).finder()
