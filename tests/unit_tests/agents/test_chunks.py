"""Messages that come in chunks are restored as whole ones are."""

from __future__ import annotations

import functools
import json
import operator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage

from langchain_fbmessenger.agents.chunks import ChunkRestorer, EventRestorer, as_chunk
from tests.unit_tests.agents.conftest import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms
    from langchain_fbmessenger.privacy.names import NameBook

    NewCall = Callable[..., CallPseudonyms]

PHONE = "+420 777 123 456"
words = st.lists(st.sampled_from([*PEOPLE, PHONE, "so", "“", "a\nb", "é"]), max_size=6)
texts = words.map(" ".join)


def merged(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    return functools.reduce(operator.add, chunks)


def restored(call: CallPseudonyms, chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    restorer = ChunkRestorer(call)
    out = [new for chunk in chunks for new in restorer.feed(chunk)]
    return merged([*out, *restorer.finish()])


def cut(text: str, data: st.DataObject) -> list[str]:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=9)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@given(text=texts, args=st.dictionaries(st.sampled_from("ab"), texts), data=st.data())
def test_however_a_message_is_cut_it_is_restored(
    new_call: NewCall, text: str, args: dict[str, str], data: st.DataObject
) -> None:
    call = new_call(data.draw(st.sampled_from(["placeholder", "fake"])))
    [said] = call.to_model([HumanMessage(text)])
    told = json.dumps(call.there.arguments(args), ensure_ascii=data.draw(st.booleans()))
    as_block = data.draw(st.booleans())
    chunks = []
    for piece in cut(said.text, data):
        block: Any = [{"type": "text", "text": piece, "index": 0}]
        chunks.append(AIMessageChunk(block if as_block else piece))
    name: Any = "look_up"
    for piece in cut(told, data):
        tool: Any = {"name": name, "args": piece, "id": name and "c1", "index": 1}
        chunks.append(AIMessageChunk([] if as_block else "", tool_call_chunks=[tool]))
        name = None
    is_closed = data.draw(st.booleans())
    last = AIMessageChunk([] if as_block else "", chunk_position="last" if is_closed else None)
    whole = restored(call, [*chunks, last])

    assert whole.text == text
    assert [one["args"] for one in whole.tool_calls] == [args]
    assert whole.tool_calls[0]["name"] == "look_up"


def test_text_comes_as_soon_as_it_is_certain(new_call: NewCall) -> None:
    restorer = ChunkRestorer(new_call())
    chunks = [AIMessageChunk(f"word{number} ") for number in range(5)]

    assert [new.content for chunk in chunks for new in restorer.feed(chunk)] == [
        chunk.content for chunk in chunks
    ]


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([{"type": "text", "text": "{}"}], [{"type": "text", "text": "Milo"}]),
        (["{}", " ok"], ["Milo ok"]),
        (
            [{"type": "input_json_delta", "index": 1, "partial_json": '{{"who": "'},
             {"type": "input_json_delta", "index": 1, "partial_json": '{}"}}'}],
            [{"type": "input_json_delta", "index": 1, "partial_json": '{"who": "Milo"}'}],
        ),
        (
            [{"type": "reasoning", "index": 0, "summary": [{"index": 0, "text": "{} is"}]}],
            [{"type": "reasoning", "index": 0, "summary": [{"index": 0, "text": "Milo is"}]}],
        ),
        (
            [{"type": "image", "index": 0, "url": "x://{}"}],
            [{"type": "image", "index": 0, "url": "x://{}"}],
        ),
    ],
)  # fmt: skip
def test_blocks_of_all_providers_are_restored(
    new_call: NewCall, book: NameBook, pieces: list[Any], whole: list[Any]
) -> None:
    milo = book.invented("Milo Dvořák").split()[0]
    told = json.loads(json.dumps(pieces).replace("{}", milo).replace("{{", "{").replace("}}", "}"))
    expected = json.loads(json.dumps(whole).replace("{}", milo))
    made = restored(new_call(), [AIMessageChunk([piece]) for piece in told]).content
    texts = [[block.get("text") for block in one if isinstance(block, dict)] for one in (made,)]

    if whole in ([{"type": "text", "text": "Milo"}], ["Milo ok"]):  # no index to be joined by
        said = "".join(one if isinstance(one, str) else one["text"] for one in made)
        assert said == "".join(one if isinstance(one, str) else one["text"] for one in whole), texts
    else:
        assert made == expected


