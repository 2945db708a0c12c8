from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from langchain_fbmessenger import to_training_examples
from tests.unit_tests.builders import session


def shape(example: Any) -> str:
    """Write an example as letters: u(ser), a(ssistant), c(ontext: an assistant turn, untrained)."""
    letters = {"user": "u", "assistant": "a", "system": "s"}
    return "".join(
        "c" if turn.get("weight") == 0 else letters[turn["role"]] for turn in example["messages"]
    )


def shapes(roles: str, **options: Any) -> list[str]:
    lines = [f"{'*Zoë' if role == 'a' else 'Al'}: {n}" for n, role in enumerate(roles)]
    return [shape(e) for e in to_training_examples([session(*lines)], **options)]


@pytest.mark.parametrize(
    ("roles", "options", "expected"),
    [
        ("ua", {}, ["ua"]),
        ("uauauaua", {}, ["uauauaua"]),
        ("uauauauaua", {}, ["uauauaua", "ucua"]),
        ("uauauauauu", {}, ["uauauaua"]),
        ("uauauau", {"max_messages": 4, "overlap": 2}, ["uaua", "ucua"]),
        ("uauauaua", {"max_messages": 4, "overlap": 0}, ["uaua", "uaua"]),
        ("uuuuuuuuuua", {"max_messages": 4, "overlap": 2}, ["uuua"]),
        ("uauuuuuuua", {"max_messages": 4, "overlap": 2}, ["ua", "uuua"]),
        ("aaaaa", {"max_messages": 2, "overlap": 1}, ["aa", "ca", "ca", "ca"]),
        ("auau", {}, ["aua"]),
        ("aaa", {"max_messages": 1, "overlap": 0}, ["a", "a", "a"]),
        ("uuuu", {}, []),
        ("", {}, []),
    ],
)
def test_windows(roles: str, options: dict[str, int], expected: list[str]) -> None:
    assert shapes(roles, **options) == expected


@given(
    st.text("ua", max_size=40),
    st.integers(1, 9).flatmap(lambda m: st.tuples(st.just(m), st.integers(0, m - 1))),
)
def test_every_turn_of_the_assistant_is_trained_exactly_once(
    roles: str, limits: tuple[int, int]
) -> None:
    max_messages, overlap = limits
    lines = [f"{'*Zoë' if role == 'a' else 'Al'}: {n}" for n, role in enumerate(roles)]
    examples = list(
        to_training_examples([session(*lines)], max_messages=max_messages, overlap=overlap)
    )
    trained: Counter[str] = Counter()
    for example in examples:
        turns = example["messages"]
        numbers = [int(turn["content"]) for turn in turns]
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "a window has no hole"
        assert len(turns) <= max_messages
        assert turns[-1]["role"] == "assistant"
        assert turns[-1].get("weight") != 0
        assert all("weight" not in turn for turn in turns if turn["role"] == "user")
        trained.update(
            t["content"] for t in turns if t["role"] == "assistant" and t.get("weight") != 0
        )
    assert trained == Counter(str(n) for n, role in enumerate(roles) if role == "a")


def test_system_prompt_heads_every_example_and_counts_not() -> None:
    (example,) = to_training_examples(
        [session("Al: a", "*Zoë: b")], max_messages=2, overlap=0, system="You are Zoë."
    )
    assert example["messages"][0] == {"role": "system", "content": "You are Zoë."}
    assert shape(example) == "sua"


def test_no_two_examples_share_a_turn() -> None:
    lines = ["Al: a", "*Zoë: b"] * 4
    examples = list(to_training_examples([session(*lines)], max_messages=4, overlap=2, system="s"))
    turns = [turn for example in examples for turn in example["messages"]]
    assert len({id(turn) for turn in turns}) == len(turns)


def test_blank_messages_are_no_turns_and_nothing_is_changed() -> None:
    given_session = session("Al: a", "Al: \n", "*Zoë:  ", "*Zoë: b")
    before = copy.deepcopy(given_session)
    (example,) = to_training_examples([given_session])
    assert [turn["content"] for turn in example["messages"]] == ["a", "b"]
    assert given_session == before


def test_content_blocks_become_text() -> None:
    blocks = [{"type": "text", "text": "b"}]
    messages = [HumanMessage("a"), AIMessage(blocks)]
    (example,) = to_training_examples([{"messages": messages}])
    assert example["messages"][1] == {"role": "assistant", "content": "b"}


def test_messages_of_other_kinds_are_refused_without_their_text() -> None:
    with pytest.raises(TypeError, match="system") as caught:
        list(to_training_examples([{"messages": [SystemMessage("secret")]}]))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"max_messages": 0}, {"overlap": -1}, {"max_messages": 2, "overlap": 2}]
)
def test_impossible_limits_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"max_messages|overlap"):
        to_training_examples(**options)
