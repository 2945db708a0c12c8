"""The words and orders of dates in Meta's languages: the table dates.toml, read once."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec

__all__ = ["DateLocale", "Order", "all_months", "date_table", "list_conjunctions", "marked_month"]

Order = Literal["dmy", "mdy", "ymd"]


class DateLocale(msgspec.Struct, rename={"conjunction": "and"}):
    """What a language writes in dates."""

    order: Order
    conjunction: str = ""
    am: list[str] = []
    pm: list[str] = []
    months: list[list[str]] = []

    def month_of_word(self) -> dict[str, int]:
        """Return the number of each month by all of its spellings."""
        return {word: n for n, words in enumerate(self.months, 1) for word in words}


class DateTable(msgspec.Struct):
    """All of dates.toml."""

    number_before_month: list[str]
    number_after_month: list[str]
    zones: dict[str, int | str]
    regions: dict[str, Order]
    locales: dict[str, DateLocale]


@lru_cache(maxsize=1)
def date_table() -> DateTable:
    """Return the table."""
    text = files(__package__).joinpath("dates.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=DateTable)


@lru_cache(maxsize=1)
def all_months() -> dict[str, int]:
    """Return the months' words of all languages; of two, the first in the table has it."""
    months: dict[str, int] = {}
    for locale in reversed(date_table().locales.values()):
        months |= locale.month_of_word()
    return months


@lru_cache(maxsize=1)
def marked_month() -> re.Pattern[str]:
    """Return what finds a month in numbers that a word beside it marks as one."""
    before = "|".join(date_table().number_before_month)
    after = "|".join(date_table().number_after_month)
    return re.compile(rf"(?<!\d)(\d{{1,2}})\s?(?:{before})|(?:{after})\s?(\d{{1,2}})(?!\d)")


def list_conjunctions() -> frozenset[str]:
    """Return the word before the last name of a list, in every language of the table."""
    return frozenset(locale.conjunction for locale in date_table().locales.values()) - {""}
