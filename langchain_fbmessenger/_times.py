"""When messages were written, and how long a pause is: what merging and splitting go by."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.messages import BaseMessage

__all__ = ["RUN_MAX_GAP", "as_gap", "long_pauses", "milliseconds", "times_of"]

RUN_MAX_GAP = timedelta(days=30)
"""Longest pause inside one run: who writes again a month later does not finish a sentence."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(min|[smhdw])\s*")
_LAST_MS = 8.64e15  # 100,000,000 days, as far as JavaScript's dates go
_SECONDS_BELOW = 1e11  # Unix times below this are seconds (until the year 5138), above it ms


def as_gap(gap: str | timedelta) -> timedelta:
    """Return a pause that is given as text, such as "8h", "90m" or "1d 12h".

    Raises:
        ValueError: It is no such text, or not longer than nothing.
    """
    given = gap if isinstance(gap, timedelta) else _parsed(gap)
    if given is None or given <= timedelta(0):
        message = (
            f"a gap is a timedelta, or a number with a unit of {', '.join(_UNITS)}, such as '8h', "
            f"'90m' or '1d 12h', and longer than nothing, got {gap!r}"
        )
        raise ValueError(message)
    return given


def times_of(message: BaseMessage) -> list[int]:
    """Return the times of a message's events in Unix ms, as far as they can be read."""
    events = message.additional_kwargs.get("events")
    if not isinstance(events, list | tuple):
        return []
    return [
        time
        for event in events
        if isinstance(event, dict) and (time := milliseconds(event.get("message_time"))) is not None
    ]


def milliseconds(time: Any) -> int | None:
    """Return a time in Unix ms: of a number (seconds or ms), such a text, or an ISO 8601 text.

    Chat loaders differ: ours and LangChain's Facebook loader give ms, the one for Slack a text of
    seconds, those for Telegram and WhatsApp dates as the app wrote them, which stay unread.
    """
    if type(time) is int and _SECONDS_BELOW <= time <= _LAST_MS:  # what our own loader gives
        return time
    if isinstance(time, str):
        return _from_text(time)
    if isinstance(time, bool) or not isinstance(time, int | float):
        return None
    if not -_LAST_MS <= time <= _LAST_MS:  # nor is it a number at all ("nan")
        return None
    return int(time * 1000 if abs(time) < _SECONDS_BELOW else time)


def long_pauses(times: Iterable[list[int]], gap: timedelta) -> Iterator[int]:
    """Give the index of each message that was written more than `gap` after the one before it.

    Args:
        times: The times of each message; one without any belongs to the message before it.
        gap: The longest pause that is none.
    """
    longest = gap / timedelta(milliseconds=1)
    last: int | None = None
    for index, of_message in enumerate(times):
        if not of_message:
            continue
        if last is not None and of_message[0] - last > longest:
            yield index
        last = of_message[-1]


def _parsed(text: Any) -> timedelta | None:
    if not isinstance(text, str):
        return None
    seconds, position = 0.0, 0
    text = text.strip().lower()
    while match := _PART.match(text, position):
        seconds += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    try:
        return timedelta(seconds=seconds) if position == len(text) and position else None
    except OverflowError:
        return None


def _from_text(text: str) -> int | None:
    try:
        return milliseconds(float(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)
