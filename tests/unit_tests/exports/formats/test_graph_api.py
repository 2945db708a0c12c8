from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports import Attachment, Share
from langchain_fbmessenger.exports.formats.graph_api import decode_graph_answer
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from tests.unit_tests.builders import AL, ZOE

FIELDS = ["from", "to", "created_time", "message", "attachments", "sticker", "shares"]
WRONG = [None, 7, [], ["x"], {}, {"data": 7}, {"data": [7]}, "text", -(10**400), 1e300]


def edge(*items: Any) -> dict[str, Any]:
    return {"data": list(items), "paging": {"cursors": {}}}


def sent(second: int, text: str = "", sender: str = ZOE, **more: Any) -> dict[str, Any]:
    fields = {"id": "m_1", "created_time": f"2024-05-18T10:00:{second:02}+0000", "message": text}
    return {**fields, "from": {"name": sender, "email": "a@example.invalid", "id": "1"}, **more}


def conversation(*messages: Any, people: Any = None) -> dict[str, Any]:
    people = edge({"name": AL, "id": "2"}, {"name": ZOE}) if people is None else people
    return {"id": "t_1", "participants": people, "messages": edge(*messages)}


def decode(answer: Any) -> list[Any]:
    parts = decode_graph_answer(json.dumps(answer).encode())
    for part in parts:
        assert part.found == len(part.messages) + sum(part.skipped.values())
    return parts


def texts(part: Any) -> list[str | None]:
    return [m.text for m in part.messages]


def only(**fields: Any) -> Any:
    return decode(edge(sent(0, **fields)))[0].messages[0]


def test_conversations_are_threads_each() -> None:
    to_cy = sent(2, "b", to=edge({"name": "Cy, who is no member now"}))
    parts = decode(edge(conversation(to_cy, sent(1, "a")), conversation(sent(3, "c"))))
    assert [texts(part) for part in parts] == [["a", "b"], ["c"]]
    assert [part.participants for part in parts] == [[AL, ZOE], [AL, ZOE]]
    assert {part.variant for part in parts} == {"F"}


def test_conversation_may_have_been_asked_for_by_its_id() -> None:
    assert [texts(part) for part in decode(conversation(sent(1, "a")))] == [["a"]]


def test_messages_alone_are_one_thread_of_those_who_wrote_and_were_written_to() -> None:
    answer = edge(sent(2, "b", to=edge({"name": AL})), sent(1, "a", AL, to=edge({"name": ZOE})))
    part = decode(answer)[0]
    assert (texts(part), part.participants) == (["a", "b"], [AL, ZOE])


@pytest.mark.parametrize("people", [{}, {"data": []}, {"data": [7, {}]}, 7])
def test_people_of_messages_replace_an_empty_list(people: Any) -> None:
    to_al = sent(1, "a", to=edge({"name": AL}, None, {"name": 7}))
    assert decode(conversation(to_al, people=people))[0].participants == [ZOE, AL]


def test_accounts_of_instagram_have_user_names() -> None:
    part = decode(edge(sent(1, "a") | {"from": {"username": "zoe.a"}}))[0]
    assert (part.messages[0].sender, part.participants) == ("zoe.a", None)


def test_text_is_kept_and_never_repaired() -> None:
    message = only(text="Ã© v pět 😂")
    assert (message.text, message.timestamp_ms) == ("Ã© v pět 😂", 1_716_026_400_000)


@pytest.mark.parametrize(
    ("attachment", "kind", "uri"),
    [
        ({"mime_type": "image/jpeg", "image_data": {"url": "https://a"}}, "photo", "https://a"),
        ({"video_data": {"url": "https://v"}}, "video", "https://v"),
        ({"mime_type": "audio/mp4", "file_url": "https://s"}, "audio", "https://s"),
        ({"mime_type": "application/pdf", "name": "a.pdf"}, "file", "a.pdf"),
        ({"mime_type": "image/png", "name": "a"}, "photo", "a"),
        ({"name": "a.mp4"}, "video", "a.mp4"),
        ({"image_data": {"url": 7}}, "photo", ""),
        ({"image_data": {}, "file_url": "b.jpg"}, "photo", "b.jpg"),
        ({}, "file", ""),
    ],
)
def test_attachments_are_kept_by_kind(attachment: dict[str, Any], kind: str, uri: str) -> None:
    assert only(attachments=edge(attachment)).attachments == (Attachment(kind, uri),)


