"""Write saved answers of the Graph API, as Pages and professional accounts get them: variant F.

Facts: docs/formats.md, section 9.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.testing._files import OutputFile, plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Attachment, Message, Thread
    from langchain_fbmessenger.testing._files import Tally
    from langchain_fbmessenger.testing._options import Plan

__all__ = ["conversations_answers", "messages_answers"]

_CONVERSATIONS_PER_ANSWER = 25
_MIME_TYPES = {"photo": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4"}
_NEXT = "https://graph.example.invalid/v19.0/next"


def messages_answers(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write each thread as the answer to a request for its messages."""
    del plan
    for thread in threads:
        tally.threads += 1
        yield OutputFile(f"{thread.id}.json", [plain_json(_messages(thread, tally))])


def conversations_answers(
    threads: Iterable[Thread], plan: Plan, tally: Tally
) -> Iterator[OutputFile]:
    """Write the threads as answers to a request for conversations, several in each."""
    del plan
    remaining = iter(threads)
    number = 0
    while page := list(islice(remaining, _CONVERSATIONS_PER_ANSWER)):
        number += 1
        tally.threads += len(page)
        value = {"data": [_conversation(thread, tally) for thread in page], "paging": _paging()}
        yield OutputFile(f"conversations_{number}.json", [plain_json(value)])


def _conversation(thread: Thread, tally: Tally) -> dict[str, Any]:
    newest = thread.messages[-1].timestamp_ms if thread.messages else 0
    return {
        "participants": {"data": [_person(name) for name in thread.participants]},
        "updated_time": _time(newest),
        "id": f"t_{_number(thread.id)}",
        "messages": _messages(thread, tally),
    }


def _messages(thread: Thread, tally: Tally) -> dict[str, Any]:
    sent = [m for m in thread.messages if not m.system]  # the API has no system lines
    tally.messages += len(sent)
    newest_first = [
        _message(message, index, thread) for index, message in reversed([*enumerate(sent)])
    ]
    return {"data": newest_first, "paging": _paging()}


def _message(message: Message, index: int, thread: Thread) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": f"m_{_number(f'{thread.id}/{index}')}",
        "created_time": _time(message.timestamp_ms),
        "from": _person(message.sender),
        "to": {"data": [_person(name) for name in thread.participants if name != message.sender]},
        "message": message.text or "",
    }
    stickers = [a.uri for a in message.attachments if a.kind == "sticker"]
    files = [_attachment(a) for a in message.attachments if a.kind != "sticker"]
    if stickers:
        fields["sticker"] = stickers[0]
    if files:
        fields["attachments"] = {"data": files}
    if message.share:
        share = {"link": message.share.link, "description": message.share.text}
        fields["shares"] = {"data": [{key: value for key, value in share.items() if value}]}
    return fields


def _attachment(attachment: Attachment) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": _number(attachment.uri),
        "mime_type": _MIME_TYPES.get(attachment.kind, "application/octet-stream"),
        "name": PurePosixPath(attachment.uri).name,
    }
    if attachment.kind in {"photo", "gif"}:
        fields["image_data"] = {"width": 640, "height": 480, "url": attachment.uri}
    elif attachment.kind == "video":
        fields["video_data"] = {"width": 640, "height": 480, "url": attachment.uri}
    else:
        fields["file_url"] = attachment.uri
    return fields


def _person(name: str) -> dict[str, str]:
    number = _number(name)
    return {"name": name, "email": f"{number}@example.invalid", "id": number}


def _number(text: str) -> str:
    return str(int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big"))


def _time(timestamp_ms: int) -> str:
    when = datetime.fromtimestamp(timestamp_ms // 1000, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _paging() -> dict[str, Any]:
    return {"cursors": {"before": "QVFIUmFi", "after": "QVFIUnoz"}, "next": _NEXT}
