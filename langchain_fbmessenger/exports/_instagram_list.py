"""Read Instagram's `messages.json` of before 2021 (variant D) into records.

It is one list with all threads. Nobody has measured one: the fields are those that parsers read, so
anything may be missing. No parser reports text that is encoded twice, so none is repaired. Facts:
section 7 of docs/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._names import comparable_name, normal_name
from langchain_fbmessenger.exports._e2ee import kind_of_file
from langchain_fbmessenger.exports._json import NotAThreadError, convert_leniently, load_json
from langchain_fbmessenger.exports._part import ThreadPart
from langchain_fbmessenger.exports._stamps import milliseconds
from langchain_fbmessenger.exports._system_lines import is_deleted_account
from langchain_fbmessenger.exports.records import Attachment, Call, Message, Reaction, Share
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["decode_instagram_list", "oldest_first"]


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


@without_gc
def decode_instagram_list(raw: bytes) -> list[ThreadPart]:
    """Decode the file; a thread that stands in several items of the list becomes one part.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    found = load_json(raw)
    if not isinstance(found, list):
        raise NotAThreadError(NOT_A_THREAD)
    threads: dict[Hashable, tuple[list[str], list[Any]]] = {}
    for number, item in enumerate(found):
        if isinstance(item, dict) and isinstance(item.get("conversation"), list):
            thread = convert_leniently(item, _WireThread)
            people = [normal_name(name) for name in thread.participants or ()]
            # Two accounts that are gone, or threads that name nobody, are not known to be one.
            is_known = people and not any(map(is_deleted_account, people))
            key = tuple(sorted(map(comparable_name, people))) if is_known else number
            _, conversation = threads.setdefault(key, (people, []))
            # Of a long thread, the newest item stands first.
            conversation[:0] = oldest_first(item["conversation"], "created_at")
    if not threads:
        raise NotAThreadError(NOT_A_THREAD)
    return [_to_part(people, conversation) for people, conversation in threads.values()]


def oldest_first(items: list[Any], key: str) -> list[Any]:
    """Return messages, whose times stand under a key, with the oldest first.

    They are only turned round, not sorted. Newest first is what is known of both formats, so times
    that are all equal, as seconds may be, count as that.
    """

    def first_time(items: Iterable[Any]) -> int:
        times = (milliseconds(item.get(key)) for item in items if isinstance(item, dict))
        return next((time for time in times if time is not None), 0)

    return items if first_time(items) < first_time(reversed(items)) else items[::-1]


def _to_part(participants: list[str], conversation: list[Any]) -> ThreadPart:
    skipped: Counter[str] = Counter()
    messages = []
    for item in conversation:
        if not isinstance(item, dict):
            skipped["malformed"] += 1
            continue
        m = convert_leniently(item, _WireMessage)
        time = milliseconds(m.created_at)
        if time is None:
            skipped["no time"] += 1
            continue
        message = _to_message(m, time)
        is_empty = not (
            message.text
            or message.attachments
            or message.share
            or message.reactions
            or message.system
        )
        if is_empty:
            skipped["empty"] += 1
        else:
            messages.append(message)
    messages.sort(key=lambda message: message.timestamp_ms)
    return ThreadPart(
        variant="D",
        title=None,
        participants=participants or None,
        messages=messages,
        found=len(conversation),
        skipped=skipped,
    )


def _to_message(m: _WireMessage, time: int) -> Message:
    message = Message(normal_name(m.sender or ""), time, m.text or m.heart or None)
    message.reactions = tuple(
        dict.fromkeys(
            Reaction(actor=normal_name(like.username), reaction="❤")
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
