"""Decode one JSON file of "Download your information" (variants A, A0, E, G) into wire structs.

Bytes go in; the fields that we keep come out, under Meta's own names and not yet repaired. Files
are told apart by the shape of their content, never by their names.
Facts: sections 1 to 3 of docs/formats.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_leniently,
    time_of_stamp,
    times_of_stamps,
)
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ThreadFile",
    "ThreadSketch",
    "WireMessage",
    "decode_sketch",
    "decode_thread_file",
    "times_of",
]


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


class WireStamps(msgspec.Struct, gc=False):
    """The sender and time of a message."""

    sender_name: str | None = None
    timestamp_ms: int | float | str | None = None
    timestamp: int | float | str | None = None  # the seconds of spring 2018
    creation_timestamp: int | float | str | None = None  # seen in hand-made files

    def time(self) -> int | None:
        time = time_of_stamp(self.timestamp_ms)
        if time is None:
            time = time_of_stamp(self.timestamp)
        return time_of_stamp(self.creation_timestamp) if time is None else time


def times_of(messages: Sequence[WireStamps]) -> list[int | None]:
    """Return the time of each message, in Unix ms; None if it has none."""
    times = times_of_stamps([m.timestamp_ms for m in messages])
    if None not in times:
        return times
    return [m.time() if time is None else time for m, time in zip(messages, times, strict=True)]


class WireMessage(WireStamps, gc=False):
    """A message, with the fields that we keep."""

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
    missed: bool | None = None
    type: str | None = None
    users: list[WireName] | None = None


class WireThread(msgspec.Struct, gc=False):
    """The fields of a file about its thread."""

    participants: list[WireName] | None = None
    title: str | None = None
    thread_path: str | None = None
    thread_type: str | None = None
    thread_name: str | None = None

    @property
    def declared_group(self) -> bool:
        # A file with a `thread_name` is a copy of a group's thread (variant G).
        return self.thread_type == "RegularGroup" or self.is_group_copy

    @property
    def is_group_copy(self) -> bool:
        return self.thread_name is not None and self.participants is None


class ThreadFile(WireThread, gc=False, kw_only=True):
    """A file of a thread."""

    messages: list[WireMessage]


class ThreadSketch(WireThread, gc=False, kw_only=True):
    """A file without its long fields, decoded in a third of the time."""

    messages: list[WireStamps]


_decode = msgspec.json.Decoder(ThreadFile).decode
_decode_sketch = msgspec.json.Decoder(ThreadSketch).decode


def decode_sketch(raw: bytes) -> ThreadSketch | None:
    """Decode a file of a thread without its texts; None if the file breaks the schema."""
    try:
        sketch = _decode_sketch(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return sketch if _is_thread(sketch) else None


def decode_thread_file(raw: bytes) -> tuple[ThreadFile, int, bool]:
    """Decode a file of a thread.

    Args:
        raw: The bytes of the file, without a byte order mark.

    Returns:
        The file, the number of its messages that are not objects, and whether `decode_sketch`
        decodes it.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    malformed, is_in_order = 0, True
    try:
        file = _decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        file, malformed = _decode_leniently(raw)
        is_in_order = decode_sketch(raw) is not None
    if not _is_thread(file):
        raise NotAThreadError(NOT_A_THREAD)
    return file, malformed, is_in_order


def _is_thread(file: ThreadFile | ThreadSketch) -> bool:
    if (
        file.participants is not None
        or file.title is not None
        or file.thread_path is not None
        or file.thread_name is not None
    ):
        return True
    return any(m.sender_name is not None and m.time() is not None for m in file.messages)


def _decode_leniently(raw: bytes) -> tuple[ThreadFile, int]:
    found = load_leniently(raw)
    if not isinstance(found, dict) or not isinstance(found.get("messages"), list):
        raise NotAThreadError(NOT_A_THREAD)
    objects = [m for m in found["messages"] if isinstance(m, dict)]
    malformed = len(found["messages"]) - len(objects)
    file = convert_leniently({**found, "messages": []}, ThreadFile)
    file.messages = [convert_leniently(m, WireMessage) for m in objects]
    return file, malformed
