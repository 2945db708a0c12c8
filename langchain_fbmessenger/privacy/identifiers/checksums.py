"""Check digits of national numbers that presidio does not know, or asks too much or too little of.

Most are python-stdnum's, which knows their dates as well. Ours are those that it lacks (snils), is
wider at (Czech birth numbers of nine digits ended in 1953), or fails at (a Chinese district that it
has no county of). Each is given the letters and digits of a number, without signs between.
"""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["check_of"]


def birth_number(number: str) -> bool:
    """Check a Czech and Slovak rodné číslo: yymmdd, then four digits (three until 1953).

    Women have 50 added to the month; 20 more were added when a day's numbers had run out.
    """
    year, month, day = int(number[:2]), int(number[2:4]), int(number[4:6])
    month -= 50 if month > 50 else 0  # noqa: PLR2004 - as above
    month -= 20 if month > 20 else 0  # noqa: PLR2004
    if not (1 <= month <= 12 and 1 <= day <= 31):  # noqa: PLR2004 - a date
        return False
    if len(number) == len("yymmddnnn"):
        return year < 54  # noqa: PLR2004 - the last year without a check digit was 1953
    # Until 1985, ten was written as nought.
    return int(number) % 11 == 0 or (int(number[:9]) % 11 == 10 and number[9] == "0")  # noqa: PLR2004


def snils(number: str) -> bool:
    """Check a Russian СНИЛС: nine digits, then their weighted sum mod 101."""
    total = sum((9 - n) * int(digit) for n, digit in enumerate(number[:9]))
    return total % 101 % 100 == int(number[9:])


def resident_card(number: str) -> bool:
    """Check a Chinese identity number: 17 digits weighted by powers of two, mod 11; X is ten."""
    total = sum(
        int(digit, 11) << (17 - n) for n, digit in enumerate(number.upper().replace("X", "A"))
    )
    return total % 11 == 1


def shape_alone(number: str) -> bool:
    """Accept any: without check digits, the shape and the word before it have to do."""
    return bool(re.search(r"\d", number))


_OURS = {check.__name__: check for check in (birth_number, snils, resident_card, shape_alone)}


def check_of(name: str) -> Callable[[str], bool]:
    """Return the check of a sort of numbers.

    Args:
        name: A function here, or a module of python-stdnum, such as "fr.nir".
    """
    return _OURS.get(name) or partial(_passes, name)


def _passes(module: str, number: str) -> bool:
    """Return whether a number passes the check of a module of python-stdnum.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
    """
    try:
        checked = import_module(f"stdnum.{module}")
    except ImportError as error:
        message = "Checking the digits of ids and cards"
        raise MissingExtraError(message, extra="privacy", missing="python-stdnum") from error
    in_ascii = "".join(str(unicodedata.decimal(char, char)) for char in number)
    return bool(checked.is_valid(in_ascii))
