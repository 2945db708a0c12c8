"""Numbers of payment cards: a brand's first digits and length, and the check digit (Luhn)."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.identifiers.checksums import check_of
from langchain_fbmessenger.privacy.identifiers.spots import STAYS, Spot, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["find_cards"]

_passes_luhn = check_of("luhn")

# Groups of digits with one sign between, everywhere the same, and no dot: "4.111" is a sum.
_GROUPS = re.compile(r"\d+(?:[ -]\d+)*")
_GROUP = re.compile(r"\d+")
_SHORTEST, _LONGEST = 13, 19
_USUAL = (15, 16)  # of as many digits, none but cards are written in groups of four
_SHORTEST_GROUP = 4  # but the last: 4-4-4-4, 4-6-5, 6-13, 4-4-4-4-3


def find_cards(text: str) -> Iterator[Spot]:
    """Give the card numbers of a text; one whose check digit is wrong is left out."""
    for run in _GROUPS.finditer(text):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        cards = list(_spots(text, groups, _is_card, "card"))
        yield from cards
        if not cards:  # a mistyped one is all of its digits
            likely = _spots(text, groups, _looks_like_one, STAYS)
            yield from (spot for spot in likely if spot.start == run.start())


def _spots(
    text: str, groups: list[tuple[int, int]], is_kind: Callable[[str], bool], kind: str
) -> Iterator[Spot]:
    """Give what groups of digits make, the longest from each on."""
    first = 0
    while first < len(groups):
        for last, number in _numbers(text, groups, first):
            start, end = groups[first][0], groups[last][1]
            if is_kind(number) and is_whole(text, start, end, signs="", marks="+"):
                yield Spot(start, end, kind, number)
                first = last
                break
        first += 1


def _is_card(number: str) -> bool:
    return is_card_shape(number) and _passes_luhn(number)


def _looks_like_one(number: str) -> bool:
    return is_card_shape(number) and len(number) in _USUAL


def _numbers(text: str, groups: list[tuple[int, int]], first: int) -> Iterator[tuple[int, str]]:
    """Give what groups make from one of them on, the longest first."""
    found = []
    number = ""
    signs: set[str] = set()
    for last in range(first, len(groups)):
        start, end = groups[last]
        signs.add(text[groups[last - 1][1] : start] if last > first else "")
        if len(signs) > 2:  # noqa: PLR2004 - none before the first, and one
            break
        number += text[start:end]
        if len(number) > _LONGEST:
            break
        if len(number) >= _SHORTEST:
            found.append((last, number))
        if end - start < _SHORTEST_GROUP:
            break
    return reversed(found)


def is_card_shape(number: str) -> bool:
    """Tell whether some brand has cards that begin so and are as long."""
    return any(
        len(number) in brand.lengths
        and any(low <= int(number[: len(str(low))]) <= high for low, high in brand.ranges)
        for brand in _brands()
    )


class _Brand(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    ranges: list[tuple[int, int]]
    lengths: list[int]


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    brand: list[_Brand]


@functools.cache
def _brands() -> list[_Brand]:
    return read_table(__package__, "cards.toml", _Table).brand
