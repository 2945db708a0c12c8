"""Define the common form of all formats: what one file holds of a thread."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from langchain_fbmessenger.exports.records import Messages

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from langchain_fbmessenger.exports.records import Message

__all__ = ["Outline", "ThreadPart", "Variant", "outline_of", "sorted_stamps"]

Variant = Literal["A", "A0", "B", "H1", "H2", "H3", "H4", "I3", "I4", "D", "E", "F", "G"]


class Outline(msgspec.Struct):
    """The facts about a file's share of a thread before its messages are read.

    `index` counts the threads of one file. `participants` is None if the format does not list
    them; `senders` wrote. `owner` is the name that the file itself gives to the account's owner.
    `stamps` are the messages' times, in ms, by sender: eight bytes for each. `precision` is their
    unit, in ms. `is_partial` says that only the file's edges were read: `senders`, `found` and
    `stamps` are incomplete; `lists_all` says that only participants have written. `lost` says why
    the file cannot be read, if its edges did not show it.
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
    is_partial: bool = False
    lists_all: bool = False
    lost: str | None = None

    def complete(self, whole: Outline) -> None:
        """Take over the whole file's outline, except for the variant, which its place may set."""
        variant = self.variant
        for name in self.__struct_fields__:
            setattr(self, name, getattr(whole, name))
        self.variant = variant

    def mark_lost(self, reason: str) -> None:
        """Forget what the edges of the file told, as it cannot be read."""
        self.title, self.participants, self.senders, self.stamps = None, None, [], {}
        self.found, self.first, self.last = 0, None, None
        self.is_partial, self.lost = False, reason


class ThreadPart(msgspec.Struct):
    """A file's share of a thread; messages in the order of time, oldest first.

    `found` counts the file's messages, `skipped` those without a record: `malformed`, `no time` and
    `empty`. `senders` are all who wrote, in the file's order, also of skipped messages; None for
    those of the messages. `unknown_zones` counts messages whose dates name an unknown time zone.
    """

    variant: Variant
    title: str | None
    participants: list[str] | None
    messages: Sequence[Message]
    found: int
    skipped: Counter[str]
    thread_path: str | None = None
    declared_group: bool = False
    owner: str | None = None
    precision: int = 1
    unknown_zones: Counter[str] | None = None
    senders: list[str] | None = None


def outline_of(part: ThreadPart, index: int = 0, *, with_stamps: bool = True) -> Outline:
    """Return the outline of a part that has been read.

    Args:
        part: The part.
        index: Its number among the threads of its file.
        with_stamps: Whether to fill in `stamps`, which takes the longest.
    """
    messages = Messages.of(part.messages)
    times: defaultdict[str, list[int]] = defaultdict(list)
    if with_stamps:
        for sender, time in zip(messages.senders, messages.times, strict=True):
            times[sender].append(time)
    return Outline(
        variant=part.variant,
        index=index,
        title=part.title,
        participants=part.participants,
        senders=list(dict.fromkeys(messages.senders)) if part.senders is None else part.senders,
        thread_path=part.thread_path,
        declared_group=part.declared_group,
        found=part.found,
        first=messages.times[0] if messages else None,
        last=messages.times[-1] if messages else None,
        stamps=sorted_stamps(times),
        owner=part.owner,
        precision=part.precision,
    )


def sorted_stamps(times: Mapping[str, Iterable[int]]) -> dict[str, array[int]]:
    """Return times by sender, as outlines have them."""
    return {sender: array("q", sorted(theirs)) for sender, theirs in times.items()}
