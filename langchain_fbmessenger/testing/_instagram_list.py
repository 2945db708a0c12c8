"""Write Instagram's `messages.json` of before 2021, one list of all threads: variant D.

Facts: docs/formats.md, sections 1 and 7; no genuine file could be measured.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.testing._files import OutputFile, plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Message, Thread
    from langchain_fbmessenger.testing._files import Tally
    from langchain_fbmessenger.testing._options import Plan

__all__ = ["instagram_list_files"]

_MEDIA_KEYS = {"photo": "media_url", "video": "media_url", "audio": "voice_media"}


def instagram_list_files(
    threads: Iterable[Thread], plan: Plan, tally: Tally
) -> Iterator[OutputFile]:
    """Write all threads into one file; a long thread becomes several items of the list."""
    yield OutputFile("messages.json", _items(threads, plan, tally))


def _items(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[bytes]:
    separator = b"["
    for thread in threads:
        tally.threads += 1
        tally.messages += len(thread.messages)
        size = plan.messages_per_part
        for stop in range(len(thread.messages), 0, -size):
            part = thread.messages[max(stop - size, 0) : stop]
            item = {
                "participants": thread.participants,
                "conversation": [_message(message) for message in reversed(part)],
            }
            yield separator + plain_json(item, indent=0)
            separator = b", "
    yield b"]" if separator == b", " else b"[]"


def _message(message: Message) -> dict[str, Any]:
    when = datetime.fromtimestamp(message.timestamp_ms // 1000, timezone.utc)
    when = when.replace(microsecond=message.timestamp_ms % 1000 * 1000)
    fields: dict[str, Any] = {
        "sender": message.sender,
        "created_at": when.isoformat(timespec="microseconds"),
    }
    if message.call:
        fields["video_call_action"] = message.text or "video_call_ended"
    elif message.text is not None:
        fields["text"] = message.text
    if message.reactions:
        fields["likes"] = [
            {"username": r.actor, "date": when.isoformat()} for r in message.reactions
        ]
    for attachment in message.attachments:
        if attachment.kind == "gif":
            fields["animated_media_images"] = {"fixed_height": {"url": attachment.uri}}
        else:
            fields[_MEDIA_KEYS.get(attachment.kind, "media")] = attachment.uri
    if message.share:
        share = {
            "media_share_url": message.share.link,
            "media_share_caption": message.share.text,
        }
        fields |= {key: value for key, value in share.items() if value is not None}
    return fields
