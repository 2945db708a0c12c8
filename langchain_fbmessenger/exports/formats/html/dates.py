"""Read the dates of Meta's HTML pages, which are written in the language of the account.

All date strings of a page go in, one wall time for each comes out. A page is judged as a whole: its
month words tell its language, its numbers whether 03/04 is a day in March or in April. Words and
orders stand in dates.toml; the forms that were seen: section 6 of docs/formats.md.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from langchain_fbmessenger.exports.formats.html.date_words import (
    all_months,
    cut_zone,
    date_table,
    marked_month,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from langchain_fbmessenger.exports.formats.html.date_words import Order

__all__ = ["DateReader", "WallTime"]

# A sign or a dot in front belongs to a zone ("UTC+05:30") or to a date.
_COLON_TIME = re.compile(
    r"(?<![\d+\-\u2212\u2013.:])(\d{1,2})\s?[:\uff1a]\s?(\d{2})(?:[:\uff1a](\d{2}))?(?!\d)"
)
_WORDED_TIME = re.compile(r"(?<!\d)(\d{1,2})\s?[hH時时點点시]\s?(\d{1,2})(?!\d)")
_DOTTED_TIME = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?!\d|\.\d)")
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_DOT_OF_WORD = re.compile(r"(?<=[^\s\d.,])\.")
# East Asian units and weekdays are cut off the words behind them: "12日下午", "星期五下午".
_TOKEN = re.compile(
    r"\d+|[一二三四五六七八九十]{1,2}月|(?:星期|[週周])[一二三四五六日天]|"
    r"[^\s\d.,،、:;/()|\-\u2013年月日년월일]+"
)
_HALVES = {"am": "am", "a m": "am", "pm": "pm", "p m": "pm"}

_MONTHS = 12
_NOON = 12
_LONGEST_MONTH = 31
_PARTS = 3  # day, month and year
_YEAR_DIGITS = 4
_TWO_DIGITS = 2  # have days and months; what has more is a year
_CENTURY = 100
_EARLIEST_YEAR, _LATEST_YEAR = 1970, 2100
_BUDDHIST_ERA = 543  # Thai pages may count years from there


class WallTime(NamedTuple):
    """A date as its page shows it, in local time.

    Attributes:
        naive: Date and time without a zone.
        zone: The zone that the date itself names, or None.
        precision: The smallest unit that is shown.
        unknown_zone: The name of an unknown zone, or "".
    """

    naive: datetime
    zone: tzinfo | None
    precision: Literal["minute", "second"]
    unknown_zone: str = ""


class _Day(NamedTuple):
    """A date apart from the time of day; `half` is "am", "pm" or ""."""

    year: int
    month: int
    day: int
    half: str
    zone: tzinfo | None
    unknown_zone: str


class DateReader:
    """Reads the dates of one page.

    Args:
        texts: All date strings of the page.
        lang: The page's own language (`<html lang>`), if it states one.

    Example:
        ```python
        reader = DateReader(["4 de octubre de 2013 a las 22:05 UTC+02"])
        assert str(reader.parse("4 de octubre de 2013 a las 22:05 UTC+02").zone) == "UTC+02:00"
        ```
    """

    def __init__(self, texts: Iterable[str], lang: str | None = None) -> None:
        self._parts = {text: _split(text) for text in texts}
        rests = {rest for _, rest in self._parts.values()}
        dates = [_plain(cut_zone(rest).rest) for rest in rests]
        code = _language_of({word for date in dates for word in _words(date)}, lang)
        locale = date_table().locales[code or "en"]
        self._months = all_months() | locale.month_of_word()
        self._halves = _HALVES | dict.fromkeys(locale.am, "am") | dict.fromkeys(locale.pm, "pm")
        self._order = self._order_of(dates, _stated_order(lang, code))
        # Pages show the same few hundred days thousands of times.
        self._days: dict[str, _Day | None] = {}

    def parse(self, text: str) -> WallTime | None:
        """Return the wall time that a date string shows, None if it cannot be read."""
        time, rest = self._parts.get(text) or _split(text)
        if time is None:
            return None
        if rest not in self._days:
            self._days[rest] = self._day(rest)
        day = self._days[rest]
        if day is None:
            return None
        hour, minute, second = time
        if day.half == "pm" and hour < _NOON:
            hour += _NOON
        elif day.half == "am" and hour == _NOON:
            hour = 0
        try:
            naive = datetime(day.year, day.month, day.day, hour, minute, second or 0)  # noqa: DTZ001 - a wall time has no zone
        except ValueError:
            return None
        precision: Literal["minute", "second"] = "minute" if second is None else "second"
        return WallTime(naive, day.zone, precision, day.unknown_zone)

    def _day(self, rest: str) -> _Day | None:
        cut = cut_zone(rest)
        date = _plain(cut.rest)
        half = next((self._halves[word] for word in _words(date) if word in self._halves), "")
        found = self._complete(*self._month_and_numbers(date))
        if found is None:
            return None
        year, month, day = found
        if year > _LATEST_YEAR:
            year -= _BUDDHIST_ERA
        if year < _EARLIEST_YEAR:
            return None
        return _Day(year, month, day, half, cut.zone, cut.unknown)

    def _month_and_numbers(self, date: str) -> tuple[int | None, list[str]]:
        month = None
        marked = marked_month().search(date)
        if marked:
            month = int(marked[1] or marked[2])
            date = f"{date[: marked.start()]} {date[marked.end() :]}"
        else:
            # The last month word is the month: "mar" before it is a Tuesday in Spanish.
            for word in _words(date):
                month = self._months.get(word, month)
        numbers = (token for token in _TOKEN.findall(date) if token.isdecimal())
        return month, [number for number in numbers if len(number) <= _YEAR_DIGITS]

    def _complete(self, month: int | None, numbers: list[str]) -> tuple[int, int, int] | None:
        """Return year, month and day; a year of two digits is of this century [inferred]."""
        if len(numbers) < (_PARTS if month is None else _PARTS - 1):
            return None
        values = [int(number) for number in numbers]
        years = [n for n, number in enumerate(numbers[:_PARTS]) if len(number) > _TWO_DIGITS]
        if month is not None:
            year_at = years[0] if years else (0 if self._order == "ymd" else 1)
            year = values.pop(year_at)
            day = values[0]
        else:
            order = self._order
            if years:
                order = "ymd" if years[0] == 0 else ("dmy" if order == "ymd" else order)
            a, b, c = values[:_PARTS]
            year, month, day = {"ymd": (a, b, c), "dmy": (c, b, a), "mdy": (c, a, b)}[order]
        return (year + 2000 if year < _CENTURY else year), month, day

    def _order_of(self, dates: list[str], stated: Order | None) -> Order:
        """Return the order of the page's dates in numbers, as a number above 12 is a day."""
        votes = {"dmy": 0, "mdy": 0}
        for date in dates:
            month, numbers = self._month_and_numbers(date)
            if month is None and len(numbers) >= _PARTS and len(numbers[2]) > _TWO_DIGITS:
                votes["dmy"] += _MONTHS < int(numbers[0]) <= _LONGEST_MONTH
                votes["mdy"] += _MONTHS < int(numbers[1]) <= _LONGEST_MONTH
        if votes["dmy"] != votes["mdy"]:
            return "dmy" if votes["dmy"] > votes["mdy"] else "mdy"
        return stated or "dmy"


