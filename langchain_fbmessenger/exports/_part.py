"""What one file holds of a thread: the common form into which each format is decoded."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from langchain_fbmessenger.exports.records import Message

__all__ = ["Outline", "ThreadPart", "Variant", "outline_of", "sorted_stamps"]

Variant = Literal["A", "A0", "B", "H1", "H2", "H3", "H4", "I3", "I4", "D", "E", "F", "G"]


class Outline(msgspec.Struct):
    """What is known of a file's share of a thread before its messages are read.

    `index` counts the threads of one file. `participants` is None where the format does not list
    them; `senders` wrote. `owner` is the name that the file itself gives to the account's owner.
    `stamps` are the messages' times, in ms, by sender: eight bytes for each. `precision` is their
    unit, in ms.
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
    stamps: dict[str, array[int]]
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
    messages = part.messages
    times: defaultdict[str, list[int]] = defaultdict(list)
    for message in messages:
        times[message.sender].append(message.timestamp_ms)
    return Outline(
        variant=part.variant,
        index=index,
        title=part.title,
        participants=part.participants,
        senders=list(dict.fromkeys(m.sender for m in messages)),
        thread_path=part.thread_path,
        declared_group=part.declared_group,
        found=part.found,
        first=messages[0].timestamp_ms if messages else None,
        last=messages[-1].timestamp_ms if messages else None,
        stamps=sorted_stamps(times),
        owner=part.owner,
        precision=part.precision,
    )


def sorted_stamps(times: Mapping[str, Iterable[int]]) -> dict[str, array[int]]:
    """Return who wrote when, as outlines have it."""
    return {sender: array("q", sorted(theirs)) for sender, theirs in times.items()}
