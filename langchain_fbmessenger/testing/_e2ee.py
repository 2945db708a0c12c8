"""Write the end-to-end encrypted export ("secure storage"): variant B.

Threads go in, one file each comes out. Facts: docs/formats.md, section 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.testing._files import OutputFile, below, plain_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Message, Thread
    from langchain_fbmessenger.testing._files import Tally
    from langchain_fbmessenger.testing._options import Plan

__all__ = ["e2ee_files"]

_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
_LONGEST_NAME = 200  # bytes; file systems end at 255


def e2ee_files(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write `<Full Name>_<n>.json` for each thread; n counts the threads of the export."""
    for ordinal, thread in enumerate(threads, start=1):
        tally.threads += 1
        written = [fields for m in thread.messages if (fields := _message(m)) is not None]
        tally.messages += len(written)
        owner = plan.owner or thread.owner
        value = {
            "participants": sorted(thread.participants, key=lambda name: name != owner),
            "threadName": f"{thread.title}_{ordinal}",
            "messages": written,
        }
        name = _NOT_IN_A_NAME.sub("_", thread.title).encode()[:_LONGEST_NAME]
        file_name = f"{name.decode(errors='ignore')}_{ordinal}.json"
        yield OutputFile(below(plan.layout.messages, file_name), [plain_json(value)])


def _message(message: Message) -> dict[str, Any] | None:
    """Return the message's object, or None for calls and system lines, which are not kept."""
    is_unsent = message.system == "unsent"
    if message.call or (message.system and not is_unsent):
        return None
    text, kind = message.text or "", "text"
    if is_unsent:
        text, kind = "User unsent a message", "placeholder"
    elif message.attachments:
        kind = "media"
    elif message.share and message.share.link and not text:
        text, kind = message.share.link, "link"
    return {
        "isUnsent": is_unsent,
        "media": [{"uri": a.uri} for a in message.attachments],
        "reactions": [{"actor": r.actor, "reaction": r.reaction} for r in message.reactions],
        "senderName": message.sender,
        "text": text,
        "timestamp": message.timestamp_ms,
        "type": kind,
    }
