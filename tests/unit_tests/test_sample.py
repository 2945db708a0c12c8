"""The bundled export is what the docs say of it."""

from __future__ import annotations

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    merge_chat_runs,
    sample_export_path,
    to_training_examples,
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
    assert sum(path.stat().st_size for path in files) < 300_000
    assert all(path.read_bytes().isascii() for path in files)
    assert any(b"\\u00c3\\u00a9" in path.read_bytes() for path in files), "é, as Meta writes it"


def test_it_is_repaired_throughout(loader: FacebookMessengerChatLoader) -> None:
    assert not any(
        "\x80" <= character <= "\x9f" or character in "ÃÂ"
        for session in loader.load()
        for message in session["messages"]
        for character in message.content + message.additional_kwargs["sender"]
    )


def test_it_makes_a_hundred_examples_in_a_voice_of_its_own(
    loader: FacebookMessengerChatLoader,
) -> None:
    pipeline = merge_chat_runs() | map_ai_messages(sender=SAMPLE_OWNER) | to_training_examples()
    examples = pipeline.invoke(loader.load())
    assert len(examples) >= 100
    answers = [example["messages"][-1]["content"] for example in examples]
    signed = [answer for answer in answers if answer.endswith("crumbs 🥖")]
    assert len(signed) > 0.95 * len(answers)
