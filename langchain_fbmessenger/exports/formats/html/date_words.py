"""Know the words of dates in Meta's languages, and read the time zone that a date names.

Words, orders and abbreviations of zones stand in dates.toml. A zone is named by an offset, an
abbreviation or a name of the IANA database: pages of 2018 and before show one behind each time,
as "at 10:05pm PDT", "UTC+08" or "Asia/Kuala_Lumpur".
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table

__all__ = [
    "CutDate",
    "DateLocale",
    "Order",
    "all_months",
    "cut_zone",
    "date_table",
    "list_conjunctions",
    "marked_month",
    "offset_in",
]

Order = Literal["dmy", "mdy", "ymd"]

_MINUS = "\\-\u2212\u2013"
# The sign of "Etc/GMT-8" is the other way round: that is a name, no offset.
_OFFSET = re.compile(
    rf"(?<![\w/])(?:utc|gmt)\s?([+{_MINUS}])\s?(\d{{1,2}})(?::?(\d{{2}}))?(?!\d)", re.IGNORECASE
)
_BARE_OFFSET = re.compile(rf"(?<=[\s|(])([+{_MINUS}])(\d{{2}})(?::?(\d{{2}}))?[\s)]*$")
_IANA = re.compile(rf"(?<![\w/])([A-Za-z]+(?:/[A-Za-z][\w+{_MINUS}]*)+)((?: [A-Z][a-z]+){{0,3}})")
_ABBREVIATION = re.compile(r"(?<!\w)(?:[A-Z]{3,5}|utc|gmt)(?!\w)")
_LAST_WORD = re.compile(r"(?<!\w)([A-Z][A-Z\d]{2,6})\W*$")
_FARTHEST_ZONE = 14 * 60
_LONGEST_NAME = 40  # of 600 zones, America/Argentina/ComodRivadavia


class DateLocale(msgspec.Struct, rename={"conjunction": "and"}):
    """The words and the order of dates in one language."""

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
    return read_table(__package__, "dates.toml", DateTable)


@lru_cache(maxsize=1)
def all_months() -> dict[str, int]:
    """Return the months' words of all languages; the first language in the table wins."""
    months: dict[str, int] = {}
    for locale in reversed(date_table().locales.values()):
        months |= locale.month_of_word()
    return months


@lru_cache(maxsize=1)
def marked_month() -> re.Pattern[str]:
    """Return a pattern that finds a number marked as a month by a word beside it."""
    before = "|".join(date_table().number_before_month)
    after = "|".join(date_table().number_after_month)
    return re.compile(rf"(?<!\d)(\d{{1,2}})\s?(?:{before})|(?:{after})\s?(\d{{1,2}})(?!\d)")


def list_conjunctions() -> frozenset[str]:
    """Return the words before the last name of a list, of every language in the table."""
    return frozenset(locale.conjunction for locale in date_table().locales.values()) - {""}


class CutDate(NamedTuple):
    """A date without the zone that it names; `unknown` is the name of an unknown zone."""

    rest: str
    zone: tzinfo | None = None
    unknown: str = ""


def cut_zone(date: str) -> CutDate:
    """Take the zone out of a date.

    Args:
        date: The date as it is shown, with a "|" where its time stood.
    """
    named = _IANA.search(date)
    if named:
        return _cut_name(date, named)
    found = _OFFSET.search(date) or _BARE_OFFSET.search(date, max(0, date.find("|")))
    if found:
        minutes = _minutes(found)
        rest = date[: found.start()] + date[found.end() :]
        return _found(rest, found[0], None if minutes is None else _fixed(minutes))
    zones = date_table().zones
    for word in _ABBREVIATION.findall(date):
        zone = zones.get(word.casefold())
        if zone is not None:
            return _found(date, word, _fixed(zone) if isinstance(zone, int) else _zone_called(zone))
    last = _LAST_WORD.search(date, max(0, date.find("|")))
    if last is None or last[1].casefold() in all_months():
        return CutDate(date)
    return _found(date, last[1], _zone_called(last[1]))


def offset_in(text: str) -> int | None:
    """Return the first offset such as "UTC-04:00" in a text, in minutes east of UTC."""
    found = _OFFSET.search(text)
    return _minutes(found) if found else None


def _cut_name(date: str, named: re.Match[str]) -> CutDate:
    words = named[2].split()
    for count in range(len(words), -1, -1):  # "Asia/Kuala Lumpur"
        name = "_".join([named[1], *words[:count]])
        zone = _zone_called(name)
        if zone:
            end = named.end(1) + sum(len(word) + 1 for word in words[:count])
            return CutDate(date[: named.start()] + date[end:], zone)
    if named.start() < date.find("|"):  # "12/Mar/May": a date of some kind
        return CutDate(date)
    return _found(date[: named.start()] + date[named.end() :], named[0], None)


def _found(rest: str, name: str, zone: tzinfo | None) -> CutDate:
    return CutDate(rest, zone) if zone else CutDate(rest, None, name.strip()[:_LONGEST_NAME])


@lru_cache(maxsize=256)
def _zone_called(name: str) -> tzinfo | None:
    name = re.sub(f"[{_MINUS}]", "-", name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # LookupError: there is no zone of that name
        known = _names_in_lower_case().get(name.casefold())
        return ZoneInfo(known) if known else None


@lru_cache(maxsize=1)
def _names_in_lower_case() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def _fixed(minutes: int) -> tzinfo:
    return timezone(timedelta(minutes=minutes))


def _minutes(found: re.Match[str]) -> int | None:
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    if minutes > _FARTHEST_ZONE:
        return None
    return minutes if found[1] == "+" else -minutes
