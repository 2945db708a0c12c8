"""A chat model that stands before another, by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManager
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, Field

from langchain_fbmessenger.agents.chat_model import PseudonymousChatModel, pseudonymous
from langchain_fbmessenger.agents.handlers import config_that_restores
from langchain_fbmessenger.agents.walk import MessageWalk
from tests.unit_tests.agents.recording_model import RecordingModel, sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms

TEXT = "Milo Dvořák has +420 777 123 456, I think"


def echo(messages: list[BaseMessage]) -> AIMessage:
    return AIMessage(messages[-1].text)


@pytest.fixture
def model() -> RecordingModel:
    return RecordingModel(answers=[echo])


@pytest.fixture
def before(model: RecordingModel, new_call: Callable[..., CallPseudonyms]) -> PseudonymousChatModel:
    return pseudonymous(model, new_call())


def assert_nobody_was_named(model: RecordingModel) -> None:
    assert model.seen
    assert "Milo" not in sent(model)
    assert "777 123" not in sent(model)


def test_it_is_invoked_and_streams(before: PseudonymousChatModel, model: RecordingModel) -> None:
    assert before.invoke(TEXT).text == TEXT
    chunks = [chunk.text for chunk in before.stream(TEXT)]

    assert "".join(chunks) == TEXT
    assert len(chunks) > 10
    assert before.generate([[HumanMessage(TEXT)]]).generations[0][0].text == TEXT
    assert_nobody_was_named(model)


async def test_it_is_awaited(before: PseudonymousChatModel, model: RecordingModel) -> None:
    assert (await before.ainvoke(TEXT)).text == TEXT
    assert "".join([chunk.text async for chunk in before.astream(TEXT)]) == TEXT
    assert_nobody_was_named(model)


def test_it_says_of_itself_what_the_model_says(
    before: PseudonymousChatModel, model: RecordingModel
) -> None:
    assert (before.model_name, before._llm_type) == ("gpt-recording", "recording")
    assert before.profile == model.profile
    with pytest.raises(AttributeError):
        _ = before.no_such_thing


def test_settings_name_nobody(before: PseudonymousChatModel, model: RecordingModel) -> None:
    before.invoke("hi", stop=["Milo"], user="Milo", model="Milo")
    before.bind(user="Milo").invoke("hi")

    assert model.settings[0]["model"] == "Milo"
    assert "Milo" not in repr([model.settings[0]["user"], model.settings[0]["stop"]])
    assert "Milo" not in repr(model.settings[1])


def test_structured_output_is_restored(new_call: Callable[..., CallPseudonyms]) -> None:
    class Person(BaseModel):
        """Somebody like Milo."""

        who: str

    def answer(messages: list[BaseMessage]) -> AIMessage:
        args = {"who": messages[-1].text}
        return AIMessage("", tool_calls=[{"name": "Person", "args": args, "id": "1"}])

    model = RecordingModel(answers=[answer])
    chain = pseudonymous(model, new_call()).with_structured_output(Person)

    assert chain.invoke("Milo Dvořák") == Person(who="Milo Dvořák")
    assert "Milo" not in sent(model)


def test_a_model_that_counts_tokens_is_not_told_either(
    new_call: Callable[..., CallPseudonyms],
) -> None:
    class Counting(RecordingModel):
        counted: list[Any] = Field(default_factory=list)

        def get_num_tokens_from_messages(self, messages: Any, tools: Any = None) -> int:
            self.counted.append((messages, tools))
            return 7

        def get_token_ids(self, text: str) -> list[int]:
            self.counted.append(text)
            return [1, 2]

    model = Counting(answers=[echo])
    before = pseudonymous(model, new_call())
    tool = {"name": "f", "description": "of Milo"}

    assert before.get_num_tokens_from_messages([HumanMessage(TEXT)]) == 7
    assert before.get_num_tokens_from_messages([HumanMessage(TEXT)], [tool]) == 7
    assert before.get_num_tokens(TEXT) == 2
    assert "Milo" not in repr(model.counted)


class Plain(BaseCallbackHandler):
    """A handler that feeds no stream."""


class Stream(Plain):
    """A handler that feeds a stream, and what that shows."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def tap_output_iter(self, run_id: Any, output: Any) -> Any:
        return output

    tap_output_aiter = tap_output_iter

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.shown.append(token)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self.shown.append(error)


def test_only_what_feeds_a_stream_is_stood_before(new_call: Callable[..., CallPseudonyms]) -> None:
    plain, stream = Plain(), Stream()
    manager = CallbackManager([plain, stream], [stream])
    made: Any = config_that_restores({"callbacks": manager}, new_call())["callbacks"]
    of_list: Any = config_that_restores({"callbacks": [plain, stream]}, new_call())["callbacks"]
    as_list = of_list.handlers

    assert made.handlers[0] is as_list[0] is plain
    assert made.handlers[1] is made.inheritable_handlers[0]
    assert stream not in [*made.handlers, *as_list]
    assert manager.handlers == [plain, stream]
    assert config_that_restores(None, new_call()).get("callbacks") is None
    assert as_list[1].tap_output_iter(None, 7) == as_list[1].tap_output_aiter(None, 7) == 7


@pytest.mark.parametrize("has_tools", [False, True])
def test_a_stream_is_fed_once(before: PseudonymousChatModel, has_tools: bool) -> None:
    stream = Stream()
    asked = before.bind_tools([{"name": "f", "description": "d"}]) if has_tools else before
    asked.invoke(TEXT, {"callbacks": [stream]})

    assert "".join(stream.shown) == TEXT
    assert len(stream.shown) > 10


def test_a_stream_hears_of_errors(new_call: Callable[..., CallPseudonyms]) -> None:
    def fail(messages: list[BaseMessage]) -> AIMessage:
        raise OSError(len(messages))

    stream = Stream()
    before = pseudonymous(RecordingModel(answers=[fail]), new_call())
    with pytest.raises(OSError, match="1"):
        before.invoke(TEXT, {"callbacks": [stream]})

    assert [type(one) for one in stream.shown] == [OSError]


def test_a_walk_rebuilds_what_structured_responses_are_made_of() -> None:
    class Point(BaseModel):
        label: str
        inner: tuple[str, int]

    walk = MessageWalk(str.upper, str.upper, str)
    point = Point(label="a", inner=("b", 1))

    assert walk.plain({"x": [point]}) == {"X": [Point(label="A", inner=("B", 1))]}
    assert point.label == "a"
