from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports import Attachment, Call, Reaction, Share
from langchain_fbmessenger.exports.formats.dyi import decode_thread_part, outline_thread_part
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.part import outline_of
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json


def decode(*messages: Any, **more: Any) -> Any:
    return decode_thread_part(dyi_bytes(thread_json(list(messages), **more)))


def texts(part: Any) -> list[str | None]:
    return [m.text for m in part.messages]


def test_everything_of_a_message_is_kept_and_repaired() -> None:
    part = decode(
        message(
            ZOE,
            1_700_000_060_000,
            "v pět 😂",
            photos=[{"uri": "a.jpg", "creation_timestamp": 1_700_000_000}],
            sticker={"uri": "s.png"},
            share={"link": "https://example.org/é", "share_text": "naïve"},
            reactions=[{"reaction": "❤", "actor": "Žofie"}] * 2,
        )
    )
    only = part.messages[0]
    assert (only.sender, only.text, only.timestamp_ms) == (ZOE, "v pět 😂", 1_700_000_060_000)
    assert only.attachments == (Attachment("photo", "a.jpg"), Attachment("sticker", "s.png"))
    assert only.share == Share("https://example.org/é", "naïve")
    assert only.reactions == (Reaction("Žofie", "❤"),), "exports of 2021-22 list each twice"
    assert part.participants == [AL, ZOE]


@pytest.mark.parametrize(
    "field",
    ["sender_name", "content", "photos", "reactions", "share", "sticker", "type", "users"],
)
@pytest.mark.parametrize("wrong", [None, 7, ["x"], {"k": 1}, "text"])
def test_no_field_but_the_time_is_needed_and_a_wrong_one_costs_no_message(
    field: str, wrong: Any
) -> None:
    odd = message(ZOE, 2000, "odd", photos=[{"uri": "p"}]) | {field: wrong}
    part = decode(odd, message(AL, 1000, "fine"))
    assert part.found == 2
    assert part.messages[0].text == "fine"
    assert len(part.messages) + sum(part.skipped.values()) == 2


def test_odd_item_of_a_list_costs_only_itself() -> None:
    odd = message(ZOE, 2000, "x", photos=[7, {"uri": "p.jpg"}], reactions=[None, {"reaction": "❤"}])
    only = decode(odd).messages[0]
    assert only.attachments == (Attachment("photo", "p.jpg"),)
    assert only.reactions == (Reaction("", "❤"),)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"is_unsent": True}, "unsent"),
        ({"is_unsent": True, "content": "still there"}, "unsent"),
        ({"is_taken_down": True, "content": "x"}, "unsent"),
        ({"call_duration": 0, "content": "You called Al."}, "call"),
        ({"type": "Call", "content": "You missed a call."}, "call"),
        ({"type": "Subscribe", "users": [{"name": "Al"}], "content": "added Al"}, "group event"),
        ({"type": "Unsubscribe", "content": "left the group."}, "group event"),
    ],
)
def test_what_nobody_typed_is_marked_by_reason(fields: dict[str, Any], reason: str) -> None:
    part = decode({"sender_name": ZOE, "timestamp_ms": 1000, **fields})
    assert [m.system for m in part.messages] == [reason]
    assert part.messages[0].text == fields.get("content")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"is_geoblocked_for_viewer": False}, "empty"),
        ({"timestamp_ms": None, "content": "when?"}, "no time"),
        ({"timestamp_ms": "yesterday", "content": "when?"}, "no time"),
    ],
)
def test_what_is_no_message_is_counted_by_reason(fields: dict[str, Any], reason: str) -> None:
    part = decode({"sender_name": ZOE, "timestamp_ms": 1000, **fields})
    assert (part.messages, dict(part.skipped)) == ([], {reason: 1})


@pytest.mark.parametrize(
    ("fields", "call"),
    [
        ({"call_duration": 62}, Call(62, missed=False)),
        ({"call_duration": 0, "missed": True}, Call(0, missed=True)),
        ({"missed": True, "content": "You missed a call from Al."}, Call(None, missed=True)),
        ({"type": "Call"}, Call(None, missed=False)),
    ],
)
def test_calls_are_kept_with_their_length(fields: dict[str, Any], call: Call) -> None:
    assert decode({"sender_name": ZOE, "timestamp_ms": 1000, **fields}).messages[0].call == call


def test_unsent_is_recognised_by_value() -> None:
    """Exports of 2021-22 carry `is_unsent: false` on every message."""
    assert texts(decode(message(ZOE, 1000, "kept", is_unsent=False, type="Generic"))) == ["kept"]


