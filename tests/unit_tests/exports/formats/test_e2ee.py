from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports import Attachment, Reaction
from langchain_fbmessenger.exports.formats.e2ee import decode_e2ee_thread, kind_of_file
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from tests.unit_tests.builders import AL, ZOE

FIELDS = ["senderName", "timestamp", "text", "type", "media", "reactions", "isUnsent"]


def sent(sender: str, time: Any, text: str = "", **more: Any) -> dict[str, Any]:
    fields = {"isUnsent": False, "media": [], "reactions": [], "type": "text"}
    return {**fields, "senderName": sender, "timestamp": time, "text": text, **more}


def raw_of(*messages: Any, **more: Any) -> bytes:
    thread = {"participants": [ZOE, AL], "threadName": "Al_40", "messages": list(messages), **more}
    return json.dumps(thread, ensure_ascii=False).encode()


def decode(*messages: Any, **more: Any) -> Any:
    part = decode_e2ee_thread(raw_of(*messages, **more))
    assert part.found == len(part.messages) + sum(part.skipped.values())
    return part


def texts(part: Any) -> list[str | None]:
    return [m.text for m in part.messages]


def test_everything_of_a_message_is_kept() -> None:
    part = decode(
        sent(
            "Zoe\u0308  Ångström",
            1_746_073_791_906,
            "v pět 😂",
            media=[{"uri": "./media/a.jpeg"}, {"uri": "./media/b.ogg"}],
            reactions=[{"actor": AL, "reaction": "❤"}] * 2,
        )
    )
    only = part.messages[0]
    assert (only.sender, only.text, only.timestamp_ms) == (ZOE, "v pět 😂", 1_746_073_791_906)
    assert only.attachments == (
        Attachment("photo", "./media/a.jpeg"),
        Attachment("audio", "./media/b.ogg"),
    )
    assert only.reactions == (Reaction(AL, "❤"),)
    assert (part.variant, part.participants, part.found) == ("B", [ZOE, AL], 1)


def test_proper_text_that_looks_encoded_twice_is_left_alone() -> None:
    assert texts(decode(sent(ZOE, 1000, "Ã©"))) == ["Ã©"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Al_40", "Al"),
        ("Milo_Dvořák_1_2", "Milo_Dvořák_1"),
        ("Al", "Al"),
        ("Al_4b", "Al_4b"),
        ("_7", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_title_is_the_name_without_its_last_number(name: Any, title: str | None) -> None:
    assert decode(sent(ZOE, 1000, "x"), threadName=name).title == title


@pytest.mark.parametrize("order", [1, -1])
def test_ties_come_out_in_true_order_whichever_way_the_file_runs(order: int) -> None:
    oldest_first = [(1, "a"), (5, "b"), (5, "c"), (9, "d")]
    part = decode(*(sent(ZOE, time, text) for time, text in oldest_first[::order]))
    assert texts(part) == ["a", "b", "c", "d"]


def test_times_that_are_all_equal_keep_the_order_of_the_file() -> None:
    assert texts(decode(*(sent(ZOE, 5, text) for text in "abc"))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("fields", "system"),
    [
        ({"type": "placeholder", "text": "User unsent a message"}, "unsent"),
        ({"isUnsent": True}, "unsent"),
        ({"isUnsent": True, "text": "still there"}, "unsent"),
        ({"isUnsent": False, "text": "kept"}, None),
        ({"type": "link", "text": "https://example.org"}, None),
    ],
)
def test_unsent_is_recognised_by_value(fields: dict[str, Any], system: str | None) -> None:
    assert [m.system for m in decode(sent(ZOE, 1000, **fields)).messages] == [system]


def test_media_that_was_not_downloaded_was_still_sent() -> None:
    part = decode(sent(ZOE, 1000, media=[{"uri": "Failed to download media"}, {}]))
    kinds = [(a.kind, a.uri) for a in part.messages[0].attachments]
    assert kinds == [("file", "Failed to download media"), ("file", "")]


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("./media/a.JPEG", "photo"),
        ("a.webp", "photo"),
        ("a.mp4", "video"),
        ("a.ogg", "audio"),
        ("a.gif", "gif"),
        ("a.pdf", "file"),
        ("https://example.org/a.jpg?x=1.mp4", "photo"),
        ("", "file"),
        ("\x00", "file"),
    ],
)
def test_kind_of_a_file_is_recognised_by_its_suffix(uri: str, kind: str) -> None:
    assert kind_of_file(uri) == kind


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "empty"),
        ({"reactions": [{"actor": AL}]}, "empty"),
        ({"timestamp": None, "text": "when?"}, "no time"),
        ({"timestamp": "soon", "text": "when?"}, "no time"),
        ({"timestamp": 10**30, "text": "when?"}, "no time"),
        ({"timestamp": -(10**18), "text": "when?"}, "no time"),
    ],
)
def test_what_is_no_message_is_counted_by_reason(fields: dict[str, Any], reason: str) -> None:
    part = decode(sent(ZOE, 1000) | fields)
    assert (part.messages, dict(part.skipped)) == ([], {reason: 1})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("wrong", [None, 7, [], ["x"], {"k": 1}, "text", -(10**400), 1e300])
