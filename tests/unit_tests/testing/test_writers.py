"""The JSON writers, against docs/formats.md: by `json` and `re`, not by our own readers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Message,
    Reaction,
)
from langchain_fbmessenger.testing import (
    CARRIES,
    ERAS,
    LAYOUTS,
    TIME_PRECISION,
    VARIANTS,
    Quirks,
    sample_threads,
    write_export,
)
from tests.unit_tests.testing.written import (
    ANA,
    CALL,
    MILO,
    RICH,
    ZOE,
    only_file,
    only_message,
    thread,
    write,
)

if TYPE_CHECKING:
    from pathlib import Path


def repaired(value: Any) -> Any:
    """Repair every string, strictly: what Meta has written never fails."""
    if isinstance(value, str):
        return value.encode("latin-1").decode()
    if isinstance(value, dict):
        return {key: repaired(item) for key, item in value.items()}
    return [repaired(item) for item in value] if isinstance(value, list) else value


EXAMPLE = rb"""{
  "participants": [
    {
      "name": "Milo Dvo\u00c5\u0099\u00c3\u00a1k"
    },
    {
      "name": "Zo\u00c3\u00ab Brandt"
    }
  ],
  "messages": [
    {
      "sender_name": "Zo\u00c3\u00ab Brandt",
      "timestamp_ms": 1700000060000,
      "content": "v p\u00c4\u009bt \u00f0\u009f\u0098\u0082",
      "reactions": [
        {
          "reaction": "\u00e2\u009d\u00a4",
          "actor": "Milo Dvo\u00c5\u0099\u00c3\u00a1k"
        }
      ]
    },
    {
      "sender_name": "Milo Dvo\u00c5\u0099\u00c3\u00a1k",
      "timestamp_ms": 1700000000000,
      "photos": [
        {
          "uri": "messages/inbox/milodvorak_1234567890123456/photos/1.jpg",
          "creation_timestamp": 1700000000
        }
      ]
    }
  ],
  "title": "Milo Dvo\u00c5\u0099\u00c3\u00a1k",
  "is_still_participant": true,
  "magic_words": [],
  "thread_path": "inbox/milodvorak_1234567890123456"
}"""


def test_the_example_of_the_format_reference_byte_for_byte(tmp_path: Path) -> None:
    photo = "messages/inbox/milodvorak_1234567890123456/photos/1.jpg"
    written = write(
        tmp_path,
        thread(
            Message(MILO, 1700000000000, attachments=(Attachment("photo", photo),)),
            Message(ZOE, 1700000060000, "v pět 😂", reactions=(Reaction(MILO, "❤"),)),
        ),
    )
    folder = "your_facebook_activity/messages/inbox/milodvorak_1234567890123456"
    assert written.files == (tmp_path / folder / "message_1.json",)
    assert written.files[0].read_bytes() == EXAMPLE
    assert (written.messages, written.threads, written.path) == (2, 1, tmp_path)


def test_untouched_files_are_ascii_and_repair_to_the_text(tmp_path: Path) -> None:
    threads = sample_threads(n_messages=80)
    written = write(tmp_path, *threads)
    for file, source in zip(written.files, threads, strict=True):
        raw = file.read_bytes()
        assert raw.isascii()
        assert b"\r" not in raw
        assert b"\\/" not in raw
        unguarded = re.sub(rb"\\\\", b"", raw)
        assert re.findall(rb"\\u00[89a-f][0-9a-f]", unguarded)
        assert not re.findall(rb"\\u(?!00[0189a-f][0-9a-f])", unguarded)
        texts = [m.get("content") for m in repaired(json.loads(raw))["messages"]]
        assert texts == [m.text for m in reversed(source.messages)]


def test_part_1_is_the_newest_and_the_last_has_the_remainder(tmp_path: Path) -> None:
    written = write(
        tmp_path,
        thread(*(Message(MILO, 1000 + n, str(n)) for n in range(25))),
        messages_per_part=10,
    )
    parts = [json.loads(file.read_bytes()) for file in written.files]
    assert [file.name for file in written.files] == [f"message_{n}.json" for n in (1, 2, 3)]
    contents = [[int(m["content"]) for m in part["messages"]] for part in parts]
    assert contents == [[*range(24, 14, -1)], [*range(14, 4, -1)], [*range(4, -1, -1)]]
    assert [part["title"] for part in parts] == [parts[0]["title"]] * 3


def test_ten_thousand_messages_fill_a_part(tmp_path: Path) -> None:
    written = write(tmp_path, thread(*(Message(MILO, n, "x") for n in range(10_001))))
    assert [len(json.loads(f.read_bytes())["messages"]) for f in written.files] == [10_000, 1]


def test_equal_stamps_stand_in_reverse(tmp_path: Path) -> None:
    file = only_file(tmp_path, thread(*(Message(MILO, 5000, text) for text in "abc")))
    assert [m["content"] for m in file["messages"]] == ["c", "b", "a"]


def test_an_empty_thread_has_one_part(tmp_path: Path) -> None:
    assert only_file(tmp_path, thread())["messages"] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path: Path, layout: Any) -> None:
    (file,) = write(tmp_path, thread(folder="message_requests"), layout=layout).files
    expected = {
        "2018": "messages/",
        "2018-2022": "messages/message_requests/",
        "2023-2024": "your_activity_across_facebook/messages/message_requests/",
        "now": "your_facebook_activity/messages/message_requests/",
        "instagram-old": "messages/message_requests/",
        "instagram": "your_instagram_activity/messages/message_requests/",
        "e2ee": "",
        "e2ee-messages": "messages/",
        "hand-made": "inbox/",
    }[layout]
    name = f"{expected}milodvorak_1234567890123456/message_1.json"
    assert file.relative_to(tmp_path).as_posix() == name


def test_folders_that_a_layout_lacks_become_inbox(tmp_path: Path) -> None:
    file = only_file(tmp_path, thread(folder="e2ee_cutover"), layout="instagram")
    assert file["thread_path"].startswith("inbox/")


EVENT = Message(MILO, 1000, "Milo added Ana to the group.", system="group event")


def test_system_lines_carry_the_structure_of_their_time(tmp_path: Path) -> None:
    old = Quirks(message_types=True)
    call = only_message(tmp_path / "1", CALL)
    assert (call["content"], call["call_duration"]) == ("You called Milo.", 62)
    assert "missed" not in call
    missed = Message(MILO, 1000, "X", call=Call(missed=True))
    assert only_message(tmp_path / "2", missed)["missed"] is True
    unsent = only_message(tmp_path / "3", Message(MILO, 1000, system="unsent"))
    assert unsent == {"sender_name": "Milo DvoÅ\x99Ã¡k", "timestamp_ms": 1000, "is_unsent": True}
    assert only_message(tmp_path / "4", EVENT).keys() == {"sender_name", "timestamp_ms", "content"}
    event = only_message(tmp_path / "5", EVENT, quirks=old)
    assert (event["type"], repaired(event["users"])) == ("Subscribe", [{"name": ZOE}])
    assert only_message(tmp_path / "6", CALL, quirks=old)["type"] == "Call"


@pytest.mark.parametrize(
    ("quirks", "fields"),
    [
        ({"unsent_flags": True}, {"is_unsent": False, "is_taken_down": False}),
        (
            {"geoblocked_flags": True},
            {
                "is_geoblocked_for_viewer": False,
                "is_unsent_image_by_messenger_kid_parent": False,
            },
        ),
        (
            {"bumped_metadata": True},
            {"bumped_message_metadata": {"bumped_message": "hi", "is_bumped": False}},
        ),
        ({"message_types": True}, {"type": "Share"}),
        ({"ip_addresses": True}, {"ip": "203.0.113.7"}),
        ({"double_reactions": True}, {"reactions": [{"reaction": "👍", "actor": ZOE}] * 2}),
        (
            {"reaction_times": True},
            {"reactions": [{"reaction": "👍", "actor": ZOE, "timestamp": 1_700_000_060}]},
        ),
    ],
    ids=lambda value: next(iter(value)),
)
def test_quirks_of_messages(tmp_path: Path, quirks: Any, fields: dict[str, Any]) -> None:
    plain = repaired(only_message(tmp_path / "plain", RICH))
    quirky = repaired(only_message(tmp_path / "quirky", RICH, quirks=Quirks(**quirks)))
    assert quirky == plain | fields
    assert plain["sticker"] == {"uri": "s.png"}
    assert plain["photos"] == [{"uri": "a.jpg", "creation_timestamp": 1_700_000_000}]
    assert plain["share"] == {"link": "https://example.com", "share_text": "Soup"}


def test_quirks_of_threads(tmp_path: Path) -> None:
    quirks = Quirks(thread_types=True, magic_words=True, joinable=True)
    group = thread(RICH, is_group=True, participants=[ZOE, MILO, ANA])
    file = only_file(tmp_path / "1", group, quirks=quirks)
    assert file["thread_type"] == "RegularGroup"
    assert file["magic_words"][0]["creation_timestamp_ms"] == 1_700_000_000_000
    assert file["joinable_mode"] == {"mode": 1, "link": ""}
    assert repaired(file["participants"])[-1] == {"name": ZOE}
    assert only_file(tmp_path / "2", thread(), quirks=quirks)["thread_type"] == "Regular"
    assert only_file(tmp_path / "3", thread(folder="message_requests"))["is_pending"] is True


def test_files_that_tools_have_saved_again(tmp_path: Path) -> None:
    def raw(encoding: Any, **more: Any) -> bytes:
        messages = [Message(ZOE, n, "ěšč 😂", reactions=(Reaction(MILO, "❤"),)) for n in range(8)]
        options = Quirks(encoding=encoding, **more)
        return write(tmp_path / encoding, thread(*messages), quirks=options).files[0].read_bytes()

    assert '"content": "ěšč 😂"'.encode() in raw("raw")
    assert rb'"content": "\u011b\u0161\u010d \ud83d\ude02"' in raw("ascii")
    assert '"content": "ěšč 😂"'.encode().decode("latin-1").encode() in raw("raw-mojibake")
    half = raw("half-repaired")
    assert rb'"reaction": "\u00e2\u009d\u00a4"' in half
    contents = [m["content"] for m in json.loads(half)["messages"]]
    assert contents.count("ěšč 😂") == 6
    assert contents.count("ěšč 😂".encode().decode("latin-1")) == 2
    assert raw("untouched", bom=True).startswith(b"\xef\xbb\xbf{")


def test_every_variant_is_written_and_described(tmp_path: Path) -> None:
    assert set(CARRIES) == set(VARIANTS) == set(TIME_PRECISION)
    for variant in VARIANTS:
        written = write_export(sample_threads(), tmp_path / variant, variant=variant)
        assert written.threads == 8
        assert 8 * 45 < written.messages <= 8 * 60


@pytest.mark.parametrize("era", ERAS)
def test_our_loader_reads_back_what_was_written(tmp_path: Path, era: str) -> None:
    threads = sample_threads(n_messages=120)
    written = write_export(threads, tmp_path, quirks=ERAS[era], messages_per_part=50)
    loaded = {s["thread"]["id"]: s for s in FacebookMessengerChatLoader(written.path).load()}
    for source in threads:
        if source.folder == "message_requests":
            continue  # which threads are read is the loader's choice
        session = loaded[source.id]
        found = [(m.additional_kwargs["sender"], m.content) for m in session["messages"]]
        assert found == [(m.sender, m.text) for m in source.messages if m.text and not m.system]
        assert session["thread"]["title"] == source.title
        assert session["thread"]["folder"] == source.folder
