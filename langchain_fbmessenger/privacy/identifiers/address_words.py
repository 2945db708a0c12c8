"""The words of addresses.toml, and whether a text may hold an address by its words and numbers.

Every text with a digit is looked at, and hardly any holds an address. What is asked for here, all
addresses have; whether it is one, `addresses` says.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.findings import FamiliarWords
from langchain_fbmessenger.privacy.identifiers.words import stem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["CAPITALS", "Language", "Tables", "address_file", "address_tables", "may_hold_addresses"]

_FORMS = ("before", "number_first", "behind", "closing")


class Language(msgspec.Struct, forbid_unknown_fields=True):
    """The words of a language, as addresses.toml explains them."""

    name: str = ""
    before: list[str] = []
    number_first: list[str] = []
    behind: list[str] = []
    closing: list[str] = []
    ends: list[str] = []
    capital_ends: frozenset[str] = frozenset()
    not_streets: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    live: list[str] = []


class _None(msgspec.Struct, forbid_unknown_fields=True):
    names: frozenset[str]
    units: list[str]
    flat: list[str]
    number: list[str]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    language: dict[str, Language]
    none: _None


class Tables(msgspec.Struct, frozen=True):
    """The words of all languages.

    Attributes:
        words: In which form and language a word, or two, say "street".
        first_of_two: The first words of those two.
        ends: Ends of streets' names.
        languages: All of them.
        no_names: Words in no street's name.
    """

    words: dict[str, list[tuple[str, Language]]]
    first_of_two: frozenset[str]
    ends: tuple[str, ...]
    languages: list[Language]
    no_names: frozenset[str]


@functools.cache
def address_file() -> _File:
    """Return what addresses.toml holds."""
    file: _File = read_table(__package__, "addresses.toml", _File)
    for name, language in file.language.items():
        language.name = name
    for lists in (*file.language.values(), file.none):  # texts are compared in folded case
        for field, words in msgspec.structs.asdict(lists).items():
            if field != "name":
                setattr(lists, field, type(words)(word.casefold() for word in words))
    return file


@functools.cache
def address_tables() -> Tables:
    """Return the words of all languages."""
    words: dict[str, list[tuple[str, Language]]] = {}
    languages = list(address_file().language.values())
    for language in languages:
        for form in _FORMS:
            for word in getattr(language, form):
                words.setdefault(word, []).append((form, language))
    ends = tuple(end for language in languages for end in language.ends)
    first_of_two = frozenset(word.split()[0] for word in words if " " in word)
    return Tables(words, first_of_two, ends, languages, address_file().none.names)


CAPITALS = f"[{''.join(filter(str.isupper, map(chr, range(0x530))))}]"
"""`re` has no class of capitals: those of Latin, Greek and Cyrillic."""

# A set of characters is many times as fast as `[^\W\d_]`; the words of the table have no others.
_EVERY_LETTER = "".join(re.findall(r"[^\W\d_]", "".join(map(chr, range(0x600)))))
_LETTERS = re.compile(f"[{_EVERY_LETTER}]+")
_WORD_OR_NUMBER = re.compile(f"[{_EVERY_LETTER}]+|[0-9]+")
_AFTER_DIGITS = ":"  # sorts behind every number and before every letter
_A_LETTER_FOLDED = "\u0345"  # the only sign that folds to a letter, and so would go with a word
# What has no word that says "street" has a capital in the word before its number, and a second
# number, or "I live at" before it. No street's word is longer than forty letters.
_NAME_AND_NUMBER = re.compile(rf"{CAPITALS}\S{{0,40}}\s*[0-9]+(?![0-9:%€$£°])")
_TWO_NUMBERS = re.compile(r"[0-9](?:/|[^0-9/-][^0-9]*[0-9])")
_MOST_NUMBERS = 4  # of more, each may be one: looking at each of them costs as much as they are


def may_hold_addresses(texts: Sequence[str]) -> list[int]:
    """Return the places of texts that may hold an address; the others hold none.

    Args:
        texts: The texts, their digits in ASCII.
    """
    related = {*_unrelated().others(texts)}
    return [place for place, text in enumerate(texts) if _may_hold(text, place in related)]


def _may_hold(text: str, is_related: bool) -> bool:  # noqa: FBT001 - once for each text
    """Tell whether a text may hold an address, by whether it has words of addresses."""
    named = _NAME_AND_NUMBER.search(text)
    if named and _TWO_NUMBERS.search(text, named.start()):
        return True
    return is_related and _may_hold_street(text, is_named=named is not None)


def _may_hold_street(text: str, *, is_named: bool) -> bool:
    """Tell whether the words of a text that are an address's stand where they do in one."""
    words = _words()
    folded = _folded(text)
    pieces = _WORD_OR_NUMBER.findall(folded)
    numbers = [place for place, piece in enumerate(pieces) if piece < _AFTER_DIGITS]
    if len(numbers) > _MOST_NUMBERS or not numbers:
        return bool(numbers)
    if _holds(folded, pieces[numbers[0] :], words.with_number_first):
        return True
    if _holds(folded, pieces[: numbers[-1]], words.before_number):
        return True
    if any(map(folded.__contains__, words.signs)):
        return True
    for place in numbers:
        last = pieces[place - 1] if place else ""
        if last in words.right_before or last.endswith(words.ends):
            return True
    return is_named and any(map(folded.__contains__, words.live))