def test_wrong_field_costs_no_other_message(field: str, wrong: Any) -> None:
    odd = sent(ZOE, 2000, "odd", media=[{"uri": "a.jpg"}]) | {field: wrong}
    part = decode(sent(AL, 1000, "fine"), odd)
    assert part.found == 2
    assert "fine" in texts(part)


@pytest.mark.parametrize("field", FIELDS)
def test_missing_field_is_borne(field: str) -> None:
    odd = sent(ZOE, 2000, "odd")
    del odd[field]
    assert decode(sent(AL, 1000, "fine"), odd).found == 2


@pytest.mark.parametrize(
    ("people", "participants"),
    [
        ([ZOE, AL, "Cy"], [ZOE, AL, "Cy"]),
        (["Zoe\u0308  Ångström"], [ZOE]),
        ([ZOE, 7, None], [ZOE]),
        ([{"name": ZOE}], None),
        ([], None),
        (None, None),
        ("Al", None),
        ({"a": 1}, None),
    ],
)
def test_participants_are_those_who_can_be_read(people: Any, participants: Any) -> None:
    assert decode(sent(ZOE, 1000, "x"), participants=people).participants == participants


def test_odd_items_cost_only_themselves() -> None:
    media, reactions = [7, {"uri": "p.jpg"}], [None, {"reaction": "❤"}, {"actor": AL}]
    part = decode(sent(ZOE, 1000, "x", media=media, reactions=reactions), 7, None, "x", ["y"])
    assert part.messages[0].attachments == (Attachment("photo", "p.jpg"),)
    assert part.messages[0].reactions == (Reaction("", "❤"),)
    assert (part.found, dict(part.skipped)) == (5, {"malformed": 4})


def test_thread_may_be_empty() -> None:
    """49 of 97 threads are."""
    part = decode()
    assert (part.title, part.messages, part.found) == ("Al", [], 0)


def test_byte_order_mark_and_what_editors_leave_behind_are_read() -> None:
    raw = raw_of(sent(ZOE, 1000, "tab\there half *")).replace(b"\\t", b"\t")
    part = decode_e2ee_thread(b"\xef\xbb\xbf" + raw.replace(b"*", b"\\ud83d"))
    assert texts(part) == ["tab\there half \ufffd"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "broken JSON"),
        (raw_of(sent(ZOE, 1, "x"))[:-20], "broken JSON"),
        (b'{"threadName": "x", "messages": ' + b"[" * 10_000, "broken JSON"),
        (raw_of(deep="*").replace(b'"*"', b"[" * 10_000 + b"]" * 10_000), "broken JSON"),
        (b"7", "not a message thread"),
        (b"[]", "not a message thread"),
        (b'{"threadName": "Al_1"}', "not a message thread"),
        (b'{"threadName": "Al_1", "messages": {"a": 1}}', "not a message thread"),
        (b'{"participants": ["Al"], "messages": []}', "not a message thread"),
        (b'{"messages": [{"sender_name": "Al", "timestamp_ms": 1}]}', "not a message thread"),
    ],
)
def test_other_files_are_recognised_by_their_shape(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAThreadError, match=reason):
        decode_e2ee_thread(raw)
