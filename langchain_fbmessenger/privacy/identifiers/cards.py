"""Numbers of payment cards: a brand's first digits and length, and the check digit (Luhn)."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.privacy.identifiers.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_cards", "passes_luhn"]

# Groups of digits with one sign between. A dot is none: "4.111" is a sum of money.
_GROUPS = re.compile(r"(?<![\w+])\d+(?:[ -]\d+)*(?!\w)")
_SHORTEST, _LONGEST = 13, 19
_SHORTEST_GROUP = 4  # but the last: 4-4-4-4, 4-6-5, 6-13, 4-4-4-4-3


def find_cards(text: str) -> Iterator[Spot]:
    """Give the card numbers of a text; one whose check digit is wrong is none."""
    for run in _GROUPS.finditer(text):
        if run.end() - run.start() < _SHORTEST:
            continue
        groups = list(re.finditer(r"\d+", run[0]))
        free = 0
        for first, group in enumerate(groups):
            if first < free:
                continue
            for last, number in _numbers(groups, first):
                if passes_luhn(number) and is_card_shape(number):
                    start, end = run.start() + group.start(), run.start() + groups[last].end()
                    yield Spot(start, end, "card", number)
                    free = last + 1
                    break


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
