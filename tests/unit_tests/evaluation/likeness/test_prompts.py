"""What is asked, and who is who, is taken from examples and sessions as they are."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import (
    InvalidInputError,
    likeness_prompts,
    map_ai_messages,
    split_chat_sessions,
    to_training_examples,
)
from langchain_fbmessenger.evaluation.likeness.prompts import friends_of, refuse_trained


def said(*turns: tuple[str, str]) -> dict[str, Any]:
    """Return a session: "me" is the persona, who is mapped."""
    return {
        "messages": [
            AIMessage(text, additional_kwargs={"sender": who})
            if who == "me"
            else HumanMessage(text, additional_kwargs={"sender": who})
            for who, text in turns
        ]
    }


def test_each_trained_answer_is_a_prompt_with_all_turns_before() -> None:
    session = said(("Al", "news?"), ("me", "none"), ("me", "you?"), ("Al", "some"), ("me", "tell"))
    (example,) = to_training_examples(iter([session]))
    first, second = likeness_prompts([example])
    assert first.turns == (("user", "news?"),)
    assert first.own == "none\nyou?"
    assert first.is_cold
    assert not second.is_cold
    assert second.turns[-1] == ("user", "some")
    assert first.conversation == second.conversation


def test_an_answer_nobody_asked_for_is_left_out() -> None:
    turns = [{"role": "system", "content": "You are Al."}, {"role": "assistant", "content": "hi"}]
    assert likeness_prompts([{"messages": turns}]) == []


def test_untrained_turns_are_no_prompt() -> None:
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "weight": 0},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d", "weight": 1},
    ]
    (prompt,) = likeness_prompts([{"messages": turns}])
    assert prompt.own == "d"


def test_windows_of_one_conversation_stay_together() -> None:
    session = said(*[("Al", "?"), ("me", "!")] * 9, ("Al", "end"))
    examples = to_training_examples(iter([session, session]), max_messages=4, overlap=1)
    assert len({one.conversation for one in likeness_prompts(examples)}) == 2


def test_friends_are_all_but_the_persona_in_turns() -> None:
    session = said(
        ("Al", "one"), ("Al", "two"), ("Bo", "three"), ("me", "four"), ("Al", "five"), ("Al", " ")
    )
    before = deepcopy(session)
    friends = friends_of([session])
    assert friends.turns == {"Al": ["one\ntwo", "five"], "Bo": ["three"]}
    assert friends.messages == {"Al": 3, "Bo": 1}
    assert session == before


def test_one_sided_threads_have_no_friends() -> None:
    assert friends_of([said(("me", "hello?"), ("me", "anyone?"))]).turns == {}


def test_sessions_without_the_persona_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="map_ai_messages"):
        friends_of([said(("Al", "hi"), ("Bo", "ho"))])


def test_friends_of_stages_are_the_friends_of_the_sessions() -> None:
    raw = {"messages": [HumanMessage(t, additional_kwargs={"sender": s}) for s, t in
                        [("Al", "hi"), ("Zo", "ho"), ("Al", "ha")]]}  # fmt: skip
    mapped = (split_chat_sessions() | map_ai_messages(sender="Zo")).stream(iter([raw]))
    assert friends_of(mapped).turns == {"Al": ["hi", "ha"]}


def test_validation_that_was_trained_is_refused_with_the_number() -> None:
    session = said(("Al", "news?"), ("me", "none"), ("Al", "why?"), ("me", "because"))
    examples = list(to_training_examples(iter([session])))
    plain = [{"messages": list(one["messages"])} for one in examples]
    for trained in (examples, plain):
        with pytest.raises(InvalidInputError, match="2 of 2 validation prompts were trained"):
            refuse_trained(likeness_prompts(trained), likeness_prompts(examples))
    refuse_trained([], likeness_prompts(examples))


def test_two_conversations_may_begin_alike() -> None:
    """A greeting that stands in both halves is no training, however examples were kept."""
    greetings = [said(("Al", "hi"), ("me", "hey"), ("Al", f"so, {n}?"), ("me", f"{n}!")) for n in
                 range(12)]  # fmt: skip
    train = list(to_training_examples(iter(greetings[:2]), max_messages=2, overlap=0))
    valid = list(to_training_examples(iter(greetings), max_messages=2, overlap=0))[4:]
    refuse_trained(likeness_prompts(valid), likeness_prompts(train))
    plain = [{"messages": [*one["messages"]]} for one in valid if "hi" not in str(one)]
    plain.append({"messages": valid[0]["messages"]})
    refuse_trained(likeness_prompts(plain), likeness_prompts(train))


def test_one_long_answer_that_was_trained_is_enough() -> None:
    def example(number: int) -> Any:
        turns = [("user", "what happened?"), ("assistant", f"the ferry sank at pier {number} " * 3)]
        return {"messages": [{"role": role, "content": text} for role, text in turns]}

    valid = [example(number) for number in range(50)]
    with pytest.raises(InvalidInputError, match="1 of 50 validation prompts were trained"):
        refuse_trained(likeness_prompts(valid), likeness_prompts([example(49), example(50)]))


@pytest.mark.parametrize(
    "wrong", ["export.zip", None, ["session"], [3], {"secret": "a text"}, {"secret": None}]
)
def test_other_things_than_references_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="references must be") as refused:
        friends_of(wrong)
    assert "secret" not in str(refused.value)
