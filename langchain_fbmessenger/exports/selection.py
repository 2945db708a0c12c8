"""Select which of an export's conversations and messages are wanted."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from langchain_fbmessenger._internal.names import comparable_name, find_person
from langchain_fbmessenger.exceptions import (
    InvalidOptionError,
    UnknownSenderError,
    UnknownThreadError,
)
from langchain_fbmessenger.exports.discovery.layout import THREAD_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "HIDDEN_FOLDERS",
    "Moment",
    "Selection",
    "find_selected",
    "make_selection",
    "to_milliseconds",
    "to_zone",
]

Moment = Union[datetime, date, str]  # noqa: UP007 - read at run time, on Python 3.10 too
HIDDEN_FOLDERS = frozenset({"message_requests", "filtered_threads"})
"""Folders that are read only when they are asked for: mostly strangers and spam."""


class Selection(msgspec.Struct, frozen=True):
    """A selection of conversations and messages; None stands for no limit.

    Attributes:
        folders: Thread folders; None for all but `HIDDEN_FOLDERS`.
        threads: Ids or titles, as they are compared.
        participants: Names, as they are compared: one of them takes part.
        since: First time, in Unix ms.
        until: First time that is too late, in Unix ms.
        groups: Whether conversations of more than two are wanted.
    """

    folders: frozenset[str] | None = None
    threads: frozenset[str] | None = None
    participants: frozenset[str] | None = None
    since: int | None = None
    until: int | None = None
    groups: bool = True


def make_selection(  # noqa: PLR0913 - options of one thing, each by its keyword
    *,
    folders: Iterable[str] | None = None,
    threads: Iterable[str] | None = None,
    participants: Iterable[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    groups: bool = True,
    zone: tzinfo | None = None,
) -> Selection:
    """Check and normalise the selecting options, as `FacebookMessengerChatLoader` explains them.

    Raises:
        InvalidOptionError: There is no such folder, a text is not a time, or `since` is not before
            `until`.
    """
    chosen = _texts("folders", folders)
    for folder in chosen or ():
        if folder not in THREAD_FOLDERS:
            message = f"no folder {folder!r} in exports; folders are {', '.join(THREAD_FOLDERS)}"
            raise InvalidOptionError(message)
    first = None if since is None else to_milliseconds("since", since, zone)
    end = None if until is None else to_milliseconds("until", until, zone)
    if first is not None and end is not None and first >= end:
        message = "since must be before until"
        raise InvalidOptionError(message)
    names = _texts("participants", participants)
    ids = _texts("threads", threads)
    return Selection(
        folders=None if chosen is None else frozenset(chosen),
        threads=None if ids is None else frozenset(map(comparable_name, ids)),
        participants=None if names is None else frozenset(map(comparable_name, names)),
        since=first,
        until=end,
        groups=groups,
    )


def find_selected(
    wanted: Selection,
    *,
    people: Sequence[Sequence[str]],
    names: Mapping[str, str],
    titles: Mapping[str, str],
) -> Selection:
    """Return a selection with the names that exports have, as typed ones may lack accents.

    Args:
        wanted: What was asked for.
        people: All names of each person of the exports, today's first.
        names: Everybody in a thread, by comparable names; deleted accounts are among them.
        titles: Ids and titles of all threads, by their comparable forms.

    Raises:
        UnknownSenderError: None of the participants takes part anywhere.
        UnknownThreadError: None of the threads exists.
    """
    participants, threads = wanted.participants, wanted.threads
    if participants is not None:
        known = {comparable_name(name) for person in people for name in person}
        others = [(name,) for key, name in names.items() if key not in known]
        found = _matching(participants, [*people, *others])
        if not found & names.keys():
            raise UnknownSenderError(", ".join(sorted(participants)), names.values())
        participants = found
    if threads is not None:
        found = _matching(threads, [(title,) for title in titles.values()])
        if not found:
            raise UnknownThreadError(sorted(threads), titles.values())
        threads = found
    return msgspec.structs.replace(wanted, participants=participants, threads=threads)


def _matching(wanted: Iterable[str], known: Sequence[Sequence[str]]) -> frozenset[str]:
    names = (name for one in wanted for name in find_person(one, known))
    return frozenset(map(comparable_name, names))


def to_zone(timezone: str | tzinfo | None) -> tzinfo | None:
    """Return a time zone given by its name in the IANA database, such as "Europe/Prague".

    Raises:
        InvalidOptionError: There is no zone of that name.
    """
    if not isinstance(timezone, str):
        return timezone
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"no time zone {timezone!r}; a name is, for example, Europe/Prague or UTC"
        raise InvalidOptionError(message) from error


def _texts(option: str, given: Iterable[str] | None) -> list[str] | None:
    if given is None:
        return None
    # A text is an iterable of its letters, but is meant as one.
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(text, str) for text in texts):
        message = f"{option} takes texts"
        raise InvalidOptionError(message)
    return texts


def to_milliseconds(option: str, moment: Moment, zone: tzinfo | None = None) -> int:
    """Return a moment that an option was given, in Unix ms.

    Args:
        option: The option's name, for errors.
        moment: A `datetime`, a `date` or a text in ISO 8601, such as "2024-05-18".
        zone: The zone of a moment without one; None for the machine's.

    Raises:
        InvalidOptionError: The text is not a time, or no system knows that year.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment.strip().replace("Z", "+00:00"))
        except ValueError:
            message = f"{option}={moment!r} is no time in ISO 8601, such as 2024-05-18"
            raise InvalidOptionError(message) from None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    try:
        return round(moment.timestamp() * 1000)  # without a zone, the machine's is meant
    except (OverflowError, OSError, ValueError):  # which years it knows differs between systems
        message = f"{option}: the year {moment.year} is out of range"
        raise InvalidOptionError(message) from None
