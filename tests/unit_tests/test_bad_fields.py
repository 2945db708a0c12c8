"""Fields of the wrong type, in every JSON format: each counts as absent and costs nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit_tests.bad_input import NO_THREAD, START, Case, check, row, thread
from tests.unit_tests.builders import AL, ZOE, message

if TYPE_CHECKING:
    from pathlib import Path

# What a field may hold by mistake; where one of these is right, `RIGHT` takes it out.
WRONG: dict[str, Any] = {
    "a number": 7,
    "a huge number": 10**300,
    "true": True,
    "a text": "odd",
    "a list of nulls": [None],
    "a list of numbers": [7],
    "a list of lists": [[]],
    "an object": {"a": [{}]},
    "an object of objects": {"uri": {}, "link": {}, "actor": {}, "name": {}, "data": {}},
}
NUMBERS = {"a number", "a huge number"}
OBJECTS = {"an object", "an object of objects"}
LISTS = {"a list of nulls", "a list of numbers", "a list of lists"}


def wrong_for(right: set[str]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in WRONG.items() if name not in right]


def fields(*groups: tuple[str, set[str]]) -> dict[str, list[tuple[str, Any]]]:
    return {key: wrong_for(right) for keys, right in groups for key in keys.split()}


DYI = fields(
    ("sender_name type", {"a text"}),
    ("photos videos audio_files files gifs reactions users", set()),
    ("sticker share", OBJECTS),
    ("is_unsent is_taken_down missed", {"true"}),
    ("call_duration", NUMBERS),
    ("timestamp creation_timestamp ip magic", set()),
)
DYI_THREAD = fields(
    ("participants", set()),
    ("title thread_path thread_type thread_name", {"a text"}),
    ("image joinable_mode", set()),
)
E2EE = fields(("senderName type", {"a text"}), ("media reactions", set()), ("isUnsent", {"true"}))
LIST = fields(
    ("sender media media_url media_share_url story_share voice_media", {"a text"}),
    ("media_share_caption video_call_action heart", {"a text"}),
    ("likes", set()),
)
GRAPH = fields(("from to attachments shares", OBJECTS), ("sticker", {"a text"}), ("id", set()))
NO_TIMES = [(time, time) for time in ("", "0000-01-01T00:00:00Z", "2019-01-01T00:00:00+99:00")]


def dyi_message(text: str, key: str = "x", value: Any = None) -> dict[str, Any]:
    return {**message(AL, START, text), key: value}


def e2ee(*messages: Any, **more: Any) -> bytes:
    found = {"participants": [ZOE, AL], "threadName": "Al_4", "messages": messages, **more}
    return json.dumps(found, ensure_ascii=False).encode()


def encrypted(text: str, key: str = "x", value: Any = None) -> dict[str, Any]:
    return {"senderName": AL, "timestamp": START, "text": text, "type": "text", key: value}


def instagram(*messages: Any, **more: Any) -> bytes:
    return json.dumps([{"participants": ["al", "zoe"], "conversation": messages, **more}]).encode()


def listed(text: str, key: str = "x", value: Any = None) -> dict[str, Any]:
    return {"sender": "al", "created_at": "2019-01-01T10:00:00Z", "text": text, key: value}


def graph(*messages: Any, **more: Any) -> bytes:
    people = {"data": [{"name": AL}, {"name": ZOE}]}
    found = {"id": "t_1", "participants": people, "messages": {"data": messages}, **more}
    return json.dumps({"data": [found]}).encode()


def answered(text: str, key: str = "x", value: Any = None) -> dict[str, Any]:
    sent = {"created_time": "2024-01-01T10:00:00+0000", "from": {"name": AL}, "message": text}
    return {**sent, key: value}


FORMATS: list[tuple[str, Any, Any, dict[str, list[tuple[str, Any]]]]] = [
    ("A", thread, dyi_message, DYI),
    ("B", e2ee, encrypted, E2EE),
    ("D", instagram, listed, LIST),
    ("F", graph, answered, GRAPH),
]
# A row has a message for each wrong value, which its text names.
IN_MESSAGES = [
    row(f"{variant}: {key}", make(*(one(name, key, value) for name, value in wrong)), *dict(wrong))
    for variant, make, one, table in FORMATS
    for key, wrong in table.items()
]
# Without these a message is not loaded, but counted.
LOSSES = [
    row(
        f"{variant}: {key} is lost",
        make(*(one("odd", key, value) for _, value in wrong), one("kept", "x", 1)),
        "kept",
        skipped={reason: len(wrong)},
    )
    for variant, make, one, key, wrong, reason in [
        ("A", thread, dyi_message, "content", wrong_for({"a text"}), "empty"),
        ("A", thread, dyi_message, "timestamp_ms", wrong_for({"a number"}), "no time"),
        ("B", e2ee, encrypted, "text", wrong_for({"a text"}), "empty"),
        ("B", e2ee, encrypted, "timestamp", wrong_for({"a number"}), "no time"),
        ("D", instagram, listed, "text", wrong_for({"a text"}), "empty"),
        ("D", instagram, listed, "created_at", [*wrong_for({"a number"}), *NO_TIMES], "no time"),
        ("F", graph, answered, "message", wrong_for({"a text"}), "empty"),
        ("F", graph, answered, "created_time", [*wrong_for({"a number"}), *NO_TIMES], "no time"),
    ]
] + [
    row(f"{variant}: no messages", make(None, 7, "a", [], one), "kept", skipped={"malformed": 4})
    for variant, make, one in [
        ("B", e2ee, encrypted("kept")),
        ("D", instagram, listed("kept")),
        ("F", graph, answered("kept")),
    ]
]
IN_THREADS = [
    row(f"{variant}: {key} is {name}", make(one("kept"), **{key: value}), "kept")
    for variant, make, one, key, wrong in [
        *(("A", thread, dyi_message, key, wrong) for key, wrong in DYI_THREAD.items()),
        ("B", e2ee, encrypted, "participants", WRONG.items()),
        ("B", e2ee, encrypted, "threadName", wrong_for({"a text"})),
        ("D", instagram, listed, "participants", WRONG.items()),
        ("F", graph, answered, "participants", WRONG.items()),
    ]
    for name, value in wrong
] + [
    row(f"{variant}: {key} is {name}", make(**{key: value}), lost=NO_THREAD)
    for variant, make, key in [
        ("A", thread, "messages"),
        ("B", e2ee, "messages"),
        ("D", instagram, "conversation"),
        ("F", graph, "messages"),
    ]
    for name, value in wrong_for(LISTS)
]
KEPT = json.loads(instagram(listed("kept")))[0]
OTHERS = [
    row("A: seconds", thread(message(AL, 1_700_000_000, "kept")), "kept"),
    row("A0: no sender", thread({"timestamp": 1_500_000_000, "content": "kept"}), "kept"),
    row("B: seconds", e2ee(encrypted("kept", "timestamp", 1_700_000_000)), "kept"),
    row("B: no message", e2ee(), is_thread=True),
    row("B: no sender", e2ee({"timestamp": START, "text": "kept"}), "kept"),
    row("B: surrogate", e2ee(encrypted("kept")).replace(b"kept", rb"\ud83d"), "\ufffd"),
    row("D: surrogate", instagram(listed("kept")).replace(b"kept", rb"\ud83d"), "\ufffd"),
    row("D: odd threads", json.dumps([None, {"participants": ["al"]}, KEPT]).encode(), "kept"),
    row("D: no message", instagram(), is_thread=True),
    row("F: surrogate", graph(answered("kept")).replace(b"kept", rb"\ud83d"), "\ufffd"),
    row("F: no message", graph(), lost=NO_THREAD),
    row("F: an error", b'{"error": {"created_time": "", "data": 1}}', lost=NO_THREAD),
]


@pytest.mark.parametrize("case", [*IN_MESSAGES, *LOSSES, *IN_THREADS, *OTHERS])
def test_field_of_a_wrong_type_counts_as_absent(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(case, tmp_path, monkeypatch)
