"""Define the records of an export that was read: threads of messages, free of Meta's formats.

Everything is repaired text, times are Unix milliseconds in UTC, messages stand oldest first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import compress, count
from typing import Literal, overload

import msgspec
from typing_extensions import override

__all__ = [
    "Attachment",
    "Call",
    "Extra",
    "Message",
    "Messages",
    "Reaction",
    "Share",
    "Source",
    "Thread",
]

Source = Literal["messenger", "instagram", "e2ee", "html", "graph_api"]


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """One person's reaction to a message; `reaction` is the emoji itself."""

    actor: str
    reaction: str


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """A file sent with a message.

    `kind` is `photo`, `video`, `audio`, `file`, `gif` or `sticker`; `uri` is what the export says:
    mostly a path below the export's root, at times an expired address or a bare file name.
    """

    kind: str
    uri: str


class Share(msgspec.Struct, frozen=True, gc=False):
    """A shared link, post or place. Any of the fields may be missing."""

    link: str | None = None
    text: str | None = None


class Call(msgspec.Struct, frozen=True, gc=False):
    """A call; `duration` in seconds is None where the export does not state it."""

    duration: int | None = None
    missed: bool = False


class Message(msgspec.Struct, gc=False):
    """One message as an export holds it.

    `text` is None when only attachments, a share or reactions were there. `sender` is "" when the
    export does not say who it was. `system` is None for what a person typed or sent; for a system
    line it is the kind, for reports (`call`, `group event`, `unsent`, …), and `text` is the line
    that Meta wrote.
    """

    sender: str
    timestamp_ms: int
    text: str | None = None
    reactions: tuple[Reaction, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    share: Share | None = None
    call: Call | None = None
    system: str | None = None


class Extra(msgspec.Struct, gc=False):
    """The fields of a `Message` that few have, beside a sender, a time and a text."""

    reactions: tuple[Reaction, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    share: Share | None = None
    call: Call | None = None
    system: str | None = None


_NOTHING = Extra()


class Messages(Sequence[Message]):
    """The messages of a thread in columns, oldest first; a `Message` is made when asked for.

    A lifetime of chats is millions of messages, and to make an object of one takes as long as
    to read it.

    Attributes:
        senders: The `Message.sender` of each.
        times: The `Message.timestamp_ms` of each.
        texts: The `Message.text` of each.
        extras: The other fields of those that have any, by index.
    """

    __slots__ = ("extras", "senders", "texts", "times")

    def __init__(
        self,
        senders: list[str],
        times: list[int],
        texts: list[str | None],
        extras: dict[int, Extra],
    ) -> None:
        self.senders = senders
        self.times = times
        self.texts = texts
        self.extras = extras

    @classmethod
    def of(cls, rows: Sequence[Message]) -> Messages:
        """Return messages in columns."""
        if isinstance(rows, Messages):
            return rows
        return cls(
            [m.sender for m in rows],
            [m.timestamp_ms for m in rows],
            [m.text for m in rows],
            {
                index: Extra(m.reactions, m.attachments, m.share, m.call, m.system)
                for index, m in enumerate(rows)
                if m.reactions or m.attachments or m.share or m.call or m.system
            },
        )

    @classmethod
    def joined(cls, several: Sequence[Messages]) -> Messages:
        """Return the messages of several columns as one, in the order of time."""
        if len(several) == 1:
            return several[0].in_order()
        whole = cls([], [], [], {})
        for one in several:
            shift = len(whole)
            whole.senders += one.senders
            whole.times += one.times
            whole.texts += one.texts
            whole.extras.update({index + shift: extra for index, extra in one.extras.items()})
        return whole.in_order()

    @override
    def __len__(self) -> int:
        return len(self.times)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    @override
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        extra = self.extras.get(index, _NOTHING)
        return Message(
            self.senders[index],
            self.times[index],
            self.texts[index],
            extra.reactions,
            extra.attachments,
            extra.share,
            extra.call,
            extra.system,
        )

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def chosen(self, indexes: Sequence[int]) -> Messages:
        """Return some of the messages, in the order of their indexes as given."""
        extras = self.extras
        having = map(extras.__contains__, indexes)
        return Messages(
            [*map(self.senders.__getitem__, indexes)],
            [*map(self.times.__getitem__, indexes)],
            [*map(self.texts.__getitem__, indexes)],
            {new: extras[indexes[new]] for new in compress(count(), having)} if extras else {},
        )

    def where(self, wanted: Sequence[object]) -> Messages:
        """Return those of the messages for which a flag is true."""
        kept = [*compress(count(), wanted)]
        return Messages(
            [*compress(self.senders, wanted)],
            [*compress(self.times, wanted)],
            [*compress(self.texts, wanted)],
            {bisect_left(kept, old): extra for old, extra in self.extras.items() if wanted[old]},
        )

    def turned_round(self) -> Messages:
        """Return the messages in reverse."""
        last = len(self) - 1
        extras = {last - index: extra for index, extra in self.extras.items()}
        return Messages(self.senders[::-1], self.times[::-1], self.texts[::-1], extras)

    def in_order(self) -> Messages:
        """Return the messages in the order of time; those of one time stay as they are."""
        times = self.times
        if times == sorted(times):  # as nearly always
            return self
        return self.chosen(sorted(range(len(times)), key=times.__getitem__))


class Thread(msgspec.Struct):
    """One conversation, all of its parts joined, oldest message first.

    `participants` are the export's: the members on the day of the export, who need not be all who
    wrote. `folder` is one of Meta's five thread folders, or None outside of them. `nicknames` are
    those set in the thread, each behind the name of the person who bears it ("" where that is not
    known). `goes_on` says that more of the same thread follows, where it is read part by part.
    """

    id: str
    title: str
    participants: list[str]
    is_group: bool
    folder: str | None
    source: Source
    owner: str | None
    messages: Sequence[Message]
    nicknames: tuple[tuple[str, str], ...] = ()
    goes_on: bool = False
