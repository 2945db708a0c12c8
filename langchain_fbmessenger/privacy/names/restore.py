"""The way back: invented names in a text become the real ones again."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.findings import Finding, replaced, without_overlaps
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

__all__ = ["restore_names"]


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
        MalformedFileError: The file is no key file.

    Example:
        ```python
        answer = restore_names(model.invoke("Who comes tomorrow?").text, key="names.key")
        ```
    """
    path = Path(key)
    key_file = read_key(path)
    names, handles = _way_back(
        key_file.secret, tuple(key_file.names.items()), tuple(key_file.people)
    )
    found = [
        Finding(*match.span(), "handle", handles[fold(match[0])])
        for match in invented_handles(text)
        if fold(match[0]) in handles
    ]
    return replaced(text, without_overlaps([*found, *names.find(text)]))


@functools.lru_cache(maxsize=4)  # an answer comes after another, with one key
def _way_back(
    secret: str, names: tuple[tuple[str, str], ...], people: tuple[tuple[str, ...], ...]
) -> tuple[NameFinder, dict[str, str]]:
    """Return what finds invented names, and the real user names by the invented ones."""
    index = NameIndex()
    key = KeyFile(secret=secret, names=dict(names), people=list(people))
    assignments = Assignments(key)
    assignments.add_way_back(index)
    finder = NameFinder(index, Nicknames({}, {}, frozenset()), words_in(frozenset()))
    return finder, assignments.handles()
