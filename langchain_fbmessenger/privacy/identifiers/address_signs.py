"""Whether a text may hold an address: a look at its numbers, and at the words that go with them.

Every text with a digit is looked at, and hardly any holds an address. What is asked for here, all
addresses have; whether it is one, `addresses` says.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.privacy.identifiers.address_tables import address_file, address_tables
from langchain_fbmessenger.privacy.identifiers.signs import ANY_DIGIT
from langchain_fbmessenger.privacy.identifiers.words import stem_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CAPITALS", "NUMBER_FIRST", "may_hold_address"]

CAPITALS = f"[{''.join(filter(str.isupper, map(chr, range(0x530))))}]"
"""`re` has no class of capitals: those of Latin, Greek and Cyrillic."""

NUMBER_FIRST = r"(?<![\w:/$€£#+-])(?<!\d[.,])\d{1,5}[A-Za-z]?(?:[/-]\d{1,4})?"
"""A house's number that stands before the street."""

# These run on all texts with a digit, so they begin with a set, and look back from behind it.
_IS_NUMBER_FIRST = re.compile(
    rf"[{ANY_DIGIT}](?<![\w:/$€£#+-].)(?<!\d[.,].)[{ANY_DIGIT}]{{0,4}}[A-Za-z]?"
    rf"(?:[/-][{ANY_DIGIT}]{{1,4}})?(?:\s?(?:bis|ter|quater))?,?\s"
)
# All digits of which the last may end a house's number that stands behind the street; of "12-34",
# the first ones stand for both.
_NUMBER_LAST = re.compile(
    rf"[{ANY_DIGIT}](?<!\d.)(?<!\d-.)(?<![^\w'.,\s°№#-].)[{ANY_DIGIT}]*(?![:%€$£°\d]|[.,]\d)"
)
# An address's second number: a house's other one, a postcode, a flat.
_GOES_ON = re.compile(
    r"\d{3,4}/\d|\d+[a-zA-Zа-гА-Г]?(?:[/-] ?\d+[a-zA-Z]?|/[a-zA-Zа-г])?[^\d/-]\D*\d"
)
_A_CAPITAL = re.compile(CAPITALS)
# A set of characters is many times as fast as `[^\W\d_]`; the words of the table have no others.
_EVERY_LETTER = re.findall(r"[^\W\d_]", "".join(map(chr, range(0x600))))
_LETTERS = re.compile(f"[{''.join(_EVERY_LETTER)}]+")
_A_LETTER_FOLDED = "\u0345"  # the only sign that folds to a letter, and so would go with a word
_MOST_NUMBERS = 4  # of more, each may be one: looking at each of them costs as much as they are


def may_hold_address(text: str) -> bool:
    """Tell whether a text may hold an address; if not, it holds none.

    Args:
        text: The text, its digits in ASCII.
    """
    first = _IS_NUMBER_FIRST.search(text)
    if first:
        folded = _folded(text[first.start() :])
        if _holds(folded, _LETTERS.findall(folded), _words().with_number_first):
            return True
    starts = [match.start() for match in _NUMBER_LAST.finditer(text)]
    if len(starts) > _MOST_NUMBERS:
        return True
    before, letters = "", []
    for start in starts:
        before = _folded(text[:start])
        letters = _LETTERS.findall(before)
        if letters and _may_end_street(text, start, before, letters[-1]):
            return True
    return _holds(before, letters, _words().before_number)


def _may_end_street(text: str, start: int, before: str, last: str) -> bool:
    """Tell whether the word before a number may be a street's name, or the last word of one.

    Args:
        text: The text.
        start: Where the number begins.
        before: What stands before it, folded.
        last: The last letters of that.
    """
    words = _words()
    if last in words.right_before or last.endswith(words.ends):
        return True
    near = text[:start].rstrip()
    if near.removesuffix(".").endswith(words.signs):
        return True
    name = near.rsplit(None, 1)[-1]
    if not _A_CAPITAL.search(name):
        return False
    return _GOES_ON.match(text, start) is not None or any(word in before for word in words.live)


def _holds(folded: str, letters: list[str], words: dict[str, list[str]]) -> bool:
    """Tell whether a text holds a word of a list.

    Args:
        folded: The text, folded.
        letters: All runs of letters in it.
        words: The words, by their first letters.
    """
    if words.keys().isdisjoint(letters):
        return False
    return any(word in folded for first in letters for word in words.get(first, ()))


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
