"""Read one JSON file of "Download your information" (variants A, A0, E) into records.

Bytes go in, a `ThreadPart` or a `NotAThreadError` comes out: text repaired, messages in the order
of time, lines that nobody typed left out and counted. Facts: sections 3 and 4 of docs/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import read_repaired
from langchain_fbmessenger.exports._wire import ThreadFile, WireMessage, decode_thread_file
from langchain_fbmessenger.exports.records import Attachment, Message, Reaction, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ThreadPart", "decode_thread_part"]


# Lists of media by the key that Meta gives them; a sticker is one object and stands apart.
_MEDIA_KINDS = {
    "photos": "photo",
    "videos": "video",
    "audio_files": "audio",
    "files": "file",
    "gifs": "gif",
}
# `type` vanished in late 2022, so it helps with older exports only.
_EVENT_TYPES = {"Subscribe", "Unsubscribe", "Payment", "Plan"}


class ThreadPart(msgspec.Struct):
    """What one file holds of a thread; messages in the order of time, oldest first.

    `found` counts the file's messages, `skipped` those among them that no person wrote.
    """

    title: str | None
    participants: list[str] | None
    thread_path: str | None
    declared_group: bool
    messages: list[Message]
    found: int
    skipped: Counter[str]


@without_gc
def decode_thread_part(raw: bytes) -> ThreadPart:
    """Decode a file of a thread.

    Args:
        raw: The bytes of the file.

    Returns:
        The part of the thread that it holds, its text repaired.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")  # one exporter's fixture starts with a byte order mark
    file, malformed = decode_thread_file(raw)
    return read_repaired(raw, lambda repair: _to_part(file, repair, malformed))


def _to_part(file: ThreadFile, repair: Callable[[str], str], malformed: int) -> ThreadPart:
    names: dict[str, str] = {}  # few people write many messages

    def name_of(raw_name: str | None) -> str:
        key = raw_name or ""
        if key not in names:
            names[key] = normal_name(repair(key))
        return names[key]

    skipped = Counter({"malformed": malformed} if malformed else {})
    times = [m.time() for m in file.messages]
    known = [time for time in times if time is not None]
    # Meta writes newest first. Turning the list round before the stable sort puts messages with
    # the same stamp into their true order.
    direction = -1 if known and known[0] > known[-1] else 1
    messages = []
    for m, time in zip(file.messages[::direction], times[::direction], strict=True):
        if time is None:
            skipped["no time"] += 1
            continue
        reason = _reason_to_skip(m)
        if reason:
            skipped[reason] += 1
        else:
            messages.append(_to_message(m, time, repair, name_of))
    messages.sort(key=lambda message: message.timestamp_ms)
    return ThreadPart(
        title=normal_name(repair(file.title)) if file.title else None,
        participants=(
            None if file.participants is None else [name_of(p.name) for p in file.participants]
        ),
        thread_path=repair(file.thread_path) if file.thread_path else None,
        declared_group=file.thread_type == "RegularGroup",
        messages=messages,
        found=len(file.messages) + malformed,
        skipped=skipped,
    )


def _reason_to_skip(m: WireMessage) -> str | None:
    if m.is_unsent or m.is_taken_down:  # by value: exports of 2021-22 carry `false` everywhere
        return "unsent"
    if m.call_duration is not None or m.type == "Call":
        return "call"
    if m.users or m.type in _EVENT_TYPES:
        return "group event"
    if not (m.content or m.has_media() or m.share or m.reactions):
        return "empty"
    return None


def _to_message(
    m: WireMessage, time: int, repair: Callable[[str], str], name_of: Callable[[str | None], str]
) -> Message:
    message = Message(name_of(m.sender_name), time, repair(m.content) if m.content else None)
    if m.reactions:
        # Exports of 2021-22 list each reaction twice.
        message.reactions = tuple(
            dict.fromkeys(
                Reaction(actor=name_of(r.actor), reaction=repair(r.reaction))
                for r in m.reactions
                if r.reaction
            )
        )
    if m.has_media():
        message.attachments = tuple(_attachments(m, repair))
    if m.share:
        share = Share(
            link=repair(m.share.link) if m.share.link else None,
            text=repair(m.share.share_text) if m.share.share_text else None,
        )
        message.share = share if share != Share() else None
    return message


def _attachments(m: WireMessage, repair: Callable[[str], str]) -> Iterator[Attachment]:
    for key, kind in _MEDIA_KINDS.items():
        for media in getattr(m, key) or ():
            yield Attachment(kind=kind, uri=repair(media.uri or ""))
    if m.sticker:
        yield Attachment(kind="sticker", uri=repair(m.sticker.uri or ""))
