"""Read one file of the export of end-to-end encrypted chats (variant B) into records.

No genuine file could be measured: the shape is what five independent parsers agree on, so anything
may be missing. Text is proper UTF-8 and never repaired. Facts: section 5 of docs/formats.md.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath

import msgspec

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import BYTE_ORDER_MARK
from langchain_fbmessenger.exports._json import (
    NotAThreadError,
    convert_leniently,
    load_leniently,
)
from langchain_fbmessenger.exports._part import ThreadPart
from langchain_fbmessenger.exports._stamps import milliseconds
from langchain_fbmessenger.exports.records import Attachment, Message, Reaction
from langchain_fbmessenger.exports.report import NOT_A_THREAD

__all__ = ["decode_e2ee_thread", "kind_of_file"]

_ORDINAL = re.compile(r"_\d+$")
# The export has one untyped list of media; of 1,277 files, .ogg were voice messages.
_KINDS = {
    **dict.fromkeys([".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp"], "photo"),
    **dict.fromkeys([".mp4", ".mov", ".webm", ".avi", ".mkv", ".3gp"], "video"),
    **dict.fromkeys([".ogg", ".oga", ".opus", ".m4a", ".aac", ".mp3", ".wav", ".amr"], "audio"),
    ".gif": "gif",
}


class _Media(msgspec.Struct, gc=False):
    uri: str | None = None


class _Reaction(msgspec.Struct, gc=False):
    actor: str | None = None
    reaction: str | None = None


class _WireMessage(msgspec.Struct, gc=False):
    senderName: str | None = None  # noqa: N815 - the keys stand as Meta writes them
    timestamp: int | float | str | None = None
    text: str | None = None
    type: str | None = None
    media: list[_Media] | None = None
    reactions: list[_Reaction] | None = None
    isUnsent: bool | None = None  # noqa: N815 - as above


class _WireFile(msgspec.Struct, gc=False):
    messages: list[_WireMessage]
    participants: list[str] | None = None
    threadName: str | None = None  # noqa: N815 - as above


_decode = msgspec.json.Decoder(_WireFile).decode


def kind_of_file(uri: str) -> str:
    """Return what kind of attachment a file is by its suffix: `photo`, …, or `file`."""
    return _KINDS.get(PurePosixPath(uri.partition("?")[0]).suffix.lower(), "file")


@without_gc
def decode_e2ee_thread(raw: bytes) -> ThreadPart:
    """Decode a file of an encrypted chat.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    malformed = 0
    try:
        file = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        file, malformed = _decode_leniently(raw)
    if file.threadName is None and all(m.senderName is None for m in file.messages):
        raise NotAThreadError(NOT_A_THREAD)
    return _to_part(file, malformed)


def _decode_leniently(raw: bytes) -> tuple[_WireFile, int]:
    found = load_leniently(raw)
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        raise NotAThreadError(NOT_A_THREAD)
    objects = [m for m in found["messages"] if isinstance(m, dict)]
    file = convert_leniently({**found, "messages": []}, _WireFile)
    file.messages = [convert_leniently(m, _WireMessage) for m in objects]
    return file, len(found["messages"]) - len(objects)


def _to_part(file: _WireFile, malformed: int) -> ThreadPart:
    skipped = Counter({"malformed": malformed} if malformed else {})
    times = [milliseconds(m.timestamp) for m in file.messages]
    known = [time for time in times if time is not None]
    # Oldest first in the one long file that is known of, but nobody promises it.
    direction = -1 if known and known[0] > known[-1] else 1
    messages = []
    for m, time in zip(file.messages[::direction], times[::direction], strict=True):
        if time is None:
            skipped["no time"] += 1
            continue
        message = _to_message(m, time)
        if message.text or message.attachments or message.reactions or message.system:
            messages.append(message)
        else:
            skipped["empty"] += 1
    messages.sort(key=lambda message: message.timestamp_ms)
    # The number at the end counts the export's files: A_1 and A_2 are not parts of one thread.
    title = _ORDINAL.sub("", file.threadName or "")
    return ThreadPart(
        variant="B",
        title=normal_name(title) or None,
        participants=[normal_name(name) for name in file.participants or ()] or None,
        messages=messages,
        found=len(file.messages) + malformed,
        skipped=skipped,
    )


def _to_message(m: _WireMessage, time: int) -> Message:
    message = Message(normal_name(m.senderName or ""), time, m.text or None)
    if m.isUnsent or m.type == "placeholder":
        message.system = "unsent"
    if m.reactions:
        message.reactions = tuple(
            dict.fromkeys(
                Reaction(actor=normal_name(r.actor or ""), reaction=r.reaction)
                for r in m.reactions
                if r.reaction
            )
        )
    if m.media:
        # The address may be the words "Failed to download media": still, something was sent.
        message.attachments = tuple(
            Attachment(kind=kind_of_file(media.uri or ""), uri=media.uri or "") for media in m.media
        )
    return message
