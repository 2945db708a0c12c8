"""The names of strangers in a text: given names, and the family names beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger._internal.scripts import APOSTROPHES
from langchain_fbmessenger.privacy.names.given_names import is_given_name
from langchain_fbmessenger.privacy.names.parts import PARTICLES
from langchain_fbmessenger.privacy.names.spelling import has_case
from langchain_fbmessenger.privacy.names.unknown_words import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.privacy.names.context import Context
    from langchain_fbmessenger.privacy.names.evidence import Token
    from langchain_fbmessenger.privacy.names.parts import Role
    from langchain_fbmessenger.privacy.names.readings import Reading, Readings

__all__ = ["Mention", "Mentions"]

_NISBA = re.compile("\u0627\u0644\\w{3,}\u064a")  # "the Egyptian", as families are called
_WITHIN_A_NAME = frozenset({" ", *APOSTROPHES})
_AND = frozenset({"and", "the", "und", "y", "e", "i", "a", "z"})  # words that are particles, too
_MOST_PARTS = 4
_MOST_PARTICLES = 3
_LONG = 6  # of a family name that is told by its ending


class Mention(NamedTuple):
    """A word that is a part of somebody's name.

    Attributes:
        token: The word.
        role: Whether it is the person's own or the family's.
        reading: Of which listed name it is a form; None of one that is in no list.
        start: Where it begins with the particles before it ("van", "de"), which stay.
    """

    token: Token
    role: Role
    reading: Reading | None
    start: int


class Mentions:
    """The names in a text of people outside the export.

    Args:
        context: The text.
        readings: Read its words as names.
    """

    def __init__(self, context: Context, readings: Readings) -> None:
        self._context = context
        self._tokens = context.tokens
        self._readings = readings

    def __iter__(self) -> Iterator[Mention]:
        end = 0
        for i in range(len(self._tokens)):
            if i >= end and (run := self._run(i, end)):
                yield from (mention for _, mention in run)
                end = run[-1][0] + 1

    def _run(self, i: int, end: int) -> list[tuple[int, Mention]]:
        """Return the name that a word shows to be one, each part with its place among the words.

        Args:
            i: The word: a given name, or a family name behind a title.
            end: The word behind the last name.
        """
        if self._context.is_found(i):
            return self._of_a_namesake(i)
        if (reading := self._given(i)) is not None:
            given = self._part(i, "given", reading)
            behind = self._behind(i)
            if not behind and i > end and (family := self._family_before(i)) is not None:
                return [*self._part(i - 1, "family", family), *given]
            return [*given, *behind]
        if self._context.is_behind_a_title(i) and self._context.is_open(i):
            return [*self._part(i, "family", self._family(i)), *self._behind(i)]
        return []

    def _of_a_namesake(self, i: int) -> list[tuple[int, Mention]]:
        """Return the family name of somebody who is called as a person in the export is."""
        behind = self._behind(i, listed=True) if self._tokens[i].has_capital else []
        is_sure = all(
            one.reading is not None
            and one.reading.is_as_listed
            and not self._context.is_word(one.token.folded)
            for _, one in behind
        )
        return behind if is_sure else []

    def _part(self, i: int, role: Role, reading: Reading | None) -> list[tuple[int, Mention]]:
        return [(i, Mention(self._tokens[i], role, reading, self._tokens[i].start))]

    def _given(self, i: int) -> Reading | None:
        """Return how a word is a given name; None if it is not one."""
        readings = self._readings.given(self._tokens[i].folded)
        if not readings or not self._context.is_open(i):
            return None
        written = self._tokens[i].written
        # A name as it is listed, in whatever language, is likelier than a form of another.
        for reading in readings:
            if reading.ends_like(written) and is_given_name(
                self._context, i, reading, self._has_family_name
            ):
                return reading
        return None

    def _has_family_name(self, i: int) -> bool:
        return bool(self._behind(i, listed=True))

    def _behind(self, i: int, *, listed: bool = False) -> list[tuple[int, Mention]]:
        """Return the names that follow a name: further given names, the family's.

        Args:
            i: The name.
            listed: Whether only such as are in a list.
        """
        run: list[tuple[int, Mention]] = []
        last = i
        while len(run) < _MOST_PARTS:
            j = last + 1
            while j - last <= _MOST_PARTICLES and self._is_particle(j):
                j += 1
            if not self._context.is_open(j) or not self._is_joined(last, j):
                break
            start = self._tokens[last + 1].start
            part = self._part_behind(last, j, start) or (
                None if listed else self._unlisted_behind(last, j, start)
            )
            if part is None:
                break
            run.append((j, part))
            last = j
        return run

    def _is_particle(self, i: int) -> bool:
        if i >= len(self._tokens):
            return False
        folded = self._tokens[i].folded
        is_within = self._context.around.gap(i) in _WITHIN_A_NAME
        return is_within and folded in PARTICLES and folded not in _AND

    def _is_joined(self, i: int, j: int) -> bool:
        if j == i + 1:
            return self._context.is_joined(j)
        return self._context.around.gap(j) in _WITHIN_A_NAME | {"-"}

    def _part_behind(self, i: int, j: int, start: int) -> Mention | None:
        """Return a word behind a name as a part of it, if it is listed or ends as such do."""
        token = self._tokens[j]
        family = self._family(j)
        is_word = self._context.is_word(token.folded)
        if token.written.islower() or not has_case(token.written):
            was_alike = token.written.islower() == self._tokens[i].written.islower()
            is_sure = family is not None and family.is_as_listed and self._context.fits(family)
            is_nisba = _NISBA.fullmatch(token.folded) is not None
            is_name = is_nisba or (is_sure and was_alike and not is_word)
            return Mention(token, "family", family, start) if is_name else None
        if not self._is_alike(i, j):
            return None
        if family is not None:
            return Mention(token, "family", family, start)
        given = self._readings.given(token.folded)
        if given and not is_word:
            return Mention(token, "given", given[0], start)
        looks_so = len(token.folded) >= _LONG and token.folded.endswith(table().family_endings)
        return Mention(token, "family", None, start) if looks_so else None

    def _unlisted_behind(self, i: int, j: int, start: int) -> Mention | None:
        """Return a word behind a name as a family's that is in no list.

        Where nouns have no capital, a word behind a name has it for being a name, too: "Petit".
        """
        token, context = self._tokens[j], self._context
        if not token.written[0].isupper() or not self._is_alike(i, j):
            return None
        if context.is_common(token.folded) or context.is_capitalised_word(token.folded):
            return None
        is_doubtful = context.is_german or (context.is_titled and context.is_word(token.folded))
        if is_doubtful:
            return None
        return Mention(token, "family", None, start)

    def _is_alike(self, i: int, j: int) -> bool:
        """Tell whether two words are written alike, in capitals or with one."""
        one, other = self._tokens[i].written, self._tokens[j].written
        return len(other) > 1 and one.isupper() == other.isupper()

    def _family(self, i: int) -> Reading | None:
        """Return how a word is a family name, as it stands rather than inflected."""
        readings = self._readings.family(self._tokens[i].folded)
        fitting = [one for one in readings if self._context.fits(one)]
        as_listed = (one for one in fitting or readings if one.is_as_listed)
        return next(as_listed, None) or next(iter(fitting), None)

    def _family_before(self, i: int) -> Reading | None:
        """Return the family name that stands before a given one, if one does."""
        token, context = self._tokens[i - 1], self._context
        if not (token.has_capital and self._tokens[i].has_capital and context.is_open(i - 1)):
            return None
        if context.around.gap(i) != " " or context.is_capitalised_word(token.folded):
            return None
        # A word at the beginning of a sentence has its capital for that.
        needs_more = context.is_german or context.begins_a_sentence(i - 1)
        if needs_more and context.is_word(token.folded):
            return None
        family = self._family(i - 1)
        return family if family is not None and family.is_as_listed else None
