"""Read one JSON file of "Download your information" (variants A, A0, E) into records.

Bytes go in, a `ThreadPart` or a `NotAThreadError` comes out. Files are told apart by the shape of
what they hold, never by their names. Facts: sections 1 to 4 of docs/formats.md.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger.exports._encoding import normal_name, read_repaired
from langchain_fbmessenger.exports.records import Attachment, Message, Reaction, Share
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BROKEN_JSON", "NotAThreadError", "ThreadPart", "decode_owner", "decode_thread_part"]

BROKEN_JSON = "broken JSON"
E2EE = "end-to-end encrypted export (JSON with senderName), not read yet"
OLD_INSTAGRAM = "old Instagram list (messages.json before 2021), not read yet"
GRAPH_API = "Graph API answer, not read yet"
GROUP_COPY = "copy of a group under your_group_messages, not read yet"

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
_SECONDS_BELOW = 100_000_000_000  # as milliseconds this would be March 1973
_ABSURD_TIME = 10**17  # milliseconds in three million years
_SURROGATES = re.compile("[\ud800-\udfff]")


class NotAThreadError(Exception):
    """The file is not read as a thread; the argument is the reason that reports count."""


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


# The wire structs are many, short-lived and free of cycles: gc=False keeps the collector off them.
class _Media(msgspec.Struct, gc=False):
    uri: str | None = None


class _Name(msgspec.Struct, gc=False):
    name: str | None = None


class _Reaction(msgspec.Struct, gc=False):
    reaction: str | None = None
    actor: str | None = None


class _Share(msgspec.Struct, gc=False):
    link: str | None = None
    share_text: str | None = None


class _Message(msgspec.Struct, gc=False):
    sender_name: str | None = None
    timestamp_ms: int | float | None = None
    timestamp: int | float | None = None  # the seconds of spring 2018
    creation_timestamp: int | float | None = None  # seen in hand-made files
    content: str | None = None
    photos: list[_Media] | None = None
    videos: list[_Media] | None = None
    audio_files: list[_Media] | None = None
    files: list[_Media] | None = None
    gifs: list[_Media] | None = None
    sticker: _Media | None = None
    share: _Share | None = None
    reactions: list[_Reaction] | None = None
    is_unsent: bool | None = None
    is_taken_down: bool | None = None
    call_duration: int | float | None = None
    type: str | None = None
    users: list[_Name] | None = None
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


class _ThreadFile(msgspec.Struct, gc=False):
    messages: list[_Message]
    participants: list[_Name] | None = None
    title: str | None = None
    thread_path: str | None = None
    thread_type: str | None = None
    thread_name: str | None = None
    threadName: str | None = None  # noqa: N815 - the key of the encrypted export, as it stands


_decode_thread_file = msgspec.json.Decoder(_ThreadFile).decode
_MESSAGE_FIELDS = {f.encode_name: f.type for f in msgspec.structs.fields(_Message)}
_FILE_FIELDS = {
    f.encode_name: f.type
    for f in msgspec.structs.fields(_ThreadFile)
    if f.encode_name != "messages"
}


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
    try:
        file = _decode_thread_file(raw)
        malformed = 0
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        file, malformed = _decode_leniently(raw)
    if file.threadName is not None or any(m.senderName is not None for m in file.messages):
        raise NotAThreadError(E2EE)
    if not _is_thread(file):
        raise NotAThreadError(GROUP_COPY if file.thread_name else NOT_A_THREAD)
    return read_repaired(raw, lambda repair: _to_part(file, repair, malformed))


def decode_owner(raw: bytes) -> str | None:
    """Return the account's own name from a profile or autofill file, if it is one."""
    try:
        found = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    for keys in (("autofill_information_v2", "FULL_NAME", 0), ("profile_v2", "name", "full_name")):
        value: Any = found
        holder: Any = None
        for key in keys:
            holder = value
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
                break
        if isinstance(value, str) and value.strip() and not isinstance(holder, str):
            return normal_name(read_repaired(raw, partial(_repaired, value)))
    return None


def _repaired(text: str, repair: Callable[[str], str]) -> str:
    return repair(text)


def _decode_leniently(raw: bytes) -> tuple[_ThreadFile, int]:
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
    messages = [_Message(**_fitting(m, _MESSAGE_FIELDS)) for m in objects]
    file = _ThreadFile(messages=messages, **_fitting(found, _FILE_FIELDS))
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


def _is_thread(file: _ThreadFile) -> bool:
    if file.participants is not None or file.title is not None or file.thread_path is not None:
        return True
    return any(m.sender_name is not None and m.time() is not None for m in file.messages) and (
        file.thread_name is None
    )


def _to_part(file: _ThreadFile, repair: Callable[[str], str], malformed: int) -> ThreadPart:
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


def _reason_to_skip(m: _Message) -> str | None:
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
    m: _Message, time: int, repair: Callable[[str], str], name_of: Callable[[str | None], str]
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


def _attachments(m: _Message, repair: Callable[[str], str]) -> Iterator[Attachment]:
    for key, kind in _MEDIA_KINDS.items():
        for media in getattr(m, key) or ():
            yield Attachment(kind=kind, uri=repair(media.uri or ""))
    if m.sticker:
        yield Attachment(kind="sticker", uri=repair(m.sticker.uri or ""))
