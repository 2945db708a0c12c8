"""What an export holds once it is read: threads of messages, free of Meta's formats.

Everything is repaired text, times are Unix milliseconds in UTC, messages stand oldest first.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Attachment", "Call", "Message", "Reaction", "Share", "Source", "Thread"]

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
    export does not say who it was. `system` is None for what a person typed or sent; else it
    names, for reports, why nobody did (`call`, `group event`, `unsent`, …), and `text` is the line
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


class Thread(msgspec.Struct):
    """One conversation, all of its parts joined, oldest message first.

    `participants` are the export's: the members on the day of the export, who need not be all who
    wrote. `folder` is one of Meta's five thread folders, or None outside of them. `nicknames` are
    those set in the thread, each behind the name of the person who bears it ("" where that is not
    known).
    """

    id: str
    title: str
    participants: list[str]
    is_group: bool
    folder: str | None
    source: Source
    owner: str | None
    messages: list[Message]
    nicknames: tuple[tuple[str, str], ...] = ()
