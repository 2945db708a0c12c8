from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.local.api.chat_body import ChatRequest, read_chat_body, request_for
from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP, TRANSFORMERS

MESSAGES = [{"role": "user", "content": "hi"}]


def read(**body: Any) -> ChatRequest:
    return read_chat_body(json.dumps({"model": "m", "messages": MESSAGES, **body}).encode())


def messages(**message: Any) -> dict[str, Any]:
    return {"messages": [*MESSAGES, {"role": "user", **message}]}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": [5]}, "stop[0]"),
        ({"stop": ""}, "stop"),
        ({"stop": ["", "b"]}, "stop[0]"),
        ({"max_tokens": 2**31}, "max_tokens"),
        ({"top_k": 10**30}, "top_k"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        (
            {"response_format": {"type": "json_schema", "json_schema": "x"}},
            "response_format.json_schema",
        ),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"logit_bias": {"5": 101}}, "logit_bias[...]"),
        ({"logit_bias": {"five": 1}}, "logit_bias"),
        ({"logprobs": 5}, "logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"colour": 1}}, "stream_options.colour"),
        ({"response_format": {"type": "text", "colour": 1}}, "response_format.colour"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {}, "x": 1}}},
            "response_format.json_schema.x",
        ),
        ({"store": True}, "store"),
        ({"audio": {}}, "audio"),
        ({"colour": "red"}, "colour"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "king", "content": "hi"}]}, "messages[0].role"),
        (messages(content=5), "messages[1].content"),
        (messages(content=None), "messages[1].content"),
        (messages(content=[{"type": "image_url", "image_url": {}}]), "messages[1].content[0].type"),
        (messages(content=[{"type": "text"}]), "messages[1].content[0].text"),
    ],
)
def test_what_cannot_be_answered_names_the_field(body: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(**body)

    error = caught.value.body["error"]
    assert caught.value.status == 400
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


def test_messages_are_written_as_templates_read_them() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = read(
        messages=[
            {"role": "developer", "content": "You are Cap."},
            {"role": "user", "content": parts},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ]
    ).asked

    assert asked["messages"] == [
        {"role": "system", "content": "You are Cap."},
        {"role": "user", "content": "ab"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]


def test_an_engine_is_asked_for_what_it_acts_upon_only() -> None:
    chat = read(
        temperature=0.5, max_completion_tokens=7, top_k=3, user="u", store=False, n=1, stop=None,
        service_tier="auto", metadata={"k": "v"},
    )  # fmt: skip

    asked = request_for(chat, LLAMA_CPP.parameters).asked

    assert asked == {
        "messages": MESSAGES, "temperature": 0.5, "max_tokens": 7, "top_k": 3, "top_p": 0.95,
        "min_p": 0.05,
    }  # fmt: skip


@pytest.mark.parametrize("field", [{"tools": []}, {"response_format": {"type": "json_object"}}])
def test_what_the_engine_lacks_is_refused_by_name(field: dict[str, Any]) -> None:
    chat = read(**field)

    request_for(chat, LLAMA_CPP.parameters)
    with pytest.raises(ApiError) as caught:
        request_for(chat, TRANSFORMERS.parameters)

    error = caught.value.body["error"]
    assert (error["param"], error["code"]) == (next(iter(field)), "unsupported_parameter")


TOOLS = {
    "parallel_tool_calls": False,
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "weather"}}],
}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (TOOLS, "tools"),
        ({"tool_choice": "none", "parallel_tool_calls": True}, "tool_choice"),
        ({"parallel_tool_calls": True}, "parallel_tool_calls"),
    ],
)
def test_tools_are_refused_before_what_says_how_to_use_them(
    fields: dict[str, Any], param: str
) -> None:
    for ordered in (fields, dict(reversed(fields.items()))):
        with pytest.raises(ApiError) as caught:
            request_for(read(**ordered), TRANSFORMERS.parameters)
        assert caught.value.body["error"]["param"] == param


def test_whatever_is_lacking_is_refused_in_one_order() -> None:
    """Sets have another order in each process: which field was told was left to chance."""
    chat = read(
        **TOOLS, response_format={"type": "json_object"}, logprobs=True, top_logprobs=2, seed=1,
        stop="x", top_p=0.5, top_k=4, min_p=0.1, temperature=1, logit_bias={"5": 1},
        frequency_penalty=1, presence_penalty=1, repeat_penalty=1,
    )  # fmt: skip
    refused: list[str] = []
    while True:
        try:
            request_for(chat, frozenset({"messages", "max_tokens", *refused}))
        except ApiError as error:
            refused.append(str(error.body["error"]["param"]))
        else:
            break

    assert refused == [
        "temperature", "top_p", "top_k", "min_p", "stop", "seed", "presence_penalty",
        "frequency_penalty", "repeat_penalty", "logit_bias", "logprobs", "top_logprobs",
        "response_format", "tools", "tool_choice", "parallel_tool_calls",
    ]  # fmt: skip


def test_each_choice_has_a_seed_of_its_own() -> None:
    seeded, free = read(seed=5, n=3), read(n=3)

    assert [seeded.for_choice(index)["seed"] for index in range(3)] == [5, 6, 7]
    assert "seed" not in free.for_choice(1)
