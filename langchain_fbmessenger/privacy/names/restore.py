"""The way back: invented names in a text become the real ones again."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.findings import Finding, find_in, replaced, without_overlaps
from langchain_fbmessenger.privacy.names.assignments import Assignments
from langchain_fbmessenger.privacy.names.finder import NameFinder
from langchain_fbmessenger.privacy.names.handles import invented_handles
from langchain_fbmessenger.privacy.names.index import NameIndex
from langchain_fbmessenger.privacy.names.key_file import KeyFile, read_key
from langchain_fbmessenger.privacy.names.languages import words_in
from langchain_fbmessenger.privacy.names.nicknames import Nicknames
from langchain_fbmessenger.privacy.names.spelling import fold

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from langchain_fbmessenger.privacy.findings import BulkFinder, TextFinder

__all__ = ["find_invented", "finders_of_invented", "restore_names"]


def restore_names(text: str, *, key: str | os.PathLike[str]) -> str:
    """Put the real names back into a text that `pseudonymize_chat_sessions` has changed.

    Also into what a model answers that was trained on such texts. Letter case and case endings are
    kept; a name that was misspelt comes back spelt right, a nickname as the person's given name.

    Args:
        text: The text.
        key: The key file that the names were invented with.

    Returns:
        The text with real names.

    Raises:
        FileNotFoundError: There is no such file.
        MalformedFileError: The file is not a key file.

    Example:
        ```python
        answer = restore_names(model.invoke("Who comes tomorrow?").text, key="names.key")
        ```
    """
    return replaced(text, find_invented(text, finders_of_invented(key)))


def find_invented(text: str, finders: Sequence[TextFinder]) -> list[Finding]:
    """Return where invented names stand in a text, in its order, none over another."""
    found = find_in(text, finders)
    # Earlier versions read each piece of a name with a soft hyphen in it as a name.
    as_written = [one for finder in finders for one in finder.find(text)]
    return without_overlaps([*found, *as_written])


def finders_of_invented(key: str | os.PathLike[str]) -> tuple[BulkFinder, ...]:
    """Return what finds the invented names and user names of a key file, real ones to replace them.

    Raises:
        FileNotFoundError: There is no such file.
        MalformedFileError: The file is not a key file.
    """
    read = read_key(Path(key))
    return _way_back(read.secret, tuple(read.names.items()), tuple(read.people))


class _HandleFinder:
    """Finds invented user names.

    Args:
        real: The real ones, by the invented ones.
    """

    def __init__(self, real: Mapping[str, str]) -> None:
        self._real = real

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the texts that may hold something; the others hold nothing."""
        return [place for place, text in enumerate(texts) if any(invented_handles(text))]

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        return [
            Finding(*match.span(), "handle", self._real[fold(match[0])])
            for match in invented_handles(text)
            if fold(match[0]) in self._real
        ]


@functools.lru_cache(maxsize=4)  # an answer comes after another, with one key
def _way_back(
    secret: str, names: tuple[tuple[str, str], ...], people: tuple[tuple[str, ...], ...]
) -> tuple[BulkFinder, ...]:
    """Return what finds invented user names and names."""
    index = NameIndex()
    key = KeyFile(secret=secret, names=dict(names), people=list(people))
    assignments = Assignments(key)
    assignments.add_way_back(index)
    finder = NameFinder(index, Nicknames({}, {}, frozenset()), words_in(frozenset()))
    return _HandleFinder(assignments.handles()), finder
