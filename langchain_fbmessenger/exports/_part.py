"""What one file holds of a thread: the common form into which each format is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from langchain_fbmessenger.exports.records import Message

__all__ = ["Outline", "ThreadPart", "Variant", "outline_of"]

Variant = Literal["A", "A0", "B", "H1", "H2", "H3", "H4", "I3", "I4", "D", "E", "F", "G"]
_STAMP_SAMPLE = 61  # one stamp in 61, a prime that no clock's rhythm shares


class Outline(msgspec.Struct):
    """What is known of a file's share of a thread before its messages are read.

    `index` counts the threads of one file. `participants` is None where the format does not list
    them; `senders` wrote. `owner` is the name that the file itself gives to the account's owner.
    `stamps` is a sample of the messages' times, in ms, that is the same in every file that holds
    them. `precision` is the unit of the times, in ms.
    """

    variant: Variant
    index: int
    title: str | None
    participants: list[str] | None
    senders: list[str]
    thread_path: str | None
    declared_group: bool
    found: int
    first: int | None
    last: int | None
    stamps: frozenset[int]
    owner: str | None = None
    precision: int = 1


class ThreadPart(msgspec.Struct):
    """A file's share of a thread; messages in the order of time, oldest first.

    `found` counts the file's messages, `skipped` those among them that are no records: `malformed`,
    `no time` and `empty`. `unknown_zones` counts messages by the zone that their date
    names, where nobody knows it.
    """

    variant: Variant
    title: str | None
    participants: list[str] | None
    messages: list[Message]
    found: int
    skipped: Counter[str]
    thread_path: str | None = None
    declared_group: bool = False
    owner: str | None = None
    precision: int = 1
    unknown_zones: Counter[str] | None = None


def outline_of(part: ThreadPart, index: int = 0) -> Outline:
    """Return the outline of a part that has been read."""
    times = [message.timestamp_ms for message in part.messages]
    return Outline(
        variant=part.variant,
        index=index,
        title=part.title,
        participants=part.participants,
        senders=list(dict.fromkeys(m.sender for m in part.messages)),
        thread_path=part.thread_path,
        declared_group=part.declared_group,
        found=part.found,
        first=min(times, default=None),
        last=max(times, default=None),
        stamps=sample_of(times),
        owner=part.owner,
        precision=part.precision,
    )


def sample_of(times: Sequence[int]) -> frozenset[int]:
    """Return the sample of times that outlines carry: of a short thread, all."""
    if len(times) <= _STAMP_SAMPLE:
        return frozenset(times)
    return frozenset(time for time in times if time % _STAMP_SAMPLE == 0)