def test_old_ways_to_call_tools_are_restored(new_call: NewCall, book: NameBook) -> None:
    milo = book.invented("Milo Dvořák")
    calls = [
        {"function_call": {"name": "f", "arguments": '{"who": "'}},
        {"function_call": {"arguments": milo + '"}'}},
        {"refusal": f"not {milo}"},
    ]
    made = restored(new_call(), [AIMessageChunk("", additional_kwargs=one) for one in calls])

    assert made.additional_kwargs == {
        "function_call": {"name": "f", "arguments": '{"who": "Milo Dvořák"}'},
        "refusal": "not Milo Dvořák",
    }


def test_arguments_that_were_cut_short_are_restored_as_text(
    new_call: NewCall, book: NameBook
) -> None:
    args = f'{{"who": "{book.invented("Milo Dvořák")}'
    tool: Any = {"name": "f", "args": args, "id": "1", "index": 0}
    made = restored(new_call(), [AIMessageChunk("", tool_call_chunks=[tool])])

    assert made.tool_call_chunks[0]["args"] == '{"who": "Milo Dvořák'


def test_a_model_that_does_not_stream_gives_a_message(new_call: NewCall, book: NameBook) -> None:
    milo = book.invented("Milo Dvořák")
    call: Any = {"name": "f", "args": {"who": milo}, "id": "1", "type": "tool_call"}
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    given = AIMessage(f"Hi {milo}", tool_calls=[call], usage_metadata=usage, id="m")
    made = restored(new_call(), [given])  # type: ignore[list-item]

    assert (made.text, made.id, made.usage_metadata) == ("Hi Milo Dvořák", "m", usage)
    assert made.tool_calls[0]["args"] == {"who": "Milo Dvořák"}
    assert as_chunk(made) is made


def test_events_are_restored(new_call: NewCall, book: NameBook) -> None:
    milo = book.invented("Milo Dvořák")
    call: Any = {"type": "tool_call", "name": "f", "args": {"who": milo}, "id": "1"}

    def of(kind: str, index: int, key: str, value: Any) -> dict[str, Any]:
        return {"event": f"content-block-{kind}", "index": index, key: value}

    events = [
        {"event": "message-start", "role": "ai", "id": "m"},
        of("start", 0, "content", {"type": "text", "text": ""}),
        of("delta", 0, "delta", {"type": "text-delta", "text": f"Hi {milo[:3]}"}),
        of("delta", 0, "delta", {"type": "text-delta", "text": milo[3:]}),
        of("finish", 0, "content", {"type": "text", "text": f"Hi {milo}"}),
        of("start", 1, "content", {"type": "tool_call_chunk", "args": "{"}),
        of("delta", 1, "delta", {"type": "tool-call-delta", "args": f'"who": "{milo}"'}),
        of("delta", 1, "delta", {"type": "block-delta", "fields": {"type": "x", "args": milo}}),
        of("delta", 1, "delta", {"type": "data-delta", "data": "AAAA"}),
        of("finish", 1, "content", call),
        {"event": "message-finish"},
    ]
    restorer = EventRestorer(new_call())
    made = [new for event in events for new in restorer.feed(event)]
    text = "".join(e["delta"].get("text", "") for e in made if "delta" in e and e["index"] == 0)

    assert milo not in repr(made)
    assert text == "Hi Milo Dvořák"
    assert made[-2]["content"]["args"] == {"who": "Milo Dvořák"}
    assert [e["content"]["text"] for e in made if e.get("content", {}).get("text")] == [text]
