from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports import Attachment, Call, Reaction, Share
from langchain_fbmessenger.exports.formats.instagram_list import decode_instagram_list
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError

PEOPLE = ["zoe.angstrom", "al_1"]
FIELDS = ["text", "heart", "likes", "media", "media_url", "media_share_url", "media_share_caption"]
FIELDS += ["sender", "created_at", "story_share", "voice_media", "video_call_action"]


def sent(second: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    when = f"2019-05-18T10:00:{second:02}.500000+00:00"
    return {"sender": "al_1", "created_at": when, "text": text, **more}


def item(*conversation: Any, people: Any = PEOPLE) -> dict[str, Any]:
    return {"participants": people, "conversation": list(conversation)}


def decode(*items: Any) -> list[Any]:
    parts = decode_instagram_list(json.dumps(items).encode())
    for part in parts:
        assert part.found == len(part.messages) + sum(part.skipped.values())
    return parts


def texts(part: Any) -> list[str | None]:
    return [m.text for m in part.messages]


def test_text_is_kept_and_never_repaired() -> None:
    part = decode(item(sent(0, "Ã© v pět 😂")))[0]
    assert (part.variant, part.participants, part.title) == ("D", PEOPLE, None)
    only = part.messages[0]
    assert (only.sender, only.text, only.timestamp_ms) == ("al_1", "Ã© v pět 😂", 1_558_173_600_500)


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"heart": "❤️"}, "text", "❤️"),
        ({"likes": [{"username": "zoe"}] * 2}, "reactions", (Reaction("zoe", "❤"),)),
        ({"media": "https://example.org/a.jpg?x"}, "attachments", "photo"),
        ({"media_url": "https://example.org/a.mp4?x"}, "attachments", "video"),
        ({"voice_media": "https://example.org/v"}, "attachments", "audio"),
        ({"animated_media_images": {"fixed_height": {}}}, "attachments", "gif"),
        ({"media_share_url": "https://a", "media_share_caption": "b"}, "share", "https://a"),
        ({"story_share": "Shared a story"}, "share", None),
        ({"video_call_action": "video_call_ended"}, "call", Call()),
        ({"video_call_action": "video_call_ended"}, "system", "call"),
        ({"video_call_action": "video_call_ended"}, "text", "video_call_ended"),
    ],
)
def test_what_a_message_holds_is_kept(fields: dict[str, Any], field: str, expected: Any) -> None:
    found = getattr(decode(item(sent(0, **fields)))[0].messages[0], field)
    if field == "attachments":
        uri = next((v for v in fields.values() if isinstance(v, str)), "")
        expected = (Attachment(expected, uri),)
    elif field == "share":
        expected = Share(expected, fields.get("media_share_caption") or fields.get("story_share"))
    assert found == expected


@pytest.mark.parametrize("order", [1, -1])
def test_ties_come_out_in_true_order_whichever_way_the_list_runs(order: int) -> None:
    newest_first = [sent(9, "d"), sent(5, "c"), sent(5, "b"), sent(1, "a")]
    assert texts(decode(item(*newest_first[::order]))[0]) == ["a", "b", "c", "d"]


def test_times_that_are_all_equal_stand_newest_first() -> None:
    assert texts(decode(item(7, sent(5, "b"), sent(5, "a")))[0]) == ["a", "b"]


def test_thread_in_several_items_is_one() -> None:
    """A newer item stands first; at the seam the times are equal."""
    newer, older = item(sent(9, "d"), sent(5, "c")), item(sent(5, "b"), sent(1, "a"))
    turned = [*reversed(PEOPLE)]
    parts = decode(newer, item(sent(3, "x"), people=["cy"]), older | {"participants": turned})
    assert [texts(part) for part in parts] == [["a", "b", "c", "d"], ["x"]]
    assert parts[0].participants == PEOPLE


@pytest.mark.parametrize("people", [None, [], [""], ["zoe", "Instagram User"], 7, [{"name": "a"}]])
def test_threads_of_people_unknown_are_not_one(people: Any) -> None:
    parts = decode(item(sent(1, "a"), people=people), item(sent(2, "b"), people=people))
    assert [texts(part) for part in parts] == [["a"], ["b"]]


def test_names_are_compared_as_people_write_them() -> None:
    first, second = (
        item(sent(2, "b"), people=["Zoë  X"]),
        item(sent(1, "a"), people=["zoe\u0308 x"]),
    )
    parts = decode(first, second)
    assert [(part.participants, texts(part)) for part in parts] == [(["Zoë X"], ["a", "b"])]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (sent(0), "empty"),
        (sent(0, likes=[{"date": "x"}]), "empty"),
        (sent(0, "x") | {"created_at": None}, "no time"),
        (sent(0, "x") | {"created_at": True}, "no time"),
        ({}, "no time"),
        (7, "malformed"),
        (None, "malformed"),
        ([], "malformed"),
    ],
)
def test_what_is_no_message_is_counted_by_reason(message: Any, reason: str) -> None:
    part = decode(item(message, sent(1, "fine")))[0]
    assert (texts(part), dict(part.skipped)) == (["fine"], {reason: 1})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("wrong", [None, 7, [], ["x"], {"k": 1}, "text", -(10**400), 1e300])
def test_wrong_field_costs_no_other_message(field: str, wrong: Any) -> None:
    odd = sent(2, "odd", media="a.jpg") | {field: wrong}
    part = decode(item(odd, sent(1, "fine")))[0]
    assert part.found == 2
    assert "fine" in texts(part)


def test_odd_items_of_the_list_cost_only_themselves() -> None:
    parts = decode(7, None, {}, {"conversation": {"a": 1}}, item(sent(1, "fine")), item())
    assert [texts(part) for part in parts] == [["fine"]]


def test_lone_surrogates_control_characters_and_a_byte_order_mark_are_borne() -> None:
    raw = json.dumps([item(sent(1, "tab\there half \ud83d"))]).replace("\\t", "\t").encode()
    assert texts(decode_instagram_list(b"\xef\xbb\xbf" + raw)[0]) == ["tab\there half \ufffd"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "broken JSON"),
        (b'[{"participants": ["a"], "conversation": [', "broken JSON"),
        (b"[" * 10_000, "broken JSON"),
        (b"[" * 10_000 + b"]" * 10_000, "broken JSON"),
        (b"[]", "not a message thread"),
        (b'[{"participants": ["a"]}]', "not a message thread"),
        (b'[{"participants": ["a"], "messages": []}]', "not a message thread"),
        (b'{"participants": ["a"], "conversation": []}', "not a message thread"),
        (b"7", "not a message thread"),
    ],
)
def test_other_files_are_recognised_by_their_shape(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAThreadError, match=reason):
        decode_instagram_list(raw)
