"""Decode one JSON file of "Download your information" (variants A, A0, E) into wire structs.

Bytes go in; what the file holds of the fields that we keep, under Meta's own names and not yet
repaired, comes out. Files are told apart by the shape of what they hold, never by their names.
Facts: sections 1 to 3 of docs/formats.md.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from langchain_fbmessenger.exports.report import NOT_A_THREAD

__all__ = [
    "BROKEN_JSON",
    "NotAThreadError",
    "ThreadFile",
    "WireMessage",
    "decode_thread_file",
]

BROKEN_JSON = "broken JSON"
E2EE = "end-to-end encrypted export (JSON with senderName), not read yet"
OLD_INSTAGRAM = "old Instagram list (messages.json before 2021), not read yet"
GRAPH_API = "Graph API answer, not read yet"
GROUP_COPY = "copy of a group under your_group_messages, not read yet"

_SECONDS_BELOW = 100_000_000_000  # as milliseconds this would be March 1973
_ABSURD_TIME = 10**17  # milliseconds in three million years
_SURROGATES = re.compile("[\ud800-\udfff]")


class NotAThreadError(Exception):
    """The file is not read as a thread; the argument is the reason that reports count."""


# The wire structs are many, short-lived and free of cycles: gc=False keeps the collector off them.
class WireMedia(msgspec.Struct, gc=False):
    uri: str | None = None


class WireName(msgspec.Struct, gc=False):
    name: str | None = None


class WireReaction(msgspec.Struct, gc=False):
    reaction: str | None = None
    actor: str | None = None


class WireShare(msgspec.Struct, gc=False):
    link: str | None = None
    share_text: str | None = None


class WireMessage(msgspec.Struct, gc=False):
    sender_name: str | None = None
    timestamp_ms: int | float | None = None
    timestamp: int | float | None = None  # the seconds of spring 2018
    creation_timestamp: int | float | None = None  # seen in hand-made files
    content: str | None = None
    photos: list[WireMedia] | None = None
    videos: list[WireMedia] | None = None
    audio_files: list[WireMedia] | None = None
    files: list[WireMedia] | None = None
    gifs: list[WireMedia] | None = None
    sticker: WireMedia | None = None
    share: WireShare | None = None
    reactions: list[WireReaction] | None = None
    is_unsent: bool | None = None
    is_taken_down: bool | None = None
    call_duration: int | float | None = None
    type: str | None = None
    users: list[WireName] | None = None
    senderName: str | None = None  # noqa: N815 - a key of the encrypted export, as it stands

    def time(self) -> int | None:
        stamp = self.timestamp_ms
        if stamp is None:
            stamp = self.creation_timestamp if self.timestamp is None else self.timestamp
        if stamp is None or not -_ABSURD_TIME < stamp < _ABSURD_TIME:  # NaN is neither
            return None
        return int(stamp * 1000) if abs(stamp) < _SECONDS_BELOW else int(stamp)

    def has_media(self) -> bool:
        return bool(
            self.photos
            or self.videos
            or self.audio_files
            or self.files
            or self.gifs
            or self.sticker
        )


class ThreadFile(msgspec.Struct, gc=False):
    messages: list[WireMessage]
    participants: list[WireName] | None = None
    title: str | None = None
    thread_path: str | None = None
    thread_type: str | None = None
    thread_name: str | None = None
    threadName: str | None = None  # noqa: N815 - the key of the encrypted export, as it stands


_decode = msgspec.json.Decoder(ThreadFile).decode
_MESSAGE_FIELDS = {f.encode_name: f.type for f in msgspec.structs.fields(WireMessage)}
_FILE_FIELDS = {
    f.encode_name: f.type for f in msgspec.structs.fields(ThreadFile) if f.encode_name != "messages"
}


def decode_thread_file(raw: bytes) -> tuple[ThreadFile, int]:
    """Decode a file of a thread.

    Args:
        raw: The bytes of the file, without a byte order mark.

    Returns:
        The file, and the number of its messages that are not even objects.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    malformed = 0
    try:
        file = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        file, malformed = _decode_leniently(raw)
    if file.threadName is not None or any(m.senderName is not None for m in file.messages):
        raise NotAThreadError(E2EE)
    if not _is_thread(file):
        raise NotAThreadError(GROUP_COPY if file.thread_name else NOT_A_THREAD)
    return file, malformed


def _is_thread(file: ThreadFile) -> bool:
    if file.participants is not None or file.title is not None or file.thread_path is not None:
        return True
    return any(m.sender_name is not None and m.time() is not None for m in file.messages) and (
        file.thread_name is None
    )


def _decode_leniently(raw: bytes) -> tuple[ThreadFile, int]:
    """Decode a file that breaks the schema or the JSON grammar somewhere, field by field.

    Returns the file and the number of messages that are not even objects. A field of the wrong
    type counts as absent, so that one oddity costs no message.
    """
    try:
        # The standard parser lets pass what editors and scripts leave behind: raw control
        # characters, NaN, lone surrogates. The latter cannot be written on, so they are marked.
        found = json.loads(
            raw.decode("utf-8", errors="replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_float=_finite_float,
        )
        found = msgspec.json.decode(
            _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", json.dumps(found, ensure_ascii=False))
        )
    except (ValueError, RecursionError) as error:
        raise NotAThreadError(BROKEN_JSON) from error
    if isinstance(found, list):
        is_old = any(isinstance(item, dict) and "conversation" in item for item in found)
        raise NotAThreadError(OLD_INSTAGRAM if is_old else NOT_A_THREAD)
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        is_graph = isinstance(found, dict) and {"data", "paging"} <= found.keys()
        raise NotAThreadError(GRAPH_API if is_graph else NOT_A_THREAD)
    objects = [m for m in found["messages"] if isinstance(m, dict)]
    messages = [WireMessage(**_fitting(m, _MESSAGE_FIELDS)) for m in objects]
    file = ThreadFile(messages=messages, **_fitting(found, _FILE_FIELDS))
    return file, len(found["messages"]) - len(objects)


def _finite_float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _fitting(found: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    fitting = {}
    for key in found.keys() & types.keys():
        try:
            fitting[key] = msgspec.convert(found[key], types[key])
        except msgspec.ValidationError:
            continue
    return fitting
