"""Show dates as Meta's HTML pages do: a time goes in, a localised text without a zone comes out.

Facts: docs/formats.md, section 6 ("Dates").
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.testing._options import DateLayoutName, HtmlPages, Variant

__all__ = ["DATE_PRECISION", "USUAL_DATES", "Clock"]

_NARROW = "\u202f"
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
# Of the Czech names only "dub" is documented; the others are its sisters in the same style.
_CZECH_MONTHS = "led úno bře dub kvě čvn čvc srp zář říj lis pro"

USUAL_DATES: dict[Variant, DateLayoutName] = {
    "H1": "h1",
    "H1-manifest": "h1",
    "H2": "us-glued",
    "H3": "us-glued",
    "H4": "us-blank",
    "I3": "us-comma",
    "I4": "us-minutes",
}
# In milliseconds.
DATE_PRECISION: dict[DateLayoutName, int] = {
    "h1": 60_000,
    "us-glued": 1_000,
    "us-blank": 1_000,
    "us-minutes": 60_000,
    "us-comma": 60_000,
    "gb": 60_000,
    "fr": 60_000,
    "cs": 1_000,
    "ja": 1_000,
}


class Clock:
    """Shows times as the pages of a variant do."""

    def __init__(self, variant: Variant, html: HtmlPages) -> None:
        self._zone = html.zone or _usual_zone(variant)
        self._layout = _LAYOUTS[html.dates or USUAL_DATES[variant]]
        self._narrow = html.narrow_blanks

    def show(self, timestamp_ms: int) -> str:
        """Return the date of a message."""
        shown = self._layout(datetime.fromtimestamp(timestamp_ms // 1000, self._zone))
        if self._narrow:
            head, blank, tail = shown.rpartition(" ")
            if tail.lower() in {"am", "pm"}:
                return head + _NARROW + tail
            return head + blank + tail
        return shown

    def show_day(self, day: date) -> str:
        """Return the time of an export on its day, as the header of Facebook's pages has it."""
        when = datetime(day.year, day.month, day.day, 16, 54, tzinfo=self._zone)
        offset = f"{when:%z}"
        named = f"{_DAYS.split()[when.weekday()]}, {_month(when)} {when.day}, {when.year}"
        return f"{named} at {_hour(when)}:{when:%M} PM UTC{offset[:3]}:{offset[3:5]}"


def _usual_zone(variant: Variant) -> tzinfo:
    # Instagram's pages have Pacific time without summer time, Facebook's the account's.
    return timezone(timedelta(hours=-8 if variant.startswith("I") else -4))


def _month(when: datetime) -> str:
    return _MONTHS.split()[when.month - 1]


def _hour(when: datetime) -> int:
    return when.hour % 12 or 12


def _half(when: datetime) -> str:
    return "am" if when.hour < 12 else "pm"  # noqa: PLR2004 - noon


def _h1(when: datetime) -> str:
    day = _DAYS.split()[when.weekday()]
    zone = when.tzname() or ""
    if zone.startswith("UTC"):
        zone = zone.removesuffix(":00")  # "UTC-04:00" of Python is "UTC-04" of Meta
    clock = f"{_hour(when)}:{when:%M}{_half(when)}"
    return f"{day}, {_month(when)} {when.day}, {when.year} at {clock} {zone}"


def _us_glued(when: datetime) -> str:
    return f"{_month(when)[:3]} {when:%d, %Y} {_hour(when)}:{when:%M:%S}{_half(when)}"


def _us_blank(when: datetime) -> str:
    return f"{_month(when)[:3]} {when:%d, %Y} {_hour(when)}:{when:%M:%S} {_half(when)}"


def _us_minutes(when: datetime) -> str:
    return f"{_month(when)[:3]} {when:%d, %Y} {_hour(when)}:{when:%M} {_half(when)}"


def _us_comma(when: datetime) -> str:
    half = _half(when).upper()
    return f"{_month(when)[:3]} {when.day}, {when.year}, {_hour(when)}:{when:%M} {half}"


def _gb(when: datetime) -> str:
    return f"{when.day} {_month(when)[:3]} {when:%Y, %H:%M}"


def _fr(when: datetime) -> str:
    return f"{when:%d/%m/%Y, %H:%M}"


def _cs(when: datetime) -> str:
    month = _CZECH_MONTHS.split()[when.month - 1]
    half = "dopol." if _half(when) == "am" else "odpol."
    return f"{month} {when:%d, %Y} {_hour(when)}:{when:%M:%S} {half}"


def _ja(when: datetime) -> str:
    return f"{when.month}月 {when:%d, %Y} {_hour(when)}:{when:%M:%S} {_half(when).upper()}"


_LAYOUTS: dict[DateLayoutName, Callable[[datetime], str]] = {
    "h1": _h1,
    "us-glued": _us_glued,
    "us-blank": _us_blank,
    "us-minutes": _us_minutes,
    "us-comma": _us_comma,
    "gb": _gb,
    "fr": _fr,
    "cs": _cs,
    "ja": _ja,
}
