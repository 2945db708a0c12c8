"""Read times that an app has written as text in the language of a phone, as WhatsApp's exports do.

All texts of a session go in, one time for each comes out. Whether 03/04 is a day in March or in
April no line can say, so a session is settled as a whole. Words stand in written_times.toml.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["is_written_time", "read_written_times"]

_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DATE = re.compile(
    r"(?<![\d.:])(\d{1,4})"
    r"(?:\s?([./\-])\s?(\d{1,2})\s?\2\s?|\s?[年년]\s?(\d{1,2})\s?[月월]\s?)"
    r"(\d{1,4})(?!\d)(?:\s?[日일])?"
)
_TIME = re.compile(
    r"(?<!\d)(\d{1,2})(?:[:.時时点]|\s?h\s?|시\s?)(\d{2})"
    r"(?:(?:[:.分]|분\s?)(\d{2})(?:[.,]\d+)?)?(?!\d)[秒초分분]?"
)
_AMERICAN_HALF = re.compile(r"(?<!\w)[AP]M(?!\w)")  # elsewhere in English they are small
_OFFSET = re.compile(r"(?:utc|gmt)(?:\s?([+\-\u2212\u2013])\s?(\d{1,2})(?::?(\d{2}))?)?|\bz$")
_NO_LETTER = re.compile(r"[\W_]+")
_LONGEST = 80  # characters; what is longer is no time

_Shape = tuple[str, bool, bool, bool]  # separator; year first, last; a clock of twelve hours
_Order = tuple[int, int, int]  # where year, month and day stand among a date's three numbers
_YEAR_FIRST: _Order = (0, 1, 2)
_DAY_FIRST: _Order = (2, 1, 0)
_MONTH_FIRST: _Order = (2, 0, 1)
_YEAR_DIGITS = 4
_NOON = 12
_CENTURY = 2000  # these apps are younger
_BUDDHIST_ERA = 543
_LATEST_YEAR = 2400  # from there on, years are counted as in Thailand
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are reckoned with as they are
_FIRST_MS = 1_230_768_000_000  # 2009, when WhatsApp began


class _Words(msgspec.Struct):
    am: list[str]
    pm: list[str]
    fillers: list[str]


class _Written(NamedTuple):
    """A time as it is written: three numbers of a date, and the rest in ms since its midnight.

    `shape` is what all times of one locale have in common, `is_american` whether the locale looks
    like the one that has the month first: slashes, no zeros in front, AM and PM in capitals.
    """

    numbers: tuple[int, int, int]
    ms: int
    shape: _Shape
    is_american: bool


def is_written_time(text: str) -> bool:
    """Tell whether a text is a time, and nothing else."""
    return _taken_apart(text) is not None


def read_written_times(texts: Sequence[str]) -> list[int | None]:
    """Return the Unix time in ms of each text; None for what is no time.

    A date that does not begin with a year of four digits may be read in several ways. For all dates
    that are written alike (separator, place of the year, kind of clock), the reading is taken

    - in which the fewest are no days that an app has seen: a first number above 12 is no month, and
      no year of these apps is before 2009;
    - else in which the fewest go back in time: a chat goes forward;
    - else in which the steps from one to the next are the smallest;
    - else the month first for dates such as 8/5/23, 9:10 PM, and the day first for all others
      (8/5/23, 9:10 pm is Australia's).

    A time without a zone is taken as UTC. The work is linear in the number of texts.
    """
    written = [_taken_apart(text) for text in texts]
    alike: dict[_Shape, list[_Written]] = {}
    for one in written:
        if one is not None:
            alike.setdefault(one.shape, []).append(one)
    orders = {shape: _order_of(group) for shape, group in alike.items()}
    return [None if one is None else _in_order(one, orders[one.shape]) for one in written]


def _order_of(group: list[_Written]) -> _Order:
    _, is_year_first, is_year_last, _ = group[0].shape
    if is_year_first:
        return _YEAR_FIRST
    is_american = all(one.is_american for one in group)
    likely = [_MONTH_FIRST, _DAY_FIRST] if is_american else [_DAY_FIRST, _MONTH_FIRST]
    orders = likely if is_year_last else [*likely, _YEAR_FIRST]
    return min(orders, key=lambda order: _unlikeliness(group, order))  # of equals the first


def _unlikeliness(group: list[_Written], order: _Order) -> tuple[int, int, bool, int]:
    """Return how many dates are invalid in an order, how many go back, and how far the steps are.

    That a year of two digits stands first is believed only where nothing else is possible.
    """
    times = [time for one in group if (time := _in_order(one, order)) is not None]
    seen = sum(time >= _FIRST_MS for time in times)
    steps = [later - time for time, later in pairwise(times)]
    go_back = sum(step < 0 for step in steps)
    return len(group) - seen, go_back, order == _YEAR_FIRST, sum(map(abs, steps))


def _in_order(one: _Written, order: _Order) -> int | None:
    year, month, day = (one.numbers[place] for place in order)
    midnight = _midnight(year, month, day)
    return None if midnight is None else midnight + one.ms


@cache
def _midnight(year: int, month: int, day: int) -> int | None:
    if year < 100:  # noqa: PLR2004 - a century
        year += _CENTURY
    elif year >= _LATEST_YEAR:
        year -= _BUDDHIST_ERA
    try:
        return (datetime(year, month, day) - _EPOCH) // timedelta(milliseconds=1)  # noqa: DTZ001
    except ValueError:
        return None


def _taken_apart(text: str) -> _Written | None:
    if len(text) > _LONGEST:
        return None
    plain = _plain(text).strip().strip("[]").strip()
    date = _DATE.search(plain)
    if date is None:
        return None
    rest = f"{plain[: date.start()]} {plain[date.end() :]}"
    ms = 0
    if zone := _OFFSET.search(rest):
        rest = f"{rest[: zone.start()]} {rest[zone.end() :]}"
        ms -= _offset_ms(zone)
    clock = _TIME.search(rest)
    if clock is not None:
        rest = f"{rest[: clock.start()]} {rest[clock.end() :]}"
    half = _half_of(rest)
    if half is None or (half and clock is None):
        return None
    hour, minute, second = (int(n or 0) for n in (clock.groups() if clock else (0, 0, 0)))
    if hour >= 24 or minute >= 60 or second >= 60:  # noqa: PLR2004 - a clock's
        return None
    if half and hour <= _NOON:
        hour = hour % _NOON + _NOON * (half == "pm")
    first, separator, middle, other_middle, last = date.groups()
    written = (first, middle or other_middle, last)
    return _Written(
        numbers=(int(written[0]), int(written[1]), int(written[2])),
        ms=ms + ((hour * 60 + minute) * 60 + second) * 1000,
        shape=(
            separator or "",
            not separator or len(first) == _YEAR_DIGITS,
            len(last) == _YEAR_DIGITS,
            bool(half),
        ),
        is_american=separator == "/"
        and bool(_AMERICAN_HALF.search(text))
        and not any(n[0] == "0" for n in written[:2]),
    )


def _plain(text: str) -> str:
    """Return a text in small letters and the digits of English, without marks of direction."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _offset_ms(zone: re.Match[str]) -> int:
    sign, hours, minutes = zone.groups()
    east = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000
    return east if sign == "+" else -east


def _half_of(rest: str) -> str | None:
    """Return which half of the day the words beside a time name, "" for none; None: no time."""
    word = _NO_LETTER.sub("", rest)
    if not word:
        return ""
    halves, fillers = _halves()
    if word in halves:
        return halves[word]
    for filler in fillers:
        if word.startswith(filler) and (half := halves.get(word[len(filler) :])) is not None:
            return half
    return None


@cache
def _halves() -> tuple[dict[str, str], list[str]]:
    """Return what each word says ("" for nothing), and the words that say nothing."""
    words = read_table(__package__, "written_times.toml", _Words)
    fillers = _bare(words.fillers)
    return {
        **dict.fromkeys(fillers, ""),
        **dict.fromkeys(_bare(words.am), "am"),
        **dict.fromkeys(_bare(words.pm), "pm"),
    }, fillers


def _bare(words: Iterable[str]) -> list[str]:
    return [_NO_LETTER.sub("", _plain(word)) for word in words]
