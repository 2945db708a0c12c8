"""Variants A0, B, D, E, F and G, against docs/formats.md."""

from __future__ import annotations

import json
from pathlib import Path

from langchain_fbmessenger.exports.records import Attachment, Message, Reaction, Share
from tests.unit_tests.testing.written import (
    CALL,
    MILO,
    RICH,
    ZOE,
    only_file,
    thread,
    write,
)


def test_2018_has_seconds_and_one_unnumbered_file(tmp_path: Path) -> None:
    (file,) = write(
        tmp_path, thread(Message(MILO, 1_500_000_000_999, "x")), variant="A0", messages_per_part=1
    ).files
    assert file.relative_to(tmp_path) == Path("messages/milodvorak_1234567890123456/message.json")
    (message,) = json.loads(file.read_bytes())["messages"]
    assert message["timestamp"] == 1_500_000_000
    assert "timestamp_ms" not in message


def test_encrypted_export(tmp_path: Path) -> None:
    source = thread(
        Message(ZOE, 1_746_073_791_906, "v pět 😂", reactions=(Reaction(MILO, "❤"),)),
        Message(MILO, 1_746_073_800_000, attachments=(Attachment("photo", "./media/0f.jpeg"),)),
        Message(MILO, 1_746_073_800_001, share=Share("https://example.com")),
        Message(MILO, 1_746_073_800_002, system="unsent"),
        CALL,
        participants=[MILO, ZOE],
    )
    written = write(tmp_path, source, variant="B")
    assert [f.name for f in written.files] == ["Milo Dvořák_1.json"]
    raw = written.files[0].read_bytes()
    assert "v pět 😂".encode() in raw
    file = json.loads(raw)
    assert file["participants"] == [ZOE, MILO]
    assert file["threadName"] == "Milo Dvořák_1"
    assert [m["type"] for m in file["messages"]] == ["text", "media", "link", "placeholder"]
    assert file["messages"][0] == {
        "isUnsent": False,
        "media": [],
        "reactions": [{"actor": MILO, "reaction": "❤"}],
        "senderName": ZOE,
        "text": "v pět 😂",
        "timestamp": 1_746_073_791_906,
        "type": "text",
    }
    assert file["messages"][2]["text"] == "https://example.com"
    assert file["messages"][3]["isUnsent"] is True
    assert written.messages == 4
    assert written.files[0].parent == tmp_path
    other = write(tmp_path / "2", thread(title="a/b: c"), variant="B", layout="e2ee-messages")
    assert other.files == (tmp_path / "2/messages/a_b_ c_1.json",)


def test_old_instagram_list(tmp_path: Path) -> None:
    messages = [Message(ZOE, 1_536_000_000_123 + n, f"č{n}") for n in range(3)]
    items = only_file(tmp_path, thread(*messages), variant="D", messages_per_part=2)
    assert [item["participants"] for item in items] == [[ZOE, MILO]] * 2
    assert [m["text"] for item in items for m in item["conversation"]] == ["č2", "č1", "č0"]
    assert items[1]["conversation"][0]["created_at"] == "2018-09-03T18:40:00.123000+00:00"


def test_hand_made_files(tmp_path: Path) -> None:
    pair = [thread(Message(ZOE, 2, "č"), Message(MILO, 1)), thread(id="other")]
    written = write(tmp_path, *pair, variant="E")
    names = [f.relative_to(tmp_path).as_posix() for f in written.files]
    assert names == [
        "inbox/Milo Dvořák/messages_Milo_Dvořák.json",
        "inbox/Milo Dvořák 2/messages_Milo_Dvořák_2.json",
    ]
    file = json.loads(written.files[0].read_bytes())
    assert file["messages"] == [{"sender_name": ZOE, "timestamp_ms": 2, "content": "č"}]


def test_graph_api_answers(tmp_path: Path) -> None:
    source = thread(Message(ZOE, 1_700_000_000_900, "č"), CALL, Message(MILO, 1_700_000_060_000))
    answer = only_file(tmp_path / "1", source, variant="F")
    assert [m["message"] for m in answer["data"]] == ["", "č"]
    assert answer["data"][1]["created_time"] == "2023-11-14T22:13:20+0000"
    assert answer["data"][1]["from"]["name"] == ZOE
    assert [person["name"] for person in answer["data"][1]["to"]["data"]] == [MILO]
    assert answer["paging"].keys() == {"cursors", "next"}
    answer = only_file(tmp_path / "2", source, thread(id="b"), variant="F-conversations")
    assert [p["name"] for p in answer["data"][0]["participants"]["data"]] == [ZOE, MILO]
    assert len(answer["data"][0]["messages"]["data"]) == 2
    assert len(answer["data"]) == 2


def test_copies_of_groups(tmp_path: Path) -> None:
    (file,) = write(tmp_path, thread(RICH), variant="G").files
    name = "your_facebook_activity/groups/your_group_messages/1234567890123456.json"
    assert file == tmp_path / name
    assert json.loads(file.read_bytes()).keys() == {"thread_name", "messages"}
