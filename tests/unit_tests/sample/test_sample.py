"""The bundled export is what the docs say of it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    sample_export_path,
    split_chat_sessions,
)
from langchain_fbmessenger.sample import SAMPLE_OWNER

FOLDERS = {"inbox", "e2ee_cutover", "archived_threads", "filtered_threads", "message_requests"}


@pytest.fixture(scope="module")
def loader() -> FacebookMessengerChatLoader:
    return FacebookMessengerChatLoader(sample_export_path(), folders=FOLDERS)


def test_it_has_what_real_exports_have(loader: FacebookMessengerChatLoader) -> None:
    sessions = loader.load()
    threads = [session["thread"] for session in sessions]
    assert len(threads) >= 8
    assert any(thread["is_group"] for thread in threads)
    assert {thread["folder"] for thread in threads} == FOLDERS
    assert {thread["owner"] for thread in threads} == {SAMPLE_OWNER}
    assert {"unsent", "call", "group event", "empty", "no text"} <= set(
        loader.report.messages_skipped
    )
    assert loader.report.files_read > len(threads), "a thread in several parts"
    events = [e for s in sessions for m in s["messages"] for e in m.additional_kwargs["events"]]
    assert any("reactions" in event for event in events)
    assert any("attachments" in event for event in events)


def test_it_is_small_and_twice_encoded() -> None:
    files = [path for path in sample_export_path().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 900_000
    assert all(path.read_bytes().isascii() for path in files)
    assert any(b"\\u00c3\\u00a9" in path.read_bytes() for path in files), "é, as Meta writes it"


def test_it_is_repaired_throughout(loader: FacebookMessengerChatLoader) -> None:
    assert not any(
        "\x80" <= character <= "\x9f" or character in "ÃÂ"
        for session in loader.load()
        for message in session["messages"]
        for character in message.content + message.additional_kwargs["sender"]
    )


def test_nearly_no_message_is_repeated(loader: FacebookMessengerChatLoader) -> None:
    said = Counter(m.content.lower() for s in loader.load() for m in s["messages"])
    often = {text for text, times in said.items() if times > 1}
    assert max(map(len, often)) < 15, "short ones, such as: ok"
    assert sum(said[text] for text in often) < 0.03 * said.total()


def test_it_speaks_three_languages_in_several_conversations(
    loader: FacebookMessengerChatLoader,
) -> None:
    words = {
        "English": {"the", "and", "you", "is"},
        "Swedish": {"och", "att", "är", "inte", "det", "jag"},
        "French": {"est", "tu", "pas", "une", "les", "je"},
    }
    found: Counter[str] = Counter()
    for conversation in split_chat_sessions(loader.load()):
        text = " ".join(m.content.lower() for m in conversation["messages"])
        said = Counter(re.findall(r"\w+", text))
        likeliest = max(words, key=lambda language: sum(said[word] for word in words[language]))
        found[likeliest] += 1
    assert found["English"] > 100
    assert found["Swedish"] >= 10
    assert found["French"] >= 7


def test_it_happens_while_people_are_awake(loader: FacebookMessengerChatLoader) -> None:
    """She bakes at night and sleeps until the afternoon."""
    times = [
        datetime.fromtimestamp(event["message_time"] / 1000, tz=timezone.utc)
        for session in loader.load()
        for m in session["messages"]
        if m.additional_kwargs["sender"] == SAMPLE_OWNER
        for event in m.additional_kwargs["events"]
    ]
    assert (min(times).year, max(times).strftime("%Y-%m")) == (2021, "2024-05")
    by_night = [time for time in times if time.hour >= 18 or time.hour < 5]
    assert 0.4 < len(by_night) / len(times) < 0.8
