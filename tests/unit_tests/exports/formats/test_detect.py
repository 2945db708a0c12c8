from __future__ import annotations

import json
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exports.discovery.files import ExportFile
from langchain_fbmessenger.exports.formats.detect import (
    decode_file,
    looks_like_html,
    outline_file,
    read_bytes,
)
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.part import outline_of
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOM = b"\xef\xbb\xbf"
KEYS = ["senderName", "threadName", "created_time", "data", "messages", "participants"]


def utc(*_: Any) -> tzinfo:
    return timezone.utc


def dyi(*texts: str, **more: Any) -> bytes:
    messages = [message(ZOE, 1_700_000_000_000 - n, text) for n, text in enumerate(texts)]
    return dyi_bytes(thread_json(messages, **more))


def e2ee(*texts: str) -> bytes:
    messages = [{"senderName": ZOE, "timestamp": n, "text": text} for n, text in enumerate(texts)]
    found = {"participants": [ZOE, AL], "threadName": "Al_1", "messages": messages}
    return json.dumps(found).encode()


def instagram_list(*texts: str) -> bytes:
    when = "2019-05-18T10:00:00+00:00"
    messages = [{"sender": ZOE, "created_at": when, "text": text} for text in texts[::-1]]
    return json.dumps([{"participants": [ZOE, AL], "conversation": messages}]).encode()


def graph(*texts: str) -> bytes:
    when = "2024-05-18T10:00:00+0000"
    messages = [{"created_time": when, "from": {"name": ZOE}, "message": t} for t in texts[::-1]]
    return json.dumps({"data": messages, "paging": {}}).encode()


def made_by_hand(*texts: str) -> bytes:
    return json.dumps({"messages": [message(ZOE, 1, text) for text in texts]}).encode()


WRITERS = [(dyi, "A"), (e2ee, "B"), (instagram_list, "D"), (made_by_hand, "E"), (graph, "F")]


@pytest.mark.parametrize(("write", "variant"), WRITERS)
@pytest.mark.parametrize("before", [b"", BOM, b" \r\n\t", BOM + b"\n"])
def test_format_is_recognised_by_content(
    write: Callable[..., bytes], variant: str, before: bytes
) -> None:
    (part,) = decode_file(before + write("v pět"), utc)
    assert (part.variant, [m.text for m in part.messages]) == (variant, ["v pět"])


@pytest.mark.parametrize(("write", "variant"), WRITERS)
def test_texts_that_look_like_keys_of_other_formats_do_not_mislead(
    write: Callable[..., bytes], variant: str
) -> None:
    (part,) = decode_file(write(*KEYS), utc)
    assert part.variant == variant
    assert sorted(m.text for m in part.messages) == sorted(KEYS)


@pytest.mark.parametrize(("write", "variant"), WRITERS)
def test_outline_agrees_with_what_is_read(write: Callable[..., bytes], variant: str) -> None:
    for raw in (write("a", "b"), write(*KEYS)):
        assert outline_file(raw, utc) == [outline_of(part) for part in decode_file(raw, utc)]
        assert outline_file(raw, utc)[0].variant == variant


def test_encrypted_chat_without_messages_is_recognised_by_its_name() -> None:
    assert [part.variant for part in decode_file(e2ee(), utc)] == ["B"]


def test_threads_of_one_file_are_counted() -> None:
    found = [
        {"participants": [name], "conversation": [{"created_at": "2019-05-18", "text": "x"}]}
        for name in ("al", "bo", "cy")
    ]
    outlines = outline_file(json.dumps(found).encode(), utc)
    assert [(o.index, o.participants) for o in outlines] == [(0, ["al"]), (1, ["bo"]), (2, ["cy"])]


@pytest.mark.parametrize(
    ("found", "variant"),
    [
        ({"thread_name": "Bakers", "messages": [message(ZOE, 1, "x")]}, "G"),
        (thread_json([{"sender_name": ZOE, "timestamp": 1_522_000_000, "content": "x"}]), "A0"),
    ],
)
def test_kinds_of_downloads_are_recognised(found: Any, variant: str) -> None:
    assert [part.variant for part in decode_file(dyi_bytes(found), utc)] == [variant]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "broken JSON"),
        (b" \n", "broken JSON"),
        (BOM, "broken JSON"),
        (b"\x00\x01", "broken JSON"),
        (b"{", "broken JSON"),
        (b"[" * 10_000, "broken JSON"),
        (b'{"a":' * 10_000, "broken JSON"),
        (b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "broken JSON"),
        ('{"participants": []}'.encode("utf-16"), "broken JSON"),
        (dyi("x")[:-20], "broken JSON"),
        (e2ee("x")[:-9], "broken JSON"),
        (graph("x")[:-9], "broken JSON"),
        (instagram_list("x")[:-9], "broken JSON"),
        (b"{}", "not a message thread"),
        (b"[object Object]", "not a message thread"),
        (BOM + b"[object Object", "broken JSON"),
        (b"7", "not a message thread"),
        (b'"[object Object]"', "not a message thread"),
        (b"[]", "not a message thread"),
        (b'{"x": NaN, "y": "\\ud83d"}', "not a message thread"),
        (b'{"messages": {"a": 1}}', "not a message thread"),
        (b'{"senderName": 1}', "not a message thread"),
        (b'{"created_time": "x", "data": [7]}', "not a message thread"),
        (b'{"messaging_settings_v2": {"x": "messages"}}', "not a message thread"),
        (b"<html><body>Friends</body></html>", "not a message thread"),
    ],
)
def test_what_is_broken_and_what_is_something_else_are_told_apart(raw: bytes, reason: str) -> None:
    for read in (decode_file, outline_file):
        with pytest.raises(NotAThreadError, match=reason):
            read(raw, utc)


@pytest.mark.parametrize(
    ("head", "is_html"),
    [
        (b"<!DOCTYPE html><html>", True),
        (BOM + b"\n <HTML lang='cs'>", True),
        (b'<?xml version="1.0"?><html>', True),
        (b"<!-- saved --><head>", True),
        (b"<svg>", False),
        (b'{"content": "<html>"}', False),
        (b"", False),
    ],
)
def test_page_is_recognised_by_its_beginning(head: bytes, is_html: bool) -> None:
    assert looks_like_html(head) is is_html


@pytest.mark.parametrize(
    ("head", "is_read"),
    [
        (b"\x00\x01\x02", False),
        (b"GIF89a", False),
        (BOM + b" [", True),
        (b"{", True),
        (b"<!doctype html>", True),
        (b" " * 5000, True),
    ],
)
def test_large_file_is_read_only_if_it_begins_well(
    tmp_path: Path, head: bytes, is_read: bool
) -> None:
    path = tmp_path / "message_1.json"
    path.write_bytes(head + b" " * 2**20)
    file = ExportFile(path, path.stat().st_size, tmp_path)
    if is_read:
        assert len(read_bytes(file)) == file.size
    else:
        with pytest.raises(NotAThreadError, match="broken JSON"):
            read_bytes(file)


def test_small_file_is_always_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"GIF89a")
    assert read_bytes(ExportFile(path, 6, tmp_path)) == b"GIF89a"
