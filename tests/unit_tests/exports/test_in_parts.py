"""A long conversation goes to examples file by file, and they are those of the whole."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import (
    ExampleReport,
    FacebookMessengerChatLoader,
    map_ai_messages,
    merge_chat_runs,
    split_chat_sessions,
    to_training_examples,
)
from langchain_fbmessenger.exports import ExportReader, LoadReport
from langchain_fbmessenger.exports.conversations import reading
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.builders import AL, ZOE, message, mojibake, thread_json

START = 1_700_000_000_000
HOUR = 3_600_000
STRANGER = "Cy"

lines = st.lists(
    st.tuples(
        st.sampled_from([ZOE, AL, AL, STRANGER]),
        st.sampled_from([0, 1, 1, 2, 7, 9, 800]),  # hours since the line before
        st.sampled_from(["hi", "čau 😂", None, "Al named the group Choir.", " "]),
    ),
    max_size=30,
)
roads = st.sampled_from([
    lambda report: split_chat_sessions() | map_ai_messages() | to_training_examples(report=report),
    lambda report: (
        split_chat_sessions(gap="1d")
        | merge_chat_runs()
        | map_ai_messages(sender=ZOE)
        | to_training_examples(max_tokens=300, report=report)
    ),
    lambda report: (
        split_chat_sessions(gap="auto") | map_ai_messages() | to_training_examples(report=report)
    ),
    lambda report: merge_chat_runs() | map_ai_messages() | to_training_examples(report=report),
])  # fmt: skip


def write(folder: Path, written: list[Any], size: int, broken: int | None) -> None:
    time = START
    messages = []
    for who, hours, text in written:
        time += hours * HOUR
        messages.append(message(who, time, text, photos=None if text else [{"uri": "a.jpg"}]))
    parts = [messages[at : at + size] for at in range(0, len(messages), size)] or [[]]
    place = folder / "messages/inbox/al_1234567890123456"
    place.mkdir(parents=True)
    for number, part in enumerate(parts):
        path = place / f"message_{len(parts) - number}.json"
        path.write_text(json.dumps(mojibake(thread_json(part[::-1]))), "ascii")
        if number == broken:
            path.write_text("{broken")


def load(folder: Path, road: Any, options: dict[str, Any], *, in_parts: bool) -> Any:
    report = ExampleReport()
    loader = FacebookMessengerChatLoader(folder, **options)
    try:
        sessions = loader.lazy_load() if in_parts else loader.load()
        examples = list(road(report).stream(sessions))
    except ValueError as error:
        return type(error), str(error)
    return [(e, e.source) for e in examples], vars(report), vars(loader.report), repr(loader)


@settings(max_examples=profile_examples(2))
@given(
    lines,
    st.integers(1, 12),
    roads,
    st.sampled_from([{}, {}, {"since": "2023-11-20"}, {"keep_system_messages": True}]),
    st.sampled_from([None, None, None, 0, 1]),
)
def test_parts_make_the_examples_of_the_whole(
    written: list[Any], size: int, road: Any, options: dict[str, Any], broken: int | None
) -> None:
    with tempfile.TemporaryDirectory() as name, mock.patch.object(reading, "LONG", 0):
        folder = Path(name)
        write(folder, written, size, broken)
        whole = load(folder, road, options, in_parts=False)
        assert load(folder, road, options, in_parts=True) == whole


def test_a_long_conversation_is_never_whole_in_memory(tmp_path: Path) -> None:
    write(tmp_path, [(ZOE, 1, "a"), (AL, 1, "b")] * 20, 10, None)
    with mock.patch.object(reading, "LONG", 0):
        reader = ExportReader([tmp_path], LoadReport())
        parts = [(len(t.messages), t.goes_on) for t in reader.threads(in_parts=True)]
    assert parts == [(10, True)] * 3 + [(10, False)]
    assert [len(t.messages) for t in reader.threads()] == [40]
