"""Read Instagram's `messages.json` of before 2021 (variant D) into records.

It is one list with all threads. No genuine file could be measured: the fields are those that
parsers read, so anything may be missing. No parser reports text that is encoded twice, so none is
repaired. Facts: section 7 of docs/formats.md.
"""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.names import NormalNames, comparable_name, normal_name
from langchain_fbmessenger.exports.formats.e2ee import kind_of_file
from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_json,
    time_of_stamp,
)
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK
from langchain_fbmessenger.exports.formats.part import Outline, ThreadPart, outline_of
from langchain_fbmessenger.exports.records import Attachment, Call, Message, Reaction, Share
from langchain_fbmessenger.exports.report import NOT_A_THREAD
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    _Timed = tuple["_WireMessage | None", int | None]
    _ToMessage = Callable[["_WireMessage", int, NormalNames], Message]

__all__ = ["decode_instagram_list", "oldest_first", "outline_instagram_list"]

T = TypeVar("T")


class _Like(msgspec.Struct, gc=False):
    username: str | None = None


class _WireMessage(msgspec.Struct, gc=False):
    sender: str | None = None
    created_at: int | float | str | None = None
    text: str | None = None
    heart: str | None = None
    likes: list[_Like] | None = None
    media: str | None = None
    media_url: str | None = None
    media_share_url: str | None = None
    media_share_caption: str | None = None
    story_share: str | None = None
    voice_media: str | None = None
    animated_media_images: Any = None
    video_call_action: str | None = None


class _WireThread(msgspec.Struct, gc=False):
    participants: list[str] | None = None


class _WireItem(_WireThread, gc=False, kw_only=True):
    conversation: list[_WireMessage]


_decode = msgspec.json.Decoder(list[_WireItem]).decode


@without_gc
def decode_instagram_list(raw: bytes) -> list[ThreadPart]:
    """Decode the file; a thread that stands in several items of the list becomes one part.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    return _decode_with(raw, _to_message)


@without_gc
def outline_instagram_list(raw: bytes) -> list[Outline]:
    """Return the outlines of the threads, with the same messages as when they are decoded."""
    parts = _decode_with(raw, _without_contents)
    return [outline_of(part, index) for index, part in enumerate(parts)]


def _decode_with(raw: bytes, to_message: _ToMessage) -> list[ThreadPart]:
    threads: dict[Hashable, tuple[list[str], list[_Timed]]] = {}
    for number, participants, messages in _items(raw):
        people = [normal_name(name) for name in participants or ()]
        # Two deleted accounts, or threads that list nobody, need not be one.
        is_known = people and not any(map(is_deleted_account, people))
        key = tuple(sorted(map(comparable_name, people))) if is_known else number
        _, conversation = threads.setdefault(key, (people, []))
        timed = [(m, time_of_stamp(m.created_at) if m else None) for m in messages]
        # Of a long thread, the newest item stands first.
        conversation[:0] = oldest_first(timed, itemgetter(1))
    if not threads:
        raise NotAThreadError(NOT_A_THREAD)
    return [_to_part(*thread, to_message) for thread in threads.values()]


def _items(raw: bytes) -> Iterator[tuple[int, list[str] | None, Sequence[_WireMessage | None]]]:
    """Yield number, participants and messages of each thread; None for a malformed message."""
    try:
        items = _decode(raw.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        yield from _items_leniently(load_json(raw))
        return
    for number, item in enumerate(items):
        yield number, item.participants, item.conversation


def _items_leniently(
    found: Any,
) -> Iterator[tuple[int, list[str] | None, list[_WireMessage | None]]]:
    if not isinstance(found, list):
        raise NotAThreadError(NOT_A_THREAD)
    for number, item in enumerate(found):
        if isinstance(item, dict) and isinstance(item.get("conversation"), list):
            participants = convert_leniently(item, _WireThread).participants
            messages = [
                convert_leniently(m, _WireMessage) if isinstance(m, dict) else None
                for m in item["conversation"]
            ]
            yield number, participants, messages


def oldest_first(items: list[T], time_of: Callable[[T], int | None]) -> list[T]:
    """Return messages, of which some may have a time, with the oldest first.

    They are only reversed, not sorted. Both formats are known to write the newest first, so times
    that are all equal, as seconds may be, are reversed too.
    """

    def first_time(items: Iterable[T]) -> int:
        return next((time for time in map(time_of, items) if time is not None), 0)

    return items if first_time(items) < first_time(reversed(items)) else items[::-1]


def _to_part(
    participants: list[str], conversation: list[_Timed], to_message: _ToMessage
) -> ThreadPart:
    skipped: Counter[str] = Counter()
    names = NormalNames()
    messages = []
    for m, time in conversation:
        if m is None:
            skipped["malformed"] += 1
        elif time is None:
            skipped["no time"] += 1
        elif _is_empty(m):
            skipped["empty"] += 1
        else:
            messages.append(to_message(m, time, names))
    messages.sort(key=lambda message: message.timestamp_ms)
    return ThreadPart(
        variant="D",
        title=None,
        participants=participants or None,
        messages=messages,
        found=len(conversation),
        skipped=skipped,
    )


def _is_empty(m: _WireMessage) -> bool:
    if m.text or m.heart or m.media or m.media_url or m.voice_media or m.video_call_action:
        return False
    if m.animated_media_images or m.media_share_url or m.media_share_caption or m.story_share:
        return False
    return not (m.likes and any(like.username for like in m.likes))


def _without_contents(m: _WireMessage, time: int, names: NormalNames) -> Message:
    return Message(names[m.sender], time)


def _to_message(m: _WireMessage, time: int, names: NormalNames) -> Message:
    message = Message(names[m.sender], time, m.text or m.heart or None)
    message.reactions = tuple(
        dict.fromkeys(
            Reaction(actor=names[like.username], reaction="❤")
            for like in m.likes or ()
            if like.username
        )
    )
    attachments = []
    if uri := m.media or m.media_url:  # of a photo or a video
        attachments.append(Attachment(kind=kind_of_file(uri), uri=uri))
    if m.voice_media:
        attachments.append(Attachment(kind="audio", uri=m.voice_media))
    if m.animated_media_images:
        attachments.append(Attachment(kind="gif", uri=""))
    message.attachments = tuple(attachments)
    if m.media_share_url or m.media_share_caption or m.story_share:
        message.share = Share(link=m.media_share_url, text=m.media_share_caption or m.story_share)
    if m.video_call_action:
        message.call = Call()
        message.system = "call"
        message.text = message.text or m.video_call_action
    return message
