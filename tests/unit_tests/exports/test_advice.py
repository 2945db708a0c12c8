"""Errors of files that are no thread: what is expected, and what looks like messages."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    MessengerError,
    SingleFileFacebookMessengerChatLoader,
)
from langchain_fbmessenger.exports.formats import lenient
from langchain_fbmessenger.exports.formats.dyi import decode_thread_part
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError, load_json
from tests.unit_tests.builders import START, message

if TYPE_CHECKING:
    from pathlib import Path

LINES = [message("Zoë", START + n, "secret words") for n in range(3)]
OTHER = [{"author": "Milo", "date": "2024-05-18", "body": "secret words"}]
PEOPLE = [{"name": "Zoë"}, {"name": "Milo"}]
WHERE = ["a file", "a folder", "an archive"]


def error_of(tmp_path: Path, raw: bytes | str, where: str) -> str:
    """Load a file, alone or in what exports are, and return what is said of it."""
    content = raw if isinstance(raw, bytes) else raw.encode()
    name = "inbox/milo_1234567890/message_1.json"
    if where == "an archive":
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
    else:
        path = tmp_path / "export"
        (path / name).parent.mkdir(parents=True)
        (path / name).write_bytes(content)
    is_file = where == "a file"
    loader_type = SingleFileFacebookMessengerChatLoader if is_file else FacebookMessengerChatLoader
    loader: Any = loader_type(path / name if is_file else path)
    with pytest.raises(MessengerError) as caught:
        loader.load()
    return str(caught.value)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"participants": PEOPLE, "chats": LINES}, "The key 'chats' looks like the messages"),
        ({"participants": PEOPLE, "chatMessages": OTHER}, "The key 'chatMessages' looks like"),
        ({"conversation": OTHER}, "The key 'conversation' looks like the messages"),
        ({"data": LINES}, "The key 'data' looks like the messages"),
        ({"chat": {"id": 1, "message_log": LINES}}, "The key 'message_log' looks like"),
        ({"threads": [{"title": "x", "texts": OTHER}]}, "The key 'texts' looks like"),
        ({"messages": OTHER}, "The key 'messages' looks like the messages"),
        ({"chats": [message("Zoë", START)]}, "The key 'chats' looks like the messages"),
        (LINES, "A bare list looks like the messages: it belongs under 'messages'"),
        ({"Zoë & Milo": LINES}, "One of its keys looks like the messages"),
        ({"milo": LINES}, "One of its keys looks like the messages"),
        ({"participants": PEOPLE, "chats": ["Zoë: hi"]}, "The key 'chats' may be the messages"),
        ({"participants": PEOPLE, "title": "Milo"}, "It has no 'messages'"),
        ({"participants": PEOPLE, "messages": {"1": LINES[0]}}, "under 'messages' is no list"),
        ({"participants": PEOPLE, "messages": None}, "under 'messages' is no list"),
    ],
)
def test_error_says_what_looks_like_messages_and_what_is_expected(
    tmp_path: Path, found: Any, told: str, where: str
) -> None:
    error = error_of(tmp_path, json.dumps(found), where)
    assert told in error
    for key in ("participants", "messages", "sender_name", "timestamp_ms", "content"):
        assert f'"{key}"' in error
    assert "broken" not in error
    for private in ("Zoë", "Milo", "milo'", "secret"):
        assert private not in error.replace(str(tmp_path), "").replace("milo_1234567890", "")


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    "raw",
    [
        "7",
        "null",
        "false",
        '"x"',
        "{}",
        "[]",
        "[[[]]]",
        '{"messages": "x"}',
        '{"messages": [1, 2]}',
        '{"messages": []}',
        '{"data": [{"x": 1}]}',
        '{"data": [{"sender": {"a": []}}]}',
        '{"threadName": "x"}',
        '{"x": 1e999, "y": "\\ud83d"}',
        '{"profile_user": [{"string_map_data": {"Name": {"value": "x"}}}]}',
        '{"comments_v2": [{"timestamp": 1, "data": [{"comment": {"author": "x"}}]}]}',
        '{"friends_v2": [{"name": "x", "timestamp": 1}, {"name": "y", "timestamp": 2}]}',
        '"' + "x" * 2**20 + '"',
        " " * 2**20 + "true",
    ],
)
def test_valid_json_is_never_called_broken(tmp_path: Path, raw: str, where: str) -> None:
    error = error_of(tmp_path, raw, where)
    assert "message thread" in error
    assert "broken" not in error
    assert "looks like" not in error


def test_owner_file_that_is_asked_for_is_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "profile_information.json"
    path.write_text('{"profile_v2": {"name": {"full_name": "Zoe"}}}')
    with pytest.raises(MessengerError, match="is not a message thread"):
        SingleFileFacebookMessengerChatLoader(path).load()


def test_large_file_with_an_odd_field_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = json.dumps({"messages": {"a": 1}, "title": 7}).encode()
    monkeypatch.setattr(lenient, "_LENIENT_SIZE", len(raw) - 1)
    with pytest.raises(NotAThreadError, match="over the size limit"):
        decode_thread_part(raw)
    with pytest.raises(NotAThreadError, match="broken JSON"):
        load_json(raw[:-1] + b" ]")


def test_menu_path_to_encrypted_chats_stands_before_the_address(tmp_path: Path) -> None:
    error = error_of(tmp_path, "{}", "a folder")
    path = "Settings > Privacy & safety > End-to-end encrypted chats > Message storage > Download"
    assert 0 < error.index(path) < error.index("messenger.com/secure_storage/dyi, may redirect")
