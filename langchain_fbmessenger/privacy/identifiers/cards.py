"""Numbers of payment cards: a brand's first digits and length, and the check digit (Luhn)."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.privacy.identifiers.spot import STAYS, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_cards", "passes_luhn"]

# Groups of digits with one sign between. A dot is none: "4.111" is a sum of money.
_GROUPS = re.compile(r"(?<![\w+])\d+(?:[ -]\d+)*(?!\w)")
_SHORTEST, _LONGEST = 13, 19
_USUAL = (15, 16)  # of as many digits, none but cards are written in groups of four
_SHORTEST_GROUP = 4  # but the last: 4-4-4-4, 4-6-5, 6-13, 4-4-4-4-3


def find_cards(text: str) -> Iterator[Spot]:
    """Give the card numbers of a text; one whose check digit is wrong is none."""
    for run in _GROUPS.finditer(text):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = list(re.finditer(r"\d+", run[0]))
        first = 0
        while first < len(groups):
            last, kind, number = _card(groups, first)
            if number:
                start, end = run.start() + groups[first].start(), run.start() + groups[last].end()
                yield Spot(start, end, kind, number)
            first = last + 1


def _card(groups: list[re.Match[str]], first: int) -> tuple[int, str, str]:
    """Return where a card number ends that begins at a group, what it is, and its digits."""
    for last, number in _numbers(groups, first):
        if is_card_shape(number) and passes_luhn(number):
            return last, "card", number
    for last, number in _numbers(groups, first):
        if is_card_shape(number) and len(number) in _USUAL:
            return last, STAYS, number
    return first, STAYS, ""


def _numbers(groups: list[re.Match[str]], first: int) -> Iterator[tuple[int, str]]:
    """Give what groups make from one of them on, the longest first."""
    found = []
    number = ""
    for last in range(first, len(groups)):
        number += groups[last][0]
        if len(number) > _LONGEST:
            break
        if len(number) >= _SHORTEST:
            found.append((last, number))
        if len(groups[last][0]) < _SHORTEST_GROUP:
            break
    return reversed(found)


def passes_luhn(number: str) -> bool:
    """Tell whether the last digit fits the others."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


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
    text = files(__package__).joinpath("cards.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_Table).brand
