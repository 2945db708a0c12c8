"""Read answers of the Graph API (variant F) into records: Pages and professional accounts.

`GET /{page-id}/conversations?fields=participants,messages{…}` gives several threads, a
conversation's `messages` give one. Text is proper UTF-8. Facts: section 9 of docs/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats.e2ee import kind_of_file
from langchain_fbmessenger.exports.formats.instagram_list import oldest_first
from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_json,
    time_of_stamp,
)
from langchain_fbmessenger.exports.formats.part import ThreadPart
from langchain_fbmessenger.exports.records import Attachment, Message, Share
from langchain_fbmessenger.exports.report import NOT_A_THREAD

__all__ = ["decode_graph_answer"]

_ADDRESSES = {"image_data": "photo", "video_data": "video"}


class _Person(msgspec.Struct, gc=False):
    name: str | None = None
    username: str | None = None  # Instagram's professional accounts have no `name`


class _Attachment(msgspec.Struct, gc=False):
    mime_type: str | None = None
    name: str | None = None
    file_url: str | None = None
    image_data: dict[str, Any] | None = None
    video_data: dict[str, Any] | None = None


class _Share(msgspec.Struct, gc=False):
    link: str | None = None
    name: str | None = None
    description: str | None = None


class _WireMessage(msgspec.Struct, gc=False):
    from_: _Person | None = msgspec.field(name="from", default=None)
    to: list[_Person] | None = None
    created_time: int | float | str | None = None
    message: str | None = None
    attachments: list[_Attachment] | None = None
    sticker: str | None = None
    shares: list[_Share] | None = None


class _WireConversation(msgspec.Struct, gc=False):
    participants: list[_Person] | None = None


@without_gc
def decode_graph_answer(raw: bytes) -> list[ThreadPart]:
    """Decode an answer that was saved to a file unchanged.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    found = load_json(raw)
    if not isinstance(found, dict):
        raise NotAThreadError(NOT_A_THREAD)
    parts = [_to_part(people, items) for people, items in _threads(found)]
    if not parts:
        raise NotAThreadError(NOT_A_THREAD)
    return parts


def _threads(found: dict[str, Any]) -> list[tuple[list[str], list[Any]]]:
    items = _list_in(found) or []
    if any(isinstance(item, dict) and _is_message(item) for item in items):
        return [([], items)]
    threads = []
    # A single conversation may have been asked for by its id.
    for item in (*items, found):
        messages = _list_in(item.get("messages")) if isinstance(item, dict) else None
        if messages is not None:
            conversation = convert_leniently(_unwrapped(item), _WireConversation)
            threads.append(([_name(p) for p in conversation.participants or ()], messages))
    return threads


def _list_in(value: Any) -> list[Any] | None:
    """Return the list in the form in which the API writes lists: `{"data": […]}`."""
    items = value.get("data") if isinstance(value, dict) else None
    return items if isinstance(items, list) else None


def _unwrapped(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: _list_in(value) or value for key, value in fields.items()}


def _is_message(item: dict[str, Any]) -> bool:
    has_time = isinstance(item.get("created_time"), (str, int, float))
    return has_time and ("message" in item or "from" in item)


def _name(person: _Person | None) -> str:
    return normal_name((person.name or person.username or "") if person else "")


def _time_of(item: Any) -> int | None:
    return time_of_stamp(item.get("created_time")) if isinstance(item, dict) else None


def _to_part(participants: list[str], items: list[Any]) -> ThreadPart:
    skipped: Counter[str] = Counter()
    messages = []
    people = dict.fromkeys(participants)
    for item in oldest_first(items, _time_of):
        if not isinstance(item, dict):
            skipped["malformed"] += 1
            continue
        m = convert_leniently(_unwrapped(item), _WireMessage)
        if not any(participants) and m.to:
            people.update(dict.fromkeys(map(_name, (m.from_, *m.to))))
        time = time_of_stamp(m.created_time)
        if time is None:
            skipped["no time"] += 1
            continue
        message = _to_message(m, time)
        if message.text or message.attachments or message.share:
            messages.append(message)
        else:
            skipped["empty"] += 1
    messages.sort(key=lambda message: message.timestamp_ms)
    return ThreadPart(
        variant="F",
        title=None,
        participants=[name for name in people if name] or None,
        messages=messages,
        found=len(items),
        skipped=skipped,
        precision=1000,
    )


def _to_message(m: _WireMessage, time: int) -> Message:
    message = Message(_name(m.from_), time, m.message or None)
    attachments = [_to_attachment(a) for a in m.attachments or ()]
    if m.sticker:
        attachments.append(Attachment(kind="sticker", uri=m.sticker))
    message.attachments = tuple(attachments)
    shares = (Share(link=s.link, text=s.description or s.name) for s in m.shares or ())
    message.share = next((share for share in shares if share.link or share.text), None)
    return message


def _to_attachment(attachment: _Attachment) -> Attachment:
    for key, kind in _ADDRESSES.items():
        address = getattr(attachment, key)
        if address:
            url = address.get("url")
            return Attachment(kind=kind, uri=url if isinstance(url, str) else "")
    uri = attachment.file_url or attachment.name or ""
    main = (attachment.mime_type or "").partition("/")[0]
    kind = main if main in {"audio", "video"} else "photo" if main == "image" else kind_of_file(uri)
    return Attachment(kind=kind, uri=uri)
