"""Find where texts mention people who are left out: text in, findings out.

Names are found in the same forms as those that get an invented name. What is found becomes
"[someone]".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import Finding
from langchain_fbmessenger.privacy.names.assignments import Assignments
from langchain_fbmessenger.privacy.names.detect_language import common_languages, languages_of
from langchain_fbmessenger.privacy.names.evidence import tokens_of
from langchain_fbmessenger.privacy.names.finder import NameFinder
from langchain_fbmessenger.privacy.names.index import NameIndex
from langchain_fbmessenger.privacy.names.key_file import new_key
from langchain_fbmessenger.privacy.names.languages import words_in
from langchain_fbmessenger.privacy.names.nicknames import Nicknames
from langchain_fbmessenger.privacy.names.spelling import fold, name_as_read, words_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

__all__ = ["SOMEONE", "MentionFinder", "NamesLeftOut"]

SOMEONE = "[someone]"


class NamesLeftOut:
    """The names of people who are left out, in all forms.

    Args:
        names: Their full names.
        kept: Full names of the others: of "Milo Novák" nothing is found because of another Milo.
    """

    def __init__(self, names: Iterable[str], kept: Iterable[str] = ()) -> None:
        # Their counterparts are never seen: a key that nobody keeps will do.
        names, kept = (sorted(map(name_as_read, one)) for one in (names, kept))
        assigned = Assignments(new_key())
        assigned.add_people([Person(name) for name in names])
        assigned.common_languages = common_languages(map(languages_of, (*names, *kept)))
        self.index = NameIndex()
        for comparable in assigned.people:
            assigned.add_to_index(self.index, comparable)
        self.languages = assigned.languages | assigned.common_languages
        self.kept: dict[str, list[list[str]]] = {}
        gone = [
            f" {' '.join(words)} " for words in map(words_of, map(fold, names)) if len(words) > 1
        ]
        for name in kept:
            words = words_of(fold(name))
            written = f" {' '.join(words)} "  # "ask Milo Dvořák!" is not another Milo
            if len(words) > 1 and not any(one in written for one in gone):
                self.kept.setdefault(words[0], []).append(words)


class MentionFinder:
    """Finds mentions in the texts of a thread.

    Args:
        left_out: Who is left out.
        nicknames: What they are called in the thread.
        names: All names of those who are left out, as they are compared.
    """

    def __init__(
        self,
        left_out: NamesLeftOut,
        nicknames: Iterable[str] = (),
        names: Container[str] = frozenset(),
    ) -> None:
        self._names_left_out = names
        self._kept = left_out.kept
        called = Nicknames(
            dict.fromkeys(nicknames, SOMEONE), left_out.index.forms, left_out.languages
        )
        self._names = NameFinder(left_out.index, called, words_in(left_out.languages | {"en"}))

    def is_name(self, text: str) -> bool:
        """Tell whether a text is the name of somebody who is left out, and nothing else."""
        return comparable_name(text) in self._names_left_out

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        findings = self._names.find(text)
        return [*self._mentions(text, findings)] if findings else []

    def _mentions(self, text: str, findings: list[Finding]) -> Iterator[Finding]:
        others = [*self._others(text)]
        start = end = -1  # of a mention that may go on: "Dvořák Milo" is one person
        for found in findings:
            if any(found.start < last and first < found.end for first, last in others):
                continue
            if start >= 0 and text[end : found.start].isspace():
                end = found.end
                continue
            if start >= 0:
                yield Finding(start, end, "name", SOMEONE)
            start, end = found.start, found.end
        if start >= 0:
            yield Finding(start, end, "name", SOMEONE)

    def _others(self, text: str) -> Iterator[tuple[int, int]]:
        """Give where full names of people stand who are not left out."""
        tokens = tokens_of(text)
        folded = [token.folded for token in tokens]
        for i, word in enumerate(folded):
            for name in self._kept.get(word, ()):
                if folded[i : i + len(name)] == name:
                    yield tokens[i].start, tokens[i + len(name) - 1].end
