"""What loaders and functions give is iterated, closed and shared as any iterator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    merge_chat_runs,
    redact_identifiers,
    sample_export_path,
    split_chat_sessions,
    to_training_examples,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES: list[Callable[[Any], Any]] = [
    merge_chat_runs,
    split_chat_sessions,
    redact_identifiers,
    lambda given: merge_chat_runs(split_chat_sessions(given)),
    lambda given: to_training_examples(map_ai_messages(given)),
    (merge_chat_runs() | map_ai_messages()).stream,
]
every_stage = pytest.mark.parametrize("stage", STAGES)


@every_stage
def test_who_stops_early_leaves_the_rest_to_the_loaders_iterator(stage: Any) -> None:
    whole = FacebookMessengerChatLoader(sample_export_path()).load()
    sessions = FacebookMessengerChatLoader(sample_export_path()).lazy_load()
    items = stage(sessions)
    next(items)
    items.close()
    assert list(sessions) == whole[1:]


@every_stage
def test_what_is_closed_is_over(stage: Any) -> None:
    items = stage(FacebookMessengerChatLoader(sample_export_path()))
    next(items)
    items.close()
    assert list(items) == []


def test_behind_an_error_it_is_over() -> None:
    bad = HumanMessage("a")
    bad.content = 5  # type: ignore[assignment]
    merged = merge_chat_runs(
        [{"messages": [m]} for m in (HumanMessage("a"), bad, HumanMessage("b"))]
    )
    next(merged)
    with pytest.raises(ValueError, match="content is text"):
        next(merged)
    assert list(merged) == []


@every_stage
def test_a_session_may_be_empty(stage: Any) -> None:
    owner = {"owner": "Zoë", "participants": ["Zoë"]}
    assert all(not one["messages"] for one in stage([{"messages": [], "thread": owner}]))


def test_turns_without_times_are_not_parted() -> None:
    day = 86_400_000

    def said(text: str, time: int | None, kind: Any) -> Any:
        events = [] if time is None else [{"message_time": 1_700_000_000_000 + time * day}]
        return kind(text, additional_kwargs={"sender": kind.__name__, "events": events})

    messages = [
        said("q", 0, HumanMessage),
        said("a1", None, AIMessage),
        said("a2", 40, AIMessage),
        said("q2", None, HumanMessage),
        said("a3", None, AIMessage),
    ]
    (example,) = to_training_examples([{"messages": messages}])
    assert [turn["content"] for turn in example["messages"]] == ["q", "a1\na2", "q2", "a3"]
