"""Threads for the tests of the writers, and what was written of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Message,
    Reaction,
    Share,
    Thread,
)
from langchain_fbmessenger.testing import write_export

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.testing import WrittenExport

MILO, ZOE, ANA = "Milo Dvořák", "Zoë Brandt", "Ana"
CALL = Message(MILO, 1000, "You called Milo.", call=Call(62), system="call")
RICH = Message(
    MILO,
    1_700_000_000_000,
    "hi",
    reactions=(Reaction(ZOE, "👍"),),
    attachments=(Attachment("photo", "a.jpg"), Attachment("sticker", "s.png")),
    share=Share(link="https://example.com", text="Soup"),
)


def thread(*messages: Message, **fields: Any) -> Thread:
    given = {
        "id": "milodvorak_1234567890123456",
        "title": MILO,
        "participants": [ZOE, MILO],
        "is_group": False,
        "folder": "inbox",
        "source": "messenger",
        "owner": ZOE,
        "messages": list(messages),
    }
    return Thread(**given | fields)


def write(path: Path, *threads: Thread, **options: Any) -> WrittenExport:
    return write_export(threads, path, owner_files=False, media_files=False, **options)


def only_file(path: Path, *threads: Thread, **options: Any) -> Any:
    (file,) = write(path, *threads, **options).files
    return json.loads(file.read_bytes())


def only_message(path: Path, message: Message, **options: Any) -> dict[str, Any]:
    return only_file(path, thread(message), **options)["messages"][0]
