"""Words read as names of people whom nobody knows: in Faker's lists, as they stand or inflected."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.names.known import faker_lists, known_names
from langchain_fbmessenger.privacy.names.languages import (
    Declension,
    common_words,
    language_tables,
)
from langchain_fbmessenger.privacy.names.spelling import fold, has_accents_of, has_case
from langchain_fbmessenger.privacy.names.unknown_words import table, words_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "MORE_ENGLISH",
    "Listed",
    "Reading",
    "Readings",
    "Sign",
    "listed_names",
]

MORE_ENGLISH = "en+"
"""Stands for English in a list ten times as long as others, of whatever was anybody's name."""

_FURTHER_LISTS = frozenset({"", MORE_ENGLISH})
_AS_LISTED, _INFLECTED, _FAR_FETCHED = range(3)  # how sure a reading is
_SHORTEST_BASE = 3
_SHORTEST_UNCASED = 2
_SHORTEST_IN_LOWER_CASE = 4
_LONGEST_ENDING = 6
_MOST_REMEMBERED = 100_000  # words


class Reading(NamedTuple):
    """A way to read a word as a form of a listed name.

    Attributes:
        base: The name as it is listed, folded.
        languages: Those of its lists, or the one that it is inflected in.
        declension: How it is inflected; None for a name as it stands.
        ending: The ending that it has by that.
        rank: How sure the way is, the surest first.
        prefix: A word of one letter that is written together with it.
    """

    base: str
    languages: frozenset[str]
    declension: Declension | None = None
    ending: str = ""
    rank: int = _AS_LISTED
    prefix: str = ""

    @property
    def is_as_listed(self) -> bool:
        """Whether the name stands as it is listed."""
        return self.rank == _AS_LISTED

    @property
    def is_far_fetched(self) -> bool:
        """Whether it is inflected in a language whose lists do not have it."""
        return self.rank == _FAR_FETCHED

    @property
    def is_unusual(self) -> bool:
        """Whether no language's own list has it."""
        return self.languages <= _FURTHER_LISTS

    def ends_like(self, written: str) -> bool:
        """Tell whether a word has no accents at its end but those of the ending."""
        ending = self.ending.removeprefix("=")
        return not ending or has_accents_of(written[-len(ending) :], ending)

    def base_in(self, written: str) -> str:
        """Return the name itself, spelt as in a form that somebody wrote, with a capital."""
        name = written[len(self.prefix) :]
        if self.declension is not None:
            ending = self.ending.removeprefix("=")
            cut = len(ending) + self.ending.startswith("=")
            name = name[: len(name) - cut] + self.declension.nominative
        name = name.lower() if written.isupper() else name
        return name[:1].upper() + name[1:]


class Sign:
    """What a word tells of whether a text names somebody."""

    NOTHING = 0
    WORD_TOO = 1  # with a capital only
    TITLE = 2  # where another word has one
    NAME = 3


class Listed(NamedTuple):
    """The names of all lists, folded, and the languages of each; no language for further lists.

    Attributes:
        given: Given names, and what people are called for short.
        family: Family names.
    """

    given: Mapping[str, frozenset[str]]
    family: Mapping[str, frozenset[str]]


class Readings:
    """Reads words as names, and remembers for a while what it has read."""

    def __init__(self) -> None:
        self._listed = listed_names()
        self._given: dict[str, tuple[Reading, ...]] = {}
        self._family: dict[str, tuple[Reading, ...]] = {}
        self._signs: dict[str, int] = {}

    def sign_of(self, folded: str) -> int:
        """Return one of `Sign` for a folded word."""
        sign = self._signs.get(folded)
        if sign is None:
            if len(self._signs) > _MOST_REMEMBERED:
                self._signs.clear()
            sign = self._signs[folded] = self._look_up(folded)
        return sign

    def _look_up(self, folded: str) -> int:
        if folded in table().titles:
            return Sign.TITLE
        readings = self.given(folded)
        if not readings:
            return Sign.NOTHING
        is_word = folded in words_everywhere() or len(folded) < _SHORTEST_IN_LOWER_CASE
        is_at_home = any(not one.is_unusual for one in readings)
        needs_capital = has_case(folded) and (is_word or not is_at_home)
        return Sign.WORD_TOO if needs_capital else Sign.NAME

    def given(self, folded: str) -> tuple[Reading, ...]:
        """Return the ways to read a folded word as a given name, as it stands before inflected."""
        return _remembered(self._given, folded, self._listed.given)

    def family(self, folded: str) -> tuple[Reading, ...]:
        """Return the ways to read a folded word as a family name."""
        return _remembered(self._family, folded, self._listed.family)


