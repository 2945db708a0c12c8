"""Read when a message was sent, as JSON files write it: a number, its digits, or ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["all_milliseconds", "milliseconds"]

_SECONDS_BELOW = 100_000_000_000  # as milliseconds this would be March 1973
_ABSURD_TIME = 10**17  # milliseconds in three million years
# Spreadsheets and databases write numbers as texts. Digits of any script are digits; what has a
# sign is no time at which somebody sent a message.
_NUMBER = re.compile(r"\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,9})?")
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)$")
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def milliseconds(stamp: object) -> int | None:
    """Return a time as Unix ms; None for what is no time.

    Args:
        stamp: Seconds or milliseconds, which their size tells, as a number or as a text of digits;
            or a text in ISO 8601, in UTC where it names no offset.
    """
    if isinstance(stamp, str):
        stamp = stamp.strip()
        number = _NUMBER.fullmatch(stamp)
        if number is None:
            return _of_iso(stamp)
        stamp = float(stamp) if number[1] or number[2] else int(stamp)
    elif type(stamp) is not int and type(stamp) is not float:  # True is an int to isinstance
        return None
    if not -_ABSURD_TIME < stamp < _ABSURD_TIME:  # NaN is neither
        return None
    return round(stamp * 1000) if abs(stamp) < _SECONDS_BELOW else int(stamp)


def all_milliseconds(stamps: Sequence[object]) -> list[int | None]:
    """Return what `milliseconds` does of several times; at once where all are, as in downloads."""
    if {*map(type, stamps)} == {int}:
        times = cast("list[int]", stamps)
        if min(times) >= _SECONDS_BELOW and max(times) < _ABSURD_TIME:
            return [*times]
    return [*map(milliseconds, stamps)]


def _of_iso(text: str) -> int | None:
    # Python 3.10 wants "+00:00" with a colon, no "Z", and three or six decimals.
    text = _OFFSET.sub(r"\1:\2", text.replace("Z", "+00:00"))
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        passed = when - _EPOCH
    except ValueError:
        return None
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000
