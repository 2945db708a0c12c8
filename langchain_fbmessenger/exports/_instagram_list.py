"""Read Instagram's `messages.json` of before 2021 (variant D) into records.

It is one list with all threads. Nobody has measured one: the fields are those that parsers read, so
anything may be missing. No parser reports text that is encoded twice, so none is repaired. Facts:
section 7 of docs/formats.md.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from typing import Any

import msgspec

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import BYTE_ORDER_MARK
from langchain_fbmessenger.exports._json import NotAThreadError, convert_leniently, load_leniently
from langchain_fbmessenger.exports._part import ThreadPart
from langchain_fbmessenger.exports.records import Attachment, Call, Message, Reaction, Share
from langchain_fbmessenger.exports.report import NOT_A_THREAD

__all__ = ["decode_instagram_list", "milliseconds_of_iso"]

_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)$")
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class _Like(msgspec.Struct, gc=False):
    username: str | None = None


class _WireMessage(msgspec.Struct, gc=False):
    sender: str | None = None
    created_at: str | None = None
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
    conversation: list[Any] | None = None


def milliseconds_of_iso(text: str | None) -> int | None:
    """Return a time in ISO 8601 as Unix ms; UTC where it names no offset, None if it is no time."""
    if not text:
        return None
    # Python 3.10 wants "+00:00" with a colon, no "Z", and three or six decimals.
    text = _OFFSET.sub(r"\1:\2", text.strip().replace("Z", "+00:00"))
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        passed = when - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000


@without_gc
def decode_instagram_list(raw: bytes) -> list[ThreadPart]:
    """Decode the file; a thread that stands in several items of the list becomes one part.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        found = load_leniently(raw)
    if not isinstance(found, list):
        raise NotAThreadError(NOT_A_THREAD)
    threads: dict[tuple[str, ...], tuple[list[str], list[Any]]] = {}
    for item in found:
        if isinstance(item, dict) and isinstance(item.get("conversation"), list):
            thread = convert_leniently(item, _WireThread)
            people = [normal_name(name) for name in thread.participants or ()]
            _, conversation = threads.setdefault(tuple(sorted(people)), (people, []))
            conversation += thread.conversation or ()
    if not threads:
        raise NotAThreadError(NOT_A_THREAD)
    return [_to_part(people, conversation) for people, conversation in threads.values()]


def _to_part(participants: list[str], conversation: list[Any]) -> ThreadPart:
    skipped: Counter[str] = Counter()
    messages = []
    for item in reversed(conversation):  # newest first
        if not isinstance(item, dict):
            skipped["malformed"] += 1
            continue
        m = convert_leniently(item, _WireMessage)
        time = milliseconds_of_iso(m.created_at)
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
    attachments = [
        Attachment(kind=kind, uri=uri)
        for kind, uri in (("photo", m.media or m.media_url), ("audio", m.voice_media))
        if uri
    ]
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
