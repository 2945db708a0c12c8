"""Read one file of the export of end-to-end encrypted chats (variant B) into records.

No genuine file could be measured: the shape is what five independent parsers agree on, so anything
may be missing. Text is proper UTF-8 and never repaired. Facts: section 5 of docs/formats.md.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import cast

import msgspec

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.names import NormalNames, normal_name
from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_leniently,
    times_of_stamps,
)
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK
from langchain_fbmessenger.exports.formats.part import Outline, ThreadPart, outline_of
from langchain_fbmessenger.exports.records import Attachment, Extra, Messages, Reaction
from langchain_fbmessenger.exports.report import NOT_A_THREAD

__all__ = ["decode_e2ee_thread", "kind_of_file", "outline_e2ee_thread"]

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
    name = uri.partition("?")[0].rstrip("/").rpartition("/")[2]
    stem, _, suffix = name.rpartition(".")
    return _KINDS.get(f".{suffix}".lower(), "file") if stem else "file"


@without_gc
def decode_e2ee_thread(raw: bytes) -> ThreadPart:
    """Decode a file of an encrypted chat.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    return _to_part(*_read_file(raw), with_contents=True)


@without_gc
def outline_e2ee_thread(raw: bytes) -> Outline:
    """Return the outline of an encrypted chat, with the same messages as when it is decoded.

    All fields are decoded, though few are needed: a file with a field of a wrong type is read
    leniently, and then other messages may be empty.
    """
    return outline_of(_to_part(*_read_file(raw), with_contents=False))


def _read_file(raw: bytes) -> tuple[_WireFile, int]:
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    malformed = 0
    try:
        file = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        file, malformed = _decode_leniently(raw)
    if file.threadName is None and all(m.senderName is None for m in file.messages):
        raise NotAThreadError(NOT_A_THREAD)
    return file, malformed


def _decode_leniently(raw: bytes) -> tuple[_WireFile, int]:
    found = load_leniently(raw)
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        raise NotAThreadError(NOT_A_THREAD)
    objects = [m for m in found["messages"] if isinstance(m, dict)]
    file = convert_leniently({**found, "messages": []}, _WireFile)
    file.messages = [convert_leniently(m, _WireMessage) for m in objects]
    return file, len(found["messages"]) - len(objects)


def _to_part(file: _WireFile, malformed: int, *, with_contents: bool) -> ThreadPart:
    skipped = Counter({"malformed": malformed} if malformed else {})
    names, wire = NormalNames(), file.messages
    times = times_of_stamps([m.timestamp for m in wire])
    timed = [index for index, time in enumerate(times) if time is not None]
    kept = [index for index in timed if not _is_empty(wire[index])]
    skipped["no time"] = len(wire) - len(timed)
    skipped["empty"] = len(timed) - len(kept)
    messages = Messages(
        [names[m.senderName] for m in wire],
        cast("list[int]", times),
        [m.text or None for m in wire] if with_contents else [None] * len(wire),
        {i: _to_extra(m, names) for i, m in enumerate(wire) if _has_extra(m)}
        if with_contents
        else {},
    ).chosen(kept)
    # Oldest first in the one long file that is known, but that is not certain.
    if timed and times[timed[0]] > times[timed[-1]]:  # type: ignore[operator]  # no None among them
        messages = messages.turned_round()
    # The number at the end counts the export's files: A_1 and A_2 are not parts of one thread.
    title = _ORDINAL.sub("", file.threadName or "")
    return ThreadPart(
        variant="B",
        title=normal_name(title) or None,
        participants=[normal_name(name) for name in file.participants or ()] or None,
        messages=messages.in_order(),
        found=len(file.messages) + malformed,
        skipped=+skipped,
    )


def _is_empty(m: _WireMessage) -> bool:
    if m.text or m.media or _is_unsent(m):
        return False
    return not (m.reactions and any(r.reaction for r in m.reactions))


def _is_unsent(m: _WireMessage) -> bool:
    return bool(m.isUnsent or m.type == "placeholder")


def _has_extra(m: _WireMessage) -> bool:
    return bool(m.reactions or m.media or _is_unsent(m))


def _to_extra(m: _WireMessage, names: NormalNames) -> Extra:
    given = [Reaction(names[r.actor], r.reaction) for r in m.reactions or () if r.reaction]
    # The address may be the words "Failed to download media", for a file that was sent.
    uris = [media.uri or "" for media in m.media or ()]
    return Extra(
        tuple(dict.fromkeys(given)),
        tuple([Attachment(kind_of_file(uri), uri) for uri in uris]),
        system="unsent" if _is_unsent(m) else None,
    )
