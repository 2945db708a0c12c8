from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue

from langchain_fbmessenger import InvalidInputError
from langchain_fbmessenger.retrieval.questions import Question

HISTORY = [HumanMessage("a"), AIMessage("b")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("hi", Question("hi")),
        (HumanMessage("hi"), Question("hi")),
        ([*HISTORY, HumanMessage("hi")], Question("hi", HISTORY)),
        ((("human", "a"), ("ai", "b"), ("user", "hi")), Question("hi", HISTORY)),
        ([*HISTORY, HumanMessage("hi"), HumanMessage("there")], Question("hi\nthere", HISTORY)),
        ([HumanMessage([{"type": "text", "text": "hi"}])], Question("hi")),
        (ChatPromptValue(messages=[*HISTORY, HumanMessage("hi")]), Question("hi", HISTORY)),
        (StringPromptValue(text="hi"), Question("hi")),
        ({"input": "hi"}, Question("hi")),
        ({"input": HumanMessage("hi"), "history": None}, Question("hi")),
        (
            {"input": "hi", "history": HISTORY, "contact": "Bo", "title": "Soup"},
            Question("hi", HISTORY, "Bo", {"title": "Soup"}),
        ),
    ],
)
def test_questions_come_in_several_forms(given: Any, expected: Question) -> None:
    assert Question.of(given) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        b"secret",
        [],
        [7],
        ["secret", "secret"][:0],
        [*HISTORY],
        [("secret", "secret")],
        {"secret": "secret"},
        {"input": None},
        {"input": ["secret"]},
        {"input": "hi", "contact": 7},
        {"input": "hi", "history": "secret"},
        {"input": "hi", "history": [{"secret": "secret"}]},
        [HumanMessage([{"type": "image_url", "image_url": "secret"}])],
    ],
)
def test_other_things_are_refused_and_not_quoted(wrong: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Question.of(wrong)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_nothing_that_is_given_is_changed() -> None:
    given: Any = {"input": "hi", "history": [*HISTORY], "contact": "Bo"}
    told = Question.of(given).told(str.upper)
    assert told == Question("HI", [HumanMessage("A"), AIMessage("B")], "BO")
    assert given == {"input": "hi", "history": HISTORY, "contact": "Bo"}
    messages = [*HISTORY, HumanMessage("hi")]
    Question.of(messages)
    assert len(messages) == 3