def _remembered(
    memory: dict[str, tuple[Reading, ...]], folded: str, names: Mapping[str, frozenset[str]]
) -> tuple[Reading, ...]:
    found = memory.get(folded)
    if found is None:
        if len(memory) > _MOST_REMEMBERED:
            memory.clear()
        found = tuple(sorted(_readings(folded, names), key=lambda one: one.rank))
        memory[folded] = found
    return found


def _readings(folded: str, names: Mapping[str, frozenset[str]]) -> Iterator[Reading]:
    shortest = _SHORTEST_BASE if has_case(folded) else _SHORTEST_UNCASED
    if folded in names and len(folded) >= shortest:
        yield Reading(folded, names[folded])
    if folded in common_words():
        return
    for code, prefix in _prefixes().get(folded[:1], ()):
        base = folded[len(prefix) :]
        if base in names and len(base) >= _SHORTEST_BASE:
            yield Reading(base, frozenset({code}), prefix=prefix, rank=_INFLECTED)
    by_ending = _declensions()
    for length in range(min(_LONGEST_ENDING, len(folded) - 1) + 1):
        stem, ending = folded[: len(folded) - length], folded[len(folded) - length :]
        for declension, written in by_ending.get(ending, ()):
            doubles = written.startswith("=")
            if doubles and stem[-1:] != stem[-2:-1]:
                continue
            base = (stem[:-1] if doubles else stem) + fold(declension.nominative)
            languages = names.get(base, frozenset())
            is_at_home = declension.language in languages
            is_name = is_at_home or "" in languages or len(languages) > 1
            if is_name and len(base) >= shortest and _declines_so(base, declension):
                spoken = frozenset({declension.language})
                rank = _INFLECTED if is_at_home else _FAR_FETCHED
                yield Reading(base, spoken, declension, written, rank)


def _declines_so(base: str, declension: Declension) -> bool:
    """Tell whether no longer ending of the name has a declension of its own."""
    others = _folded_nominatives(declension.language)
    own = fold(declension.nominative)
    return not any(len(one) > len(own) and base.endswith(one) for one in others)


@functools.cache
def _prefixes() -> dict[str, list[tuple[str, str]]]:
    """Return the words that are written together with a name, by their first letter."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code, language in language_tables().items():
        for prefix in language.prefixes:
            found.setdefault(fold(prefix)[:1], []).append((code, prefix))
    return found


@functools.cache
def _folded_nominatives(language: str) -> tuple[str, ...]:
    return tuple({fold(one.nominative) for one in language_tables()[language].declensions})


@functools.cache
def _declensions() -> dict[str, list[tuple[Declension, str]]]:
    """Return the declensions by what they add to a name, folded, and the ending as it is."""
    found: dict[str, list[tuple[Declension, str]]] = {}
    for language in language_tables().values():
        for declension in language.declensions:
            for ending in declension.endings:
                found.setdefault(fold(ending.removeprefix("=")), []).append((declension, ending))
    return found


@functools.cache
def listed_names() -> Listed:
    """Return the names of all lists; reading them takes about a second, once.

    Raises:
        MissingExtraError: Faker is not installed.
    """
    known = known_names()
    given: dict[str, set[str]] = {}
    family: dict[str, set[str]] = {}
    for code, language in language_tables().items():
        _add(given, known.given[code], code)
        _add(family, known.family[code], code)
        for shorts in language.diminutives.values():
            _add(given, shorts, code)
    for locale in table().locales:
        for key, names in faker_lists(locale):
            _add(given if "first" in key else family, names, MORE_ENGLISH if locale == "en" else "")
    return Listed(*({name: frozenset(of) for name, of in one.items()} for one in (given, family)))


def _add(to: dict[str, set[str]], names: Iterable[str], language: str) -> None:
    for name in names:
        to.setdefault(fold(name), set()).add(language)
