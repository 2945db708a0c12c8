"""Nicknames that were set in a thread: whatever people come up with, valid there alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.findings import Finding
from langchain_fbmessenger.privacy.names.forms import EXACT, INFLECTED, forms_of, invented_form
from langchain_fbmessenger.privacy.names.index import Entry, RequiredEvidence, need_of
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import words_in
from langchain_fbmessenger.privacy.names.parts import has_no_spaces
from langchain_fbmessenger.privacy.names.spelling import (
    WORD,
    fold,
    in_case_of,
    name_as_read,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_fbmessenger.privacy.names.evidence import Token

__all__ = ["Nicknames"]


class Nicknames:
    """The nicknames of a thread.

    Args:
        invented: What stands for each nickname.
        known: Forms of people's names, which are not nicknames' to have.
        languages: Those whose forms nicknames have that are names.

    Attributes:
        entries: Nicknames of one word, by their folded forms.
        first_words: Folded words that a nickname is or begins with.
        inside: Those in scripts without spaces, found within words.
        odd: Those without a word: emoji, "~*~".
    """

    def __init__(
        self, invented: Mapping[str, str], known: Mapping[str, Entry], languages: frozenset[str]
    ) -> None:
        self.entries: dict[str, Entry] = {}
        self.odd: dict[str, str] = {}
        self.inside: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[list[str], str]]] = {}
        for written, name in invented.items():
            nickname = name_as_read(written)
            words = words_of(fold(nickname))
            if has_no_spaces(nickname) and len(nickname) > 1:
                self.inside[nickname] = name
            elif len(words) == 1 and len(words[0]) > 1:
                self._add_word(nickname, name, words[0], known, languages)
            elif len(words) > 1:
                self._phrases.setdefault(words[0], []).append((words, name))
            elif nickname.strip():
                self.odd[nickname] = name
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))
        self.first_words = self.entries.keys() | self._phrases.keys()

    def _add_word(
        self,
        nickname: str,
        name: str,
        word: str,
        known: Mapping[str, Entry],
        languages: frozenset[str],
    ) -> None:
        match = WORD.search(nickname)
        written = match[0] if match else nickname
        is_a_name = word in known_names().languages
        for form in forms_of(written, languages):
            key = fold(form.text)
            if key in known and known[key].rank == EXACT:
                continue
            if is_a_name:
                need = need_of(form, word, words_in(languages | {"en"}))
            elif form.rank == EXACT:
                need = RequiredEvidence.OWN_CASE
            else:
                need = (
                    RequiredEvidence.CAPITAL
                    if form.rank == INFLECTED and written[0].isupper()
                    else None
                )
            if need is not None and key not in self.entries:
                spelling = form.text if is_a_name else written
                self.entries[key] = Entry(
                    spelling, invented_form(name, form, languages), need, form.rank, word
                )

    def find_inside(self, text: str) -> list[Finding]:
        """Return nicknames in scripts without spaces."""
        return [
            Finding(match.start(), match.end(), "name", name)
            for nickname, name in self.inside.items()
            for match in re.finditer(re.escape(nickname), text)
        ]

    def phrase_at(self, i: int, tokens: list[Token], text: str) -> Finding | None:
        """Return the nickname of several words that begins at a word of a text."""
        for words, name in self._phrases.get(tokens[i].folded, ()):
            here = tokens[i : i + len(words)]
            if [token.folded for token in here] == words:
                start, end = here[0].start, here[-1].end
                if "\n" not in text[start:end]:
                    return Finding(start, end, "name", in_case_of(here[0].written, name))
        return None
