"""The laws of the way there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_fbmessenger.privacy.findings import find_in
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from tests.unit_tests.agents.conftest import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms
    from langchain_fbmessenger.privacy.names import NameBook

    NewCall = Callable[..., CallPseudonyms]

IDENTIFIERS = (
    "+420 777 123 456", "+420777123456", "+44 20 7946 0958", "zoe.b@example.com",
    "Zoe.B@example.com", "221B Baker Street", "GB82 WEST 1234 5698 7654 32", "8.8.4.4",
    "4111 1111 1111 1111", "https://x.example/reset/9fK2mQx7Lp4Tz8Rw",
)  # fmt: skip
PARTS = tuple(part for name in PEOPLE for part in name.split())
WORDS = ("so", "the", "is", "at", ",", ".", "!", "\n", "(", ")", "“", "🦄", "1", "[phone]", "é")

styles = st.sampled_from(["placeholder", "fake"])
real = st.sampled_from(PEOPLE + PARTS + IDENTIFIERS)
texts = st.lists(real | st.sampled_from(WORDS), max_size=8).map(" ".join)
jsons = st.recursive(
    texts | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
blocks = st.lists(
    texts
    | st.builds(lambda text: {"type": "text", "text": text}, texts)
    | st.builds(lambda text: {"type": "reasoning", "summary": [{"text": text}]}, texts),
    max_size=3,
)
args = st.dictionaries(st.sampled_from(["who", "what"]), jsons, max_size=2)
calls = st.lists(
    st.builds(lambda a: {"name": "look_up", "args": a, "id": "c1", "type": "tool_call"}, args),
    max_size=2,
)
invalid = st.lists(
    st.builds(
        lambda text: {"name": "look_up", "args": text, "id": "c2", "error": text,
                      "type": "invalid_tool_call"},
        texts | args.map(json.dumps),
    ),
    max_size=1,
)  # fmt: skip
kwargs = st.dictionaries(st.sampled_from(["refusal", "sender", "notes"]), jsons, max_size=2)
contents = texts | blocks | jsons.map(json.dumps)
messages = st.one_of(
    st.builds(HumanMessage, contents, name=st.none() | real),
    st.builds(SystemMessage, contents),
    st.builds(
        AIMessage, contents, name=st.none() | real, tool_calls=calls, invalid_tool_calls=invalid,
        additional_kwargs=kwargs, response_metadata=kwargs,
    ),
    st.builds(ToolMessage, contents, tool_call_id=st.just("c1"), additional_kwargs=kwargs),
    st.builds(FunctionMessage, texts, name=st.just("look_up")),
    st.builds(AIMessageChunk, contents, response_metadata=kwargs),
)  # fmt: skip


def all_texts(value: Any) -> list[str]:
    """Return all texts in a message, JSON in texts read."""
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except ValueError:
            read = None
        return [value, *(all_texts(read) if isinstance(read, dict | list) else ())]
    if isinstance(value, dict):
        return [one for pair in value.items() for part in pair for one in all_texts(part)]
    return [one for part in value for one in all_texts(part)] if isinstance(value, list) else []


@given(asked=st.lists(messages, min_size=1, max_size=4), style=styles)
def test_no_name_or_identifier_of_a_message_reaches_the_model(
    new_call: NewCall, book: NameBook, asked: list[Any], style: str
) -> None:
    before = repr(asked)
    told = new_call(style).to_model(asked)
    finders = [IdentifierFinder(secret=book.secret, style=style), book.finder()]
    found = [
        (text[one.start : one.end], one.replacement)
        for text in all_texts([message.model_dump() for message in told])
        for one in find_in(text, finders)
    ]

    assert found == []
    assert repr(asked) == before
    assert [*map(type, told)] == [*map(type, asked)]


@given(text=texts, style=styles)
def test_what_comes_back_is_what_went(new_call: NewCall, text: str, style: str) -> None:
    call = new_call(style)
    [told] = call.to_model([HumanMessage(text)])

    assert call.restored(told.text) == text


@given(asked=messages)
def test_a_message_comes_back_as_it_went(new_call: NewCall, asked: Any) -> None:
    call = new_call()
    [told] = call.to_model([asked])
    back = call.back.message(told)

    read = _read(back.model_dump())
    assert read == _read(asked.model_dump())


def _read(value: Any) -> Any:
    """Return a value with JSON in its texts read: how it is written does not matter."""
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except ValueError:
            return value
        return _read(read) if isinstance(read, dict | list | str) else value
    if isinstance(value, dict):
        return {key: _read(one) for key, one in value.items()}
    return [*map(_read, value)] if isinstance(value, list) else value


@given(asked=messages)
def test_what_has_been_changed_is_left_alone(new_call: NewCall, asked: Any) -> None:
    call = new_call()
    [told] = call.to_model([asked])

    assert repr(call.there.message(told)) == repr(told)


@given(text=texts, style=styles)
def test_what_is_ours_in_a_longer_text_is_left_alone(
    new_call: NewCall, text: str, style: str
) -> None:
    call = new_call(style)
    [told] = call.to_model([SystemMessage(text)])
    longer = SystemMessage(f"Well: {told.text} so")

    assert call.there.message(longer) == longer


@pytest.mark.parametrize(
    "written",
    ["[phone-{}]", "\\[phone-{}\\]", "[Phone {}]", "[ phone-{} ]", "[PHONE_{}]"],
)
def test_placeholders_come_back_as_models_write_them(new_call: NewCall, written: str) -> None:
    call = new_call()
    [told] = call.to_model([HumanMessage("call +420 777 123 456")])
    letters = told.text[-6:-1]

    assert call.restored(f"Yes: {written.format(letters)}.") == "Yes: +420 777 123 456."
    assert call.restored("[phone-bbbbb] [phone]") == "[phone-bbbbb] [phone]"


def test_invented_numbers_come_back_as_models_write_them(new_call: NewCall) -> None:
    call = new_call("fake")
    [told] = call.to_model([HumanMessage("call +420 777 123 456")])
    number = told.text.removeprefix("call ")

    assert number != "+420 777 123 456"
    for written in (number, number.replace(" ", ""), number.replace(" ", "-"), number[1:]):
        assert call.restored(f"Yes, {written}!") == "Yes, +420 777 123 456!"
    assert call.restored(f"{number}7") == f"{number}7"


def test_json_stays_json(new_call: NewCall) -> None:
    call = new_call()
    street = "221B Baker Street,\nLondon NW1 6XE"
    [told] = call.to_model([HumanMessage(street)])
    answer = json.dumps({"where": told.text, "n": 1})

    assert json.loads(call.restored(answer)) == {"where": street, "n": 1}


def test_names_that_json_escapes_come_back(new_call: NewCall, book: NameBook) -> None:
    answer = json.dumps({"who": book.invented("Milo Dvořák")})

    assert json.loads(new_call().restored(answer)) == {"who": "Milo Dvořák"}
    told = new_call().to_model([ToolMessage(json.dumps(["Milo Dvořák"]), tool_call_id="1")])
    assert json.loads(told[0].text) == [book.invented("Milo Dvořák")]


def test_what_programs_read_stays(new_call: NewCall) -> None:
    picture = {"type": "image", "url": "https://x.example/milo.png", "mime_type": "image/png"}
    signed = {"type": "thinking", "thinking": "Milo?", "signature": "MiloMiloMilo"}
    asked = AIMessage([picture, signed], id="run-1", response_metadata={"model_name": "milo"})
    [told] = new_call().to_model([asked])

    [result] = new_call().to_model([ToolMessage("7", tool_call_id="1", name="Milo")])

    assert result.name == "Milo"
    assert told.content[0] == picture
    assert told.content[1]["signature"] == "MiloMiloMilo"
    assert told.content[1]["thinking"] != "Milo?"
    assert (told.id, told.response_metadata) == ("run-1", {"model_name": "milo"})


def test_names_of_tools_and_parameters_stay_and_their_words_do_not(
    new_call: NewCall, book: NameBook
) -> None:
    def schema(who: str) -> dict[str, Any]:
        milo = {"type": "string", "description": f"of {who}", "enum": [who]}
        return {
            "type": "function",
            "function": {
                "name": "milo",
                "description": f"finds {who}",
                "parameters": {"type": "object", "properties": {"milo": milo, "title": milo}},
            },
        }

    call = new_call()
    assert call.tool_to_model(schema("Milo")) == schema(book.invented("Milo Dvořák").split()[0])
    plain = schema("somebody")
    assert call.tool_to_model(plain) is plain
