from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from langchain_fbmessenger.local.engines.chunks import StopStrings, merge_chunks

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
TEXTS = st.text("ab\n", max_size=12)
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=4)


def chunk(delta: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 5,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None, **choice}],
    }


LAST = {**chunk({}), "choices": [], "usage": USAGE}


def merged(*chunks: dict[str, Any]) -> ChatCompletion:
    return ChatCompletion.model_validate(merge_chunks(chunks), strict=True)


def test_text_and_usage_add_up() -> None:
    answer = merged(
        chunk({"role": "assistant", "content": None}),
        chunk({"content": "a"}),
        chunk({"content": "b"}),
        chunk({}, finish_reason="length"),
        LAST,
    )

    assert answer.choices[0].message.content == "ab"
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5


def test_an_answer_of_no_token_is_an_empty_text() -> None:
    answer = merged(chunk({"role": "assistant", "content": None}), chunk({}, finish_reason="stop"))

    assert answer.choices[0].message.content == ""


def test_tool_calls_are_put_together_by_their_index() -> None:
    def call(index: int, **function: str) -> dict[str, Any]:
        names = {"id": f"call-{index}", "type": "function"} if "name" in function else {}
        return chunk({"tool_calls": [{"index": index, **names, "function": function}]})

    answer = merged(
        call(0, name="f", arguments='{"x'),
        call(1, name="g", arguments="{}"),
        call(0, arguments='": 1}'),
        chunk({}, finish_reason="tool_calls"),
    )

    calls = [call.to_dict() for call in answer.choices[0].message.tool_calls or ()]
    assert calls == [
        {"id": "call-0", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "call-1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    assert answer.choices[0].message.content is None


def test_logprobs_are_kept_in_order() -> None:
    def scored(token: str) -> dict[str, Any]:
        content = [{"token": token, "logprob": -1.0, "bytes": [1], "top_logprobs": []}]
        return chunk({"content": token}, logprobs={"content": content})

    answer = merged(scored("a"), scored("b"), chunk({}, finish_reason="stop"))

    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert [entry.token for entry in logprobs.content or ()] == ["a", "b"]


def test_choices_are_kept_apart_by_their_index() -> None:
    def of(index: int, text: str, **choice: Any) -> dict[str, Any]:
        part = chunk({"content": text}, **choice)
        part["choices"][0]["index"] = index
        return part

    answer = merged(of(1, "c"), of(0, "a"), of(1, "d", finish_reason="length"), of(0, "b"), LAST)

    assert [choice.index for choice in answer.choices] == [0, 1]
    assert [choice.message.content for choice in answer.choices] == ["ab", "cd"]
    assert [choice.finish_reason for choice in answer.choices] == ["stop", "length"]


@given(st.lists(TEXTS, max_size=8), STOPS)
def test_what_is_shown_ends_before_the_first_stop_string(
    pieces: list[str], stops: list[str]
) -> None:
    """However the answer comes in pieces, and at no time more than that."""
    whole = "".join(pieces)
    found = [at for stop in stops if (at := whole.find(stop)) >= 0]
    expected = whole[: min(found)] if found else whole
    filtered = StopStrings(stops)
    shown = ""
    for piece in pieces:
        shown += filtered.add(piece)
        assert expected.startswith(shown)
        if filtered.is_met:
            break

    assert shown + filtered.end() == expected
    assert filtered.is_met == bool(found)


def test_text_is_held_back_no_longer_than_it_need_be() -> None:
    filtered = StopStrings(["STOP"])

    assert filtered.add("well S") == "well "
    assert filtered.add("T") == ""
    assert filtered.add("ill") == "STill"
    assert filtered.add(" ST") == " "
    assert filtered.end() == "ST"


def test_an_empty_stop_string_stops_nothing() -> None:
    assert StopStrings([""]).add("text") == "text"
