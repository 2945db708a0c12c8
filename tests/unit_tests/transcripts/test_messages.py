"""Messages that are built without validation are the same objects as the constructors'."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, HumanMessage, message_to_dict

from langchain_fbmessenger.transcripts.messages import (
    ai_message,
    copy_message,
    human_message,
    text_of,
)

KWARGS = {"sender": "Zoë", "events": [{"message_time": 1}]}
HUMAN = HumanMessage(content="a", additional_kwargs=KWARGS)
FULL = HumanMessage(content="a", additional_kwargs=KWARGS, id="7", name="n", role="extra")


@pytest.mark.parametrize(
    ("fast", "validated"),
    [
        (human_message("a", KWARGS), HUMAN),
        (ai_message(HUMAN), AIMessage(content="a", additional_kwargs=KWARGS)),
        (ai_message(FULL), AIMessage(content="a", additional_kwargs=KWARGS, id="7", name="n")),
        (copy_message(HUMAN, "b"), HumanMessage(content="b", additional_kwargs=KWARGS)),
        (copy_message(FULL, "b", {}), HumanMessage(content="b", id="7", name="n", role="extra")),
    ],
)
def test_they_equal_validated_ones(fast: Any, validated: Any) -> None:
    assert fast == validated
    assert fast.__dict__ == validated.__dict__
    assert fast.model_extra == validated.model_extra
    assert fast.model_dump() == validated.model_dump()
    assert message_to_dict(fast) == message_to_dict(validated)
    assert dumps(fast) == dumps(validated)
    assert pickle.loads(pickle.dumps(fast)) == validated  # noqa: S301 - own
    assert copy.deepcopy(fast) == validated
    assert type(validated).model_validate(fast.model_dump()) == validated
    assert fast.text == validated.text


def test_nothing_mutable_is_shared() -> None:
    first, second = human_message("a", {}), human_message("a", {})
    first.response_metadata["x"] = 1
    first.name = "n"
    assert second == HumanMessage("a")
    one, two = ai_message(first), ai_message(first)
    one.tool_calls.append({})  # type: ignore[arg-type]
    one.response_metadata["y"] = 1
    assert two.tool_calls == []
    assert two.response_metadata == first.response_metadata == {"x": 1}
    assert AIMessage("a").tool_calls == []


def test_content_that_is_no_text_is_refused_without_quoting_it() -> None:
    with pytest.raises(ValueError, match="got dict") as caught:
        text_of({"secret": 1})
    assert "secret" not in str(caught.value)
