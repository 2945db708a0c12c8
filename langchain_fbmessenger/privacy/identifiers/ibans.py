"""International bank account numbers: the country's length, and the check digits (mod 97)."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.identifiers.spots import STAYS, Spot, is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_ibans", "passes_mod_97"]

_HEAD = re.compile(r"([A-Za-z]{2})[ -]?[0-9]{2}(?=[ -]?[A-Za-z0-9])")
_FEW_LETTERS = re.compile(r"[A-Z]{2}\d\d[A-Z]{0,4}\d+")
_NAME = "iban"
_REST = re.compile(r"[ -]?[A-Za-z0-9]")


def find_ibans(text: str) -> Iterator[Spot]:
    """Give the IBANs of a text, as one word or in groups; those with wrong check digits are not."""
    for head in _HEAD.finditer(text):
        length = _lengths().get(head[1].upper())
        end = None if length is None else _end(text, head.start(), length)
        if end is None or not _is_whole(text, head.start(), end):
            continue
        number = text[head.start() : end].replace(" ", "").replace("-", "").upper()
        if passes_mod_97(number):
            yield Spot(head.start(), end, "iban", number)
        elif head[1].isupper() and _FEW_LETTERS.fullmatch(number):
            yield Spot(head.start(), end, STAYS, number)  # its digits are not a phone's or card's


def _end(text: str, start: int, length: int) -> int | None:
    """Return where a number of that many characters ends; None if there are fewer or more."""
    end = start + 1
    for _ in range(length - 1):
        match = _REST.match(text, end)
        if match is None:
            return None
        end = match.end()
    return end


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether a number stands alone, or behind its own name: "IBANCZ65..."."""
    begin = start - len(_NAME)
    is_named = text[max(0, begin) : start].casefold() == _NAME
    return is_whole(text, begin if is_named else start, end, signs="", marks="")


def passes_mod_97(number: str) -> bool:
    """Tell whether the check digits of an IBAN fit the others."""
    moved = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    length: dict[str, int]


@functools.cache
def _lengths() -> dict[str, int]:
    return read_table(__package__, "ibans.toml", _Table).length