@functools.cache
def _unrelated() -> FamiliarWords:
    """Return what remembers words that have nothing to do with addresses."""
    words = _words()
    # Of several words, the first: the others may be anywhere else.
    firsts: dict[str, list[str]] = {}
    for by_letters in (words.with_number_first, words.before_number):
        for letters, phrases in by_letters.items():
            firsts.setdefault(letters, []).extend(phrase.split()[0] for phrase in phrases)
    within = (*words.signs, *{phrase.split()[0] for phrase in words.live})

    def is_wanted(word: str) -> bool:
        folded = _folded(word)
        letters = _LETTERS.findall(folded)
        return (
            _holds(folded, letters, firsts)
            or any(one in words.right_before or one.endswith(words.ends) for one in letters)
            or any(map(folded.__contains__, within))
        )

    return FamiliarWords(is_wanted)


def _holds(folded: str, letters: list[str], words: dict[str, list[str]]) -> bool:
    """Tell whether a text holds a word of a list.

    Args:
        folded: The text, folded.
        letters: All runs of letters in it.
        words: The words, by their first letters.
    """
    firsts = words.keys() & letters
    return any(word in folded for first in firsts for word in words[first])


def _folded(text: str) -> str:
    return text.casefold() if text.isascii() else text.replace(_A_LETTER_FOLDED, " ").casefold()


class _Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words of addresses, by where they stand.

    Attributes:
        with_number_first: Behind a number, by their first letters.
        before_number: Somewhere before a number, by their first letters.
        right_before: The last letters of those that stand right before a number.
        signs: Those right before a number that have no letters.
        ends: What the last letters of a street's name end with.
        live: Those that say that an address follows.
    """

    with_number_first: dict[str, list[str]]
    before_number: dict[str, list[str]]
    right_before: frozenset[str]
    signs: tuple[str, ...]
    ends: tuple[str, ...]
    live: tuple[str, ...]


@functools.cache
def _words() -> _Words:
    tables = address_tables()
    right_before = [*address_file().none.number]
    number_first, before = [], []
    for word, uses in tables.words.items():
        forms = {form for form, language in uses}
        if forms & {"number_first", "behind"}:
            number_first.append(word)
        if any(form == "before" and word not in language.proven for form, language in uses):
            before.append(word)
        if "closing" in forms:
            right_before.append(word)
    live = [word for language in tables.languages for word in language.live]
    return _Words(
        with_number_first=_by_first_letters(number_first),
        before_number=_by_first_letters(before),
        right_before=frozenset(found[-1] for found in map(_LETTERS.findall, right_before) if found),
        signs=tuple(word for word in right_before if not _LETTERS.search(word)),
        ends=tuple(sorted({_LETTERS.findall(end)[-1] for end in tables.ends})),
        live=tuple(sorted(set(map(stem_of, live)))),
    )


def _by_first_letters(words: Iterable[str]) -> dict[str, list[str]]:
    by_letters: dict[str, list[str]] = {}
    for word in words:
        by_letters.setdefault(_LETTERS.findall(word)[0], []).append(word)
    return by_letters