def _split(text: str) -> tuple[tuple[int, int, int | None] | None, str]:
    """Return the time of a date string, and the string without it."""
    found = _colon_time(text) or _WORDED_TIME.search(text)
    if found is None:
        # "12.03.2021 14.05": the time is the last of what looks like one.
        found = next(reversed(list(_DOTTED_TIME.finditer(text))), None)
        if found is None:
            return None, text
    hour, minute, *more = found.groups()
    second = int(more[0]) if more and more[0] else None
    return (int(hour), int(minute), second), f"{text[: found.start()]}|{text[found.end() :]}"


def _colon_time(text: str) -> re.Match[str] | None:
    if "\uff1a" in text:
        return _COLON_TIME.search(text)
    colon = text.find(":")  # no more than two digits and a blank stand in front of it
    return None if colon < 0 else _COLON_TIME.search(text, max(0, colon - 3))


def _plain(date: str) -> str:
    composed = unicodedata.normalize("NFC", date.casefold())
    return _DOT_OF_WORD.sub("", _INVISIBLE.sub("", composed))


def _words(date: str) -> Iterator[str]:
    """Yield the words of a date, and each pair of neighbours: "p m", "كانون الثاني"."""
    before = ""
    for word in _TOKEN.findall(date):
        yield word
        if before:
            yield f"{before} {word}"
        before = word


def _language_of(words: set[str], lang: str | None) -> str | None:
    """Return the language with most of a page's words; the stated one wins a tie."""
    locales = date_table().locales
    stated = (lang or "").casefold().replace("_", "-").partition("-")[0]
    stated = stated if stated in locales else ""
    best, most = stated, 0
    for code in dict.fromkeys((stated, *locales)) if stated else locales:
        known = len(words & locales[code].month_of_word().keys()) * 10
        known += len(words & {*locales[code].am, *locales[code].pm})
        if known > most:
            best, most = code, known
    return best or None


def _stated_order(lang: str | None, code: str | None) -> Order | None:
    table = date_table()
    region = (lang or "").casefold().replace("_", "-")
    if region in table.regions:
        return table.regions[region]
    return table.locales[code].order if code else None