@pytest.mark.parametrize(
    ("key", "stamp"),
    [
        ("timestamp_ms", 1_522_000_000_000),
        ("timestamp", 1_522_000_000),
        ("timestamp_ms", 1_522_000_000),
        ("creation_timestamp", 1_522_000_000_000),
    ],
)
def test_seconds_and_milliseconds_are_distinguished_by_size(key: str, stamp: int) -> None:
    part = decode({"sender_name": ZOE, key: stamp, "content": "x"})
    assert part.messages[0].timestamp_ms == 1_522_000_000_000


def test_newest_first_with_equal_stamps_comes_out_in_true_order() -> None:
    newest_first = [(9, "e"), (5, "d"), (5, "c"), (5, "b"), (1, "a")]
    part = decode(*(message(ZOE, time, text) for time, text in newest_first))
    assert texts(part) == ["a", "b", "c", "d", "e"]


def test_oldest_first_keeps_its_order() -> None:
    part = decode(*(message(ZOE, t, x) for t, x in [(1, "a"), (5, "b"), (5, "c"), (9, "d")]))
    assert texts(part) == ["a", "b", "c", "d"]


def test_byte_order_mark_is_passed() -> None:
    raw = b"\xef\xbb\xbf" + dyi_bytes(thread_json([message(ZOE, 1000, "é")]))
    assert texts(decode_thread_part(raw)) == ["é"]


def test_control_characters_and_lone_surrogates_of_edited_files_are_read() -> None:
    thread = thread_json([message(ZOE, 1000, "tab\there"), message(AL, 2000, "half \ud83d")])
    raw = json.dumps(thread).replace("\\t", "\t").encode()
    assert texts(decode_thread_part(raw)) == ["tab\there", "half \ufffd"]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "1" + "0" * 400, "1e300", "-1e18"])
def test_number_that_is_no_time_costs_one_message(number: str) -> None:
    raw = dyi_bytes(thread_json([message(ZOE, 1000, "fine"), message(ZOE, 2222, "when?")]))
    part = decode_thread_part(raw.replace(b"2222", number.encode()))
    assert (texts(part), dict(part.skipped)) == (["fine"], {"no time": 1})


def test_order_is_judged_before_anything_is_left_out() -> None:
    part = decode(message(ZOE, 5000, "second"), message(ZOE, 5000, "first"), message(ZOE, 3000))
    assert texts(part) == ["first", "second"]


def test_messages_that_are_no_objects_are_counted() -> None:
    part = decode(message(ZOE, 1000, "fine"), "text", 7, None, ["x"])
    assert (texts(part), part.found, dict(part.skipped)) == (["fine"], 5, {"malformed": 4})


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "broken JSON"),
        (b"{", "broken JSON"),
        (dyi_bytes(thread_json([message(ZOE, 1, "x")]))[:-20], "broken JSON"),
        (b"[" * 10_000, "broken JSON"),
        (b"\x00\xff\xfe garbage", "broken JSON"),
        (b"7", "not a message thread"),
        (b'{"messaging_settings_v2": {}}', "not a message thread"),
        (b'{"messages": [{"from": "x", "message": "support"}]}', "not a message thread"),
        (b'{"messages": {"a": 1}}', "not a message thread"),
    ],
)
def test_other_files_are_recognised_by_their_shape(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAThreadError, match=reason):
        decode_thread_part(raw)


def test_copy_of_a_group_is_recognised_by_its_shape() -> None:
    raw = dyi_bytes({"thread_name": "Bäckerei", "messages": [message(ZOE, 1000, "é")]})
    part = decode_thread_part(raw)
    assert (part.variant, part.title, part.declared_group) == ("G", "Bäckerei", True)
    assert texts(part) == ["é"]


@pytest.mark.parametrize(
    "thread",
    [
        thread_json([message(ZOE, 3000, "b"), message(AL, 1000, "a")]),
        thread_json([message(ZOE, 3000, "b")], thread_type="RegularGroup"),
        {"thread_name": "g", "messages": [message(ZOE, 61_000_000_000_000, "x")]},
        {"messages": [{"sender_name": AL, "timestamp": 1_522_000_000, "content": "é"}]},
        thread_json([7, message(ZOE, 3000, "b", photos=7), {"sender_name": AL, "content": "when"}]),
    ],
)
def test_outline_agrees_with_what_is_read(thread: Any) -> None:
    raw = dyi_bytes(thread)
    outline = outline_thread_part(raw)
    expected = outline_of(decode_thread_part(raw))
    expected.senders = outline.senders  # the outline also knows those of messages that are left out
    assert outline == expected


def test_messages_alone_are_a_thread_if_they_look_like_messages() -> None:
    raw = json.dumps({"messages": [message(ZOE, 1000, "hi")]}).encode()
    assert texts(decode_thread_part(raw)) == ["hi"]
