"""When messages were written, and how long a pause is: what merging and splitting go by."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from itertools import islice
from operator import sub
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.transcripts.messages import copy_message
from langchain_fbmessenger.transcripts.written_times import is_written_time, read_written_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_core.messages import BaseMessage

__all__ = [
    "RUN_MAX_GAP",
    "as_gap",
    "is_time",
    "known_times",
    "long_pauses",
    "milliseconds",
    "read_times",
    "times_in",
    "times_of_runs",
]

RUN_MAX_GAP = timedelta(days=30)
"""Longest pause inside one run: who writes again a month later does not finish a sentence."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(min|[smhdw])\s*")
_LAST_MS = 8.64e15  # 100,000,000 days, as far as JavaScript's dates go
_SECONDS_BELOW = 1e11  # Unix times below this are seconds (until the year 5138), above it ms


def as_gap(gap: str | timedelta) -> timedelta:
    """Return a pause that is given as text, such as "8h", "90m" or "1d 12h".

    Raises:
        InvalidOptionError: It is unparseable or not positive.
    """
    given = gap if isinstance(gap, timedelta) else _parsed(gap)
    if given is None or given <= timedelta(0):
        message = (
            f"a gap is a timedelta, or a number with a unit of {', '.join(_UNITS)}, such as '8h', "
            f"'90m' or '1d 12h', and longer than nothing, got {gap!r}"
        )
        raise InvalidOptionError(message)
    return given


def times_in(messages: Iterable[BaseMessage]) -> list[list[int]]:
    """Return the times of the events of a session's messages in Unix ms, as far as they are read.

    Args:
        messages: All messages of a session: what one of them says of its time may be readable by
            the others only (see `read_written_times`).
    """
    return _settled(list(map(_times_of, messages)))[0]


def read_times(
    messages: list[BaseMessage],
) -> tuple[list[BaseMessage], list[list[int]]]:
    """Return messages whose times need the rest of their session no longer, and these times.

    Who takes messages out of a session takes away what tells 3 April from 4 March. So times that
    only the whole tells are put down in Unix ms. Messages without such are the same objects.
    """
    times, meanings = _settled(list(map(_times_of, messages)))
    if meanings:
        messages = [_with_meanings(message, meanings) for message in messages]
    return messages, times


def _times_of(message: BaseMessage) -> list[Any]:
    """Return a message's times in Unix ms; a text that tells none by itself as it is."""
    kwargs = message.additional_kwargs
    events = kwargs.get("events")
    if not isinstance(events, list | tuple):
        events = [{"message_time": kwargs.get("message_time_as_datetime")}]  # LangChain's iMessage
    return [
        time
        for event in events
        if isinstance(event, dict) and (time := _read_alone(event.get("message_time"))) is not None
    ]


def _read_alone(time: Any) -> int | str | None:
    read = milliseconds(time)
    return time if read is None and isinstance(time, str) else read


def _settled(times: list[list[Any]]) -> tuple[list[list[int]], dict[str, int]]:
    """Return a session's times, all of them numbers, and what its texts say: one text, one time."""
    texts = [time for of_message in times for time in of_message if type(time) is not int]
    if not texts:
        return times, {}
    read = zip(texts, read_written_times(texts), strict=True)
    meanings = {text: time for text, time in read if time is not None}
    known = [[meanings.get(time, time) for time in of_message] for of_message in times]
    return [[time for time in of if type(time) is int] for of in known], meanings


def _with_meanings(message: BaseMessage, meanings: dict[str, int]) -> BaseMessage:
    events = message.additional_kwargs.get("events")
    if not isinstance(events, list | tuple):
        return message
    read = [
        {**event, "message_time": meanings[time]}
        if isinstance(event, dict)
        and isinstance(time := event.get("message_time"), str)
        and time in meanings
        else event
        for event in events
    ]
    return copy_message(message, message.content, {**message.additional_kwargs, "events": read})


def milliseconds(time: Any) -> int | None:
    """Return a time in Unix ms: of a number (seconds or ms), such a text, ISO 8601, a `datetime`.

    Chat loaders differ: ours and LangChain's Facebook loader give ms, the one for Slack a text of
    seconds, the one for iMessage a `datetime`. Those for Telegram and WhatsApp give dates as the
    app wrote them, which a session tells as a whole (`times_in`).
    """
    if type(time) is int and _SECONDS_BELOW <= time <= _LAST_MS:  # what our own loader gives
        return time
    if isinstance(time, str):
        return _from_text(time)
    if isinstance(time, datetime):
        return _from_moment(time)
    if isinstance(time, bool) or not isinstance(time, int | float):
        return None
    if not -_LAST_MS <= time <= _LAST_MS:  # nor is it a number at all ("nan")
        return None
    return int(time * 1000 if abs(time) < _SECONDS_BELOW else time)


def known_times(times: list[int]) -> list[int]:
    """Return whole numbers as `milliseconds` reads them: small ones are seconds."""
    if not times or (min(times) >= _SECONDS_BELOW and max(times) <= _LAST_MS):  # as nearly always
        return times
    return [time if (read := milliseconds(time)) is None else read for time in times]


def is_time(text: str) -> bool:
    """Tell whether a text is a time that one of the loaders writes."""
    return milliseconds(text) is not None or is_written_time(text)


def times_of_runs(
    firsts: Sequence[int | None], lasts: Sequence[int | None], begins: list[int], ends: list[int]
) -> tuple[list[int | None], list[int | None]]:
    """Return the first and the last time of runs of messages, as far as they are known.

    Args:
        firsts: The first time of each message, in Unix ms.
        lasts: The last time of each.
        begins: Where each run begins.
        ends: Where it ends.
    """
    begun, ended = [firsts[begin] for begin in begins], [lasts[end - 1] for end in ends]
    if None in begun or None in ended:
        runs = [*map(slice, begins, ends)]
        begun = [next((t for t in firsts[run] if t is not None), None) for run in runs]
        ended = [next((t for t in lasts[run][::-1] if t is not None), None) for run in runs]
    return begun, ended


def long_pauses(
    firsts: Sequence[int | None], lasts: Sequence[int | None], gap: timedelta
) -> list[int]:
    """Return the index of each message that was written more than `gap` after the one before it.

    Args:
        firsts: The first time of each message, in Unix ms; one that has none (None) belongs to the
            message before it.
        lasts: The last time of each.
        gap: Longer pauses count as a break.
    """
    longest = gap / timedelta(milliseconds=1)
    if None not in firsts:
        begun: Any = islice(firsts, 1, None)
        pauses: list[int] = [*map(sub, begun, lasts)]
        if max(pauses, default=0) <= longest:  # as in most threads
            return []
        return [index for index, pause in enumerate(pauses, 1) if pause > longest]
    found: list[int] = []
    known: int | None = None
    for index, (own_first, own_last) in enumerate(zip(firsts, lasts, strict=True)):
        if own_first is None:
            continue
        if known is not None and own_first - known > longest:
            found.append(index)
        known = own_last
    return found


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
    return _from_moment(moment)


def _from_moment(moment: datetime) -> int | None:
    try:
        return round(moment.timestamp() * 1000)  # of one without a zone, the machine's is meant
    except (OverflowError, OSError, ValueError):  # which years it knows differs between systems
        return None
