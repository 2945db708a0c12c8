"""What there is in an export: sessions go in one by one, figures come out."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports import is_deleted_account

if TYPE_CHECKING:
    from langchain_fbmessenger import FacebookMessengerChatLoader

__all__ = ["Survey", "ThreadFigures", "take_survey"]


class ThreadFigures(msgspec.Struct):
    """A thread in figures; `first` and `last` are Unix times in ms, `writers` messages by name."""

    id: str
    title: str
    folder: str | None
    source: str
    is_group: bool
    participants: list[str]
    messages: int
    first: int
    last: int
    writers: dict[str, int]


class Survey(msgspec.Struct):
    """An export in figures; `formats` counts files by the names of docs/formats.md.

    `owner_evidence` says in words what tells the owner.
    """

    owner: str | None
    owner_evidence: str | None
    formats: dict[str, int]
    threads: list[ThreadFigures]
    threads_joined: int
    people: int
    messages_found: int
    messages_loaded: int
    messages_skipped: dict[str, int]
    messages_per_year: dict[str, int]
    system_line_languages: dict[str, int]
    files_read: int
    files_skipped: dict[str, int]
    assumed_time_zone: str | None


def take_survey(loader: FacebookMessengerChatLoader) -> Survey:
    """Load all of an export, one session at a time, and count.

    Raises:
        MessengerError: As `loader.lazy_load`.
    """
    threads = []
    people: set[str] = set()
    years: Counter[str] = Counter()
    for session in loader.lazy_load():
        thread: dict[str, Any] = cast("dict[str, Any]", session["thread"])
        messages = session["messages"]
        times = [m.additional_kwargs["events"][0]["message_time"] for m in messages]
        writers = Counter(m.additional_kwargs["sender"] for m in messages)
        years.update(map(_year, times))
        people.update(_person(name, thread["id"]) for name in (*writers, *thread["participants"]))
        threads.append(
            ThreadFigures(
                id=thread["id"],
                title=thread["title"],
                folder=thread["folder"],
                source=thread["source"],
                is_group=thread["is_group"],
                participants=thread["participants"],
                messages=len(messages),
                first=times[0],
                last=times[-1],
                writers=dict(writers.most_common()),
            )
        )
    report = loader.report
    return Survey(
        owner=loader.owner,
        owner_evidence=loader.owner_evidence,
        formats=dict(sorted(report.variants.items())),
        threads=threads,
        threads_joined=report.threads_joined,
        people=len(people),
        messages_found=report.messages_read,
        messages_loaded=report.messages_loaded,
        messages_skipped=dict(report.messages_skipped.most_common()),
        messages_per_year=dict(sorted(years.items())),
        system_line_languages=dict(report.system_lines.most_common()),
        files_read=report.files_read,
        files_skipped=dict(report.files_skipped.most_common()),
        assumed_time_zone=report.assumed_zone,
    )


def _person(name: str, thread_id: str) -> str:
    # All deleted accounts share a few names: they are somebody else in each thread.
    return f"{name} of {thread_id}" if is_deleted_account(name) else comparable_name(name)


def _year(milliseconds: int) -> str:
    try:
        return str(datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).year)
    except (OverflowError, ValueError, OSError):
        return "?"  # a time that no calendar has