def test_sticker_is_an_attachment() -> None:
    assert only(sticker="https://s").attachments == (Attachment("sticker", "https://s"),)


@pytest.mark.parametrize(
    ("shares", "share"),
    [
        ([{"link": "https://a", "name": "b", "description": "c"}], Share("https://a", "c")),
        ([{"name": "b"}, {"link": "https://z"}], Share(None, "b")),
        ([{"id": "1"}, {"link": "https://z"}], Share("https://z", None)),
        ([{"id": "1"}], None),
    ],
)
def test_first_share_that_says_something_is_kept(shares: list[Any], share: Share | None) -> None:
    assert only(text="x", shares=edge(*shares)).share == share


def test_odd_item_of_a_list_costs_only_itself() -> None:
    message = only(attachments=edge(7, {"name": 8}, {"name": "a.jpg"}), shares=edge(None))
    assert message.attachments == (Attachment("photo", "a.jpg"),)


@pytest.mark.parametrize("order", [1, -1])
def test_ties_come_out_in_true_order_whichever_way_the_answer_runs(order: int) -> None:
    newest_first = [sent(9, "d"), sent(5, "c"), sent(5, "b"), sent(1, "a")]
    assert texts(decode(edge(*newest_first[::order]))[0]) == ["a", "b", "c", "d"]


def test_messages_of_one_second_stand_newest_first() -> None:
    assert texts(decode(edge(sent(5, "b"), 7, sent(5, "a")))[0]) == ["a", "b"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (sent(0), "empty"),
        (sent(0, shares=edge({"id": "1"})), "empty"),
        (sent(0, "x") | {"created_time": None}, "no time"),
        (sent(0, "x") | {"created_time": "soon"}, "no time"),
        (sent(0, "x") | {"created_time": True}, "no time"),
        (7, "malformed"),
        (None, "malformed"),
        ([], "malformed"),
    ],
)
def test_what_is_no_message_is_counted_by_reason(message: Any, reason: str) -> None:
    for answer in (edge(message, sent(1, "fine")), conversation(message, sent(1, "fine"))):
        part = decode(answer)[0]
        assert (texts(part), dict(part.skipped)) == (["fine"], {reason: 1})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_field_costs_no_other_message(field: str, wrong: Any) -> None:
    part = decode(edge(sent(2, "odd", sticker="s") | {field: wrong}, sent(1, "fine")))[0]
    assert part.found == 2
    assert "fine" in texts(part)


def test_lone_surrogates_control_characters_and_a_byte_order_mark_are_borne() -> None:
    raw = json.dumps(edge(sent(1, "tab\there half \ud83d"))).replace("\\t", "\t").encode()
    assert texts(decode_graph_answer(b"\xef\xbb\xbf" + raw)[0]) == ["tab\there half \ufffd"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "broken JSON"),
        (json.dumps(edge(sent(1, "x"))).encode()[:-20], "broken JSON"),
        (b'{"data": ' + b"[" * 10_000, "broken JSON"),
        (b'{"data": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "broken JSON"),
        (b"[]", "not a message thread"),
        (b'{"data": []}', "not a message thread"),
        (b'{"data": {"a": 1}}', "not a message thread"),
        (b'{"data": [7, null, {"created_time": "x"}]}', "not a message thread"),
        (b'{"data": [{"messages": [{"created_time": "x"}]}]}', "not a message thread"),
        (b'{"messages": {"data": 7}}', "not a message thread"),
    ],
)
def test_other_files_are_recognised_by_their_shape(raw: bytes, reason: str) -> None:
    with pytest.raises(NotAThreadError, match=reason):
        decode_graph_answer(raw)
