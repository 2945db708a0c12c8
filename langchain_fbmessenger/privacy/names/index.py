"""Every form of every known name, by what a text has of it, and what is to stand there instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.names.forms import (
    EXACT,
    IN_ASCII,
    INFLECTED,
    MISSPELT,
    SHORT,
    forms_of,
    invented_form,
)
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import common_words, language_tables, words_in
from langchain_fbmessenger.privacy.names.parts import HANGUL, has_no_spaces
from langchain_fbmessenger.privacy.names.spelling import WORD, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.privacy.names.forms import Form
    from langchain_fbmessenger.privacy.names.languages import Words

__all__ = ["Entry", "NameIndex", "RequiredEvidence", "need_of"]

_SHORTEST_IN_LOWER_CASE = 6  # of an inflected form: "tomu" and "sama" are words as well
_SHORTEST_CLEAR = 3
_SHORTEST_DROPPED = 7  # "Brandt" without one letter is a word, "Dvořáček" is not


def _as_it_is(name: str, languages: frozenset[str]) -> str:
    del languages
    return name


def _in_ascii(name: str, languages: frozenset[str]) -> str:
    """Return a name with "oe" for "ö", or in Latin letters."""
    for code in sorted(languages):
        latin = language_tables()[code].in_latin(name.casefold())
        if latin:
            return latin if name.islower() else latin[:1].upper() + latin[1:]
    return name.translate(IN_ASCII)


_WAYS_TO_WRITE = (_as_it_is, _in_ascii)


class RequiredEvidence:
    """What a form needs around it to be taken for a name, the least first."""

    NOTHING = 0
    CAPITAL = 1
    OWN_CASE = 2  # of a nickname: the letter case that it was set in
    NAME_LIKE = 3  # is an ordinary word, too
    STRONG = 4  # is a word that has its capital anyway
    COMPANY = 5  # is one letter


class Entry(NamedTuple):
    """What is known of a form.

    Attributes:
        spelling: The form in lower case, with its accents.
        replacement: What stands there instead.
        need: One of `RequiredEvidence`.
        rank: How sure the form is; a surer one takes its place.
        part: The name that it is a form of, folded.
    """

    spelling: str
    replacement: str
    need: int
    rank: int
    part: str


class NameIndex:
    """Forms of names.

    Attributes:
        forms: What is known of each folded form.
        beside: Of each folded part, the other parts of those who have it.
        inside: Of scripts without spaces, where names are looked for within words.
        odd: Names that are not words ("🦄", "K8"), which count where somebody is mentioned by them.
    """

    def __init__(self) -> None:
        self.forms: dict[str, Entry] = {}
        self.beside: dict[str, set[str]] = {}
        self.inside: dict[str, str] = {}
        self.odd: dict[str, str] = {}
        self._inside_pattern: re.Pattern[str] | None = None

    @property
    def size(self) -> int:
        """How much it knows; names are added, and none is taken out."""
        return len(self.forms) + len(self.inside) + len(self.odd)

    @property
    def inside_pattern(self) -> re.Pattern[str] | None:
        """What finds the names within words; None if there are no such names."""
        if self.inside and self._inside_pattern is None:
            longest_first = sorted(self.inside, key=len, reverse=True)
            self._inside_pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self._inside_pattern

    def add_part(  # noqa: PLR0913 - what is known of a part
        self,
        part: str,
        invented: str,
        languages: frozenset[str],
        words: Words,
        *,
        is_plain: bool = False,
        is_word: bool = False,
    ) -> None:
        """Take up a part of a name with all its forms.

        Args:
            part: The part.
            invented: What stands for it.
            languages: Those whose forms it has.
            words: Tell which of them are words.
            is_plain: Whether to leave out misspelt forms, as of names that we have invented.
            is_word: Whether it is likely to be a word as well.
        """
        if has_no_spaces(part):
            if len(part) > 1:
                self._add_inside(part, invented)
            return
        if not WORD.fullmatch(part):
            self.odd[part] = invented
            return
        folded = fold(part)
        for form in forms_of(part, languages):
            if is_plain and form.rank in (SHORT, MISSPELT):
                continue
            is_sure = is_plain and form.rank == EXACT
            need = RequiredEvidence.NOTHING if is_sure else need_of(form, folded, words)
            if need is not None:
                need = max(need, RequiredEvidence.NAME_LIKE) if is_word else need
                self._add(
                    form.text, invented_form(invented, form, languages), need, form.rank, folded
                )

    def add_whole(
        self,
        parts: Sequence[str],
        invented: Sequence[str],
        languages: frozenset[str],
        words: Words,
        *,
        is_plain: bool = False,
    ) -> None:
        """Take up a full name: its parts side by side, and written as one word."""
        folded = [fold(part) for part in parts]
        for i, part in enumerate(folded):
            self.beside.setdefault(part, set()).update(folded[:i], folded[i + 1 :])
        if len(parts) > 1:
            joined, for_it = "".join(parts), "".join(invented)
            if has_no_spaces(joined):
                self._add_inside(joined, for_it)
                self._add_inside(" ".join(parts), " ".join(invented))
                return
            if HANGUL.fullmatch(joined):
                self.add_part(joined, for_it, languages, words, is_plain=is_plain)
                return
            last = len(parts) - 1
            for order in (range(last + 1), (0, last), (last, 0)):
                self.add_word([parts[i] for i in order], [invented[i] for i in order], languages)

    def add_word(
        self, names: Sequence[str], invented: Sequence[str], languages: frozenset[str]
    ) -> None:
        """Take up several names written as one word, as in addresses of profiles."""
        for way in _WAYS_TO_WRITE:
            joined, for_it = way("".join(names).casefold(), languages), "".join(invented)
            self._add(joined, way(for_it, languages), RequiredEvidence.NOTHING, EXACT, fold(joined))

    def _add(self, text: str, replacement: str, need: int, rank: int, part: str) -> None:
        key = fold(text)
        known = self.forms.get(key)
        if known is None or rank < known.rank:
            self.forms[key] = Entry(text, replacement, need, rank, part)

    def _add_inside(self, name: str, replacement: str) -> None:
        self.inside[name] = replacement
        self._inside_pattern = None


def need_of(  # noqa: PLR0911 - one reason after another
    form: Form, part: str, words: Words
) -> int | None:
    """Return what a form of a folded part needs to be a name; None if it never is one."""
    folded = fold(form.text)
    if form.rank in (INFLECTED, MISSPELT) and folded in common_words():
        return None
    if form.rank == MISSPELT:
        if folded in words.ordinary:
            return None
        is_shorter = len(folded) < len(part) < _SHORTEST_DROPPED
        is_near_a_word = is_shorter or part in words.ordinary or folded in known_names().languages
        return RequiredEvidence.CAPITAL if is_near_a_word else RequiredEvidence.NOTHING
    base = part if form.rank == INFLECTED else folded
    if len(folded) == 1:
        return RequiredEvidence.COMPANY
    if folded in words.capitalised or base in words.capitalised:
        return RequiredEvidence.STRONG
    if folded in words.ordinary or base in words.ordinary:
        return RequiredEvidence.NAME_LIKE
    if folded.upper() == folded:
        return RequiredEvidence.NOTHING  # a script without capitals
    if form.rank == INFLECTED:
        is_long = len(folded) >= _SHORTEST_IN_LOWER_CASE
        return RequiredEvidence.NOTHING if is_long else RequiredEvidence.CAPITAL
    if len(folded) > _SHORTEST_CLEAR:
        return RequiredEvidence.NOTHING
    everywhere = words_in(frozenset(language_tables())).ordinary
    is_clear = len(folded) == _SHORTEST_CLEAR and folded not in everywhere
    return RequiredEvidence.NOTHING if is_clear else RequiredEvidence.CAPITAL
