from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import merge_chat_runs, merge_chat_runs_in_session
from tests.unit_tests.builders import session, timed_session
from tests.unit_tests.operations import CountingDelimiter, operations


def contents(chat_session: dict) -> list:
    return [m.content for m in chat_session["messages"]]


def test_runs_are_merged_with_all_their_events() -> None:
    given = session("Al: a", "Al: b", "Zoë: c", "Al: d")
    before = copy.deepcopy(given)
    merged = merge_chat_runs_in_session(given)
    assert contents(merged) == ["a\n\nb", "c", "d"]
    times = [[e["message_time"] for e in m.additional_kwargs["events"]] for m in merged["messages"]]
    assert times == [[0, 1], [2], [3]]
    assert given == before, "the input is not changed"


def test_events_survive_when_the_first_message_has_none() -> None:
    """langchain-community loses them there."""
    given = session("Al: a", "Al: b")
    del given["messages"][0].additional_kwargs["events"]
    merged = merge_chat_runs_in_session(given)
    assert merged["messages"][0].additional_kwargs["events"] == [{"message_time": 1}]


def test_all_keys_of_the_session_are_kept() -> None:
    given = {**session("Al: a", thread={"id": "t"}), "functions": [{}], "own": 7}
    merged = merge_chat_runs_in_session(given)
    assert (merged["thread"], merged["functions"], merged["own"]) == ({"id": "t"}, [{}], 7)


def test_messages_without_sender_or_of_another_class_start_a_run() -> None:
    kwargs = {"sender": "Al"}
    messages = [
        HumanMessage("a"),
        HumanMessage("b"),
        HumanMessage("c", additional_kwargs=kwargs),
        AIMessage("d", additional_kwargs=kwargs),
    ]
    assert contents(merge_chat_runs_in_session({"messages": messages})) == ["a", "b", "c", "d"]


def test_content_blocks_become_text() -> None:
    blocks = [{"type": "text", "text": "a"}, "b", {"type": "image_url", "image_url": "u"}]
    given = {"messages": [HumanMessage(blocks, additional_kwargs={"sender": "Al"})]}
    assert contents(merge_chat_runs_in_session(given)) == ["ab"]
    assert given["messages"][0].content == blocks


@pytest.mark.parametrize(
    ("texts", "merged"),
    [
        (["a", "", "b"], "a\n\nb"),
        (["", "a"], "a"),
        ([" a ", " b ", "c "], "a \n\n b\n\nc"),
        (["", " "], ""),
    ],
)
def test_blank_texts_add_nothing(texts: list[str], merged: str) -> None:
    given = session(*(f"Al: {text}" for text in texts))
    assert contents(merge_chat_runs_in_session(given)) == [merged]


def test_merged_message_has_the_attributes_of_the_first() -> None:
    kwargs = {"sender": "Al"}
    first = HumanMessage("a", additional_kwargs=kwargs, response_metadata={"x": 1}, id="7")
    given = {"messages": [first, HumanMessage("b", additional_kwargs=kwargs)]}
    (merged,) = merge_chat_runs_in_session(given)["messages"]
    assert (merged.content, merged.id, merged.response_metadata) == ("a\n\nb", "7", {"x": 1})


def test_delimiter_is_free_in_both_forms() -> None:
    given = session("Al: a", "Al: b")
    assert contents(next(merge_chat_runs([given], delimiter="\n"))) == ["a\nb"]
    assert contents(merge_chat_runs(delimiter=" / ").invoke(given)) == ["a / b"]


def test_messages_far_apart_are_no_run() -> None:
    given = timed_session((0, "Al: a"), (7, "Al: b"), (24 * 29, "Al: c"), (24 * 1000, "Al: d"))
    assert contents(merge_chat_runs_in_session(given)) == ["a\n\nb\n\nc", "d"]
    assert contents(merge_chat_runs(max_gap="8h").invoke(given)) == ["a\n\nb", "c", "d"]
    assert contents(merge_chat_runs(max_gap=timedelta(hours=1)).invoke(given)) == list("abcd")
    assert contents(merge_chat_runs(max_gap=None).invoke(given)) == ["a\n\nb\n\nc\n\nd"]


def test_the_pause_counts_from_the_message_before_not_from_the_first_of_the_run() -> None:
    given = timed_session(*((6 * n, f"Al: {n}") for n in range(5)))
    assert contents(merge_chat_runs(max_gap="8h").invoke(given)) == ["0\n\n1\n\n2\n\n3\n\n4"]


def test_a_message_without_a_time_between_two_hides_no_pause() -> None:
    given = timed_session((0, "Al: a"), (0, "Al: b"), (24 * 800, "Al: c"))
    del given["messages"][1].additional_kwargs["events"]
    assert contents(merge_chat_runs_in_session(given)) == ["a\n\nb", "c"]


def test_senseless_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="a gap is a timedelta"):
        merge_chat_runs(max_gap="soon")


def test_one_sender_run_takes_linear_time() -> None:
    def count(n: int) -> int:
        given = session(*(f"Al: {'x' * 50}" for _ in range(n)))
        delimiter = CountingDelimiter("\n")
        steps = operations(lambda: merge_chat_runs_in_session(given, delimiter))
        return steps + delimiter.copied

    assert count(2_000) < 11 * count(200)


@pytest.mark.parametrize("odd", [{"type": "text", "text": 7}, {"type": "text", "text": ["a"]}, 7])
def test_blocks_with_an_odd_text_have_no_text(odd: Any) -> None:
    one = HumanMessage("a", additional_kwargs={"sender": "Al"})
    two = HumanMessage.model_construct(
        type="human", content=["b", odd], additional_kwargs={"sender": "Al"}, response_metadata={}
    )
    (merged,) = merge_chat_runs_in_session({"messages": [one, two]})["messages"]
    assert merged.content == "a\n\nb"
