"""Answers in the forms that models give them, with a restorer that waits for a word's end."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_fbmessenger import InvalidInputError
from langchain_fbmessenger.retrieval.answers import Answer


class Shouting:
    """Makes capitals of words, each of which is certain when the next begins."""

    def __init__(self) -> None:
        self._word = ""

    def feed(self, text: str) -> str:
        whole, _, self._word = (self._word + text).rpartition(" ")
        return f"{whole} ".upper() if whole else ""

    def flush(self) -> str:
        rest, self._word = self._word, ""
        return rest.upper()


def test_without_a_restorer_all_stays_as_it_is() -> None:
    message, chunk = AIMessage("a b", id="1"), AIMessageChunk(content="a", id="1")
    answer = Answer(None)
    assert answer.whole(message) is message
    assert answer.chunk(chunk) is chunk
    assert answer.rest() is None


def test_what_waits_comes_at_the_end_of_the_same_answer() -> None:
    answer = Answer(Shouting())
    chunks = [answer.chunk(AIMessageChunk(content=text, id="1")) for text in ("a", " b", " c")]
    rest = answer.rest()
    assert rest is not None
    assert [one.content for one in (*chunks, rest)] == ["", "A ", "B ", "C"]
    assert reduce(add, [*chunks, rest]).id == "1"
    assert answer.rest() is None


def test_the_last_chunk_brings_what_waited() -> None:
    answer = Answer(Shouting())
    answer.chunk(AIMessageChunk(content="a"))
    last = answer.chunk(AIMessageChunk(content="b", chunk_position="last"))
    assert (last.content, last.chunk_position) == ("AB", "last")
    assert answer.rest() is None


def test_blocks_of_text_are_restored_and_others_left() -> None:
    thought = {"type": "reasoning", "reasoning": "hm"}
    message = AIMessage([thought, {"type": "text", "text": "a b"}, "c d"])  # type: ignore[list-item]
    told = Answer(Shouting()).whole(message)
    assert told.content == [thought, {"type": "text", "text": "A "}, "BC ", "D"]
    assert message.content[1] == {"type": "text", "text": "a b"}


def test_a_message_of_a_model_that_does_not_stream_becomes_a_chunk() -> None:
    call = {"name": "f", "args": {"x": 1}, "id": "7", "type": "tool_call"}
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    message = AIMessage(
        "hi", id="1", tool_calls=[call], usage_metadata=usage, response_metadata={"a": 1}
    )
    chunk = Answer(None).chunk(message)
    assert isinstance(chunk, AIMessageChunk)
    assert (chunk.text, chunk.id, chunk.tool_calls) == ("hi", "1", [call])
    assert (chunk.usage_metadata, chunk.response_metadata) == (usage, {"a": 1})


@pytest.mark.parametrize("wrong", ["secret", None, {"content": "secret"}])
def test_other_things_than_messages_are_refused(wrong: Any) -> None:
    for call in (Answer(None).whole, Answer(None).chunk):
        with pytest.raises(InvalidInputError, match="gives AI messages") as caught:
            call(wrong)
        assert "secret" not in str(caught.value)
