"""`chat`: a long conversation forgets its oldest turns, whatever the model tells of its context."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from pydantic import Field
from rich.console import Console

from langchain_fbmessenger import FineTuningError
from langchain_fbmessenger.cli.commands.talk import Conversation, talk
from langchain_fbmessenger.fine_tuning.connection import http_library

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMPT = ChatPromptTemplate.from_messages(
    [
        SystemMessage("You are Cap."),
        MessagesPlaceholder("history", optional=True),
        ("human", "{input}"),
    ]
)


class Model(BaseChatModel):
    """Reads so many words, two of each message its template's; refuses what is longer."""

    context: int = 60
    tells: bool = True
    max_tokens: int | None = 10
    read: list[list[BaseMessage]] = Field(default_factory=list)
    refusal: dict[str, Any] = Field(default={"code": "context_length_exceeded", "message": "no"})

    @property
    def _llm_type(self) -> str:
        return "words"

    def context_length(self) -> int | None:
        return self.context if self.tells else None

    def get_num_tokens_from_messages(self, messages: Sequence[BaseMessage], *_: Any) -> int:
        assert self.tells, "it cannot count"
        return self.size(messages)

    def size(self, messages: Sequence[BaseMessage]) -> int:
        return sum(len(str(message.content).split()) + 2 for message in messages)

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.read.append(messages)
        if self.size(messages) > self.context:
            library = http_library()
            response = library.Response(400, request=library.Request("POST", "http://host"))
            words = f"Error code: 400 - {self.refusal}"  # as the SDK puts it
            raise openai.BadRequestError(words, response=response, body=self.refusal)
        if messages[-1].content == "ramble":
            raise KeyboardInterrupt
        return ChatResult(generations=[ChatGeneration(message=AIMessage("aye aye"))])


def told(model: Model, said: list[str] | None, typed: list[str] | None = None) -> str:
    shown = io.StringIO()
    console = Console(file=shown, width=500)
    lines = iter(typed or ())

    def read(_: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    console.input = read  # type: ignore[assignment, method-assign]
    talk(Conversation(PROMPT, model), console, said)
    return shown.getvalue()


@given(st.lists(st.integers(1, 12), min_size=1, max_size=25), st.booleans())
def test_a_conversation_goes_on_for_as_long_as_one_likes(sizes: list[int], tells: bool) -> None:
    model = Model(tells=tells)
    said = [" ".join([f"{at}", *["word"] * size]) for at, size in enumerate(sizes)]
    shown = told(model, said)
    assert shown.count("aye aye") == len(said)
    answered = [messages for messages in model.read if model.size(messages) <= model.context]
    assert len(answered) == len(said)
    for message, messages in zip(said, answered, strict=True):
        assert messages[0] == SystemMessage("You are Cap.")
        assert messages[-1] == HumanMessage(message)
        kinds = [m.type for m in messages[1:]]
        assert kinds == ["human", "ai"] * (len(kinds) // 2) + ["human"]
        if tells:
            assert model.size(messages) <= model.context - 10, "there is room for the answer"
    forgot = any(len(m) < 2 * at + 2 for at, m in enumerate(answered))
    assert shown.count("forgets them from here on") == forgot


def test_no_turn_goes_that_would_fit() -> None:
    model = Model(max_tokens=None)
    told(model, ["a b c"] * 9)
    last = model.read[-1]
    assert model.size(last) <= 60 < model.size(last) + model.size([*last[1:3]])


def test_a_limit_of_the_answer_above_the_context_leaves_half_for_the_prompt() -> None:
    model = Model(max_tokens=500)
    told(model, ["a b c"] * 9)
    assert 20 < model.size(model.read[-1]) <= 30


def test_a_message_too_long_alone_is_told_and_the_conversation_goes_on() -> None:
    model = Model()
    shown = told(model, None, ["hi", "word " * 100, "hi again"])
    assert shown.count("aye aye") == 2
    assert "alone is longer than the model can read" in shown
    with pytest.raises(FineTuningError) as caught:
        told(model, ["word " * 100])
    assert caught.value.code == "context_length_exceeded"


def test_what_was_too_long_alone_costs_no_memory() -> None:
    model = Model()
    shown = told(model, None, ["hi", "word " * 100, "hi again"])
    assert [m.content for m in model.read[-1][1:]] == ["hi", "aye aye", "hi again"]
    assert "forgets" not in shown


def test_a_server_that_gives_no_code_is_understood() -> None:
    words = "This model's maximum context length is 60 tokens."
    model = Model(tells=False, refusal={"code": 400, "message": words})
    shown = told(model, None, [*["a b c d e"] * 9, "word " * 100, "hi again"])
    assert shown.count("aye aye") == 10
    assert "alone is longer than the model can read" in shown


def test_an_answer_can_be_broken_off() -> None:
    model = Model()
    shown = told(model, None, ["hi", "ramble", "hi again"])
    assert shown.count("aye aye") == 2
    assert "Broken off" in shown
    assert [m.content for m in model.read[-1][1:]] == ["hi", "aye aye", "hi again"]
    with pytest.raises(KeyboardInterrupt):
        told(model, ["ramble"])


def test_bytes_that_are_no_letters_are_no_obstacle() -> None:
    model = Model()
    assert "aye aye" in told(model, ["a \udcff b"])
    assert model.read[-1][-1].content == "a ? b"


def test_ctrl_c_at_the_question_ends_the_command_as_everywhere() -> None:
    console = Console(file=io.StringIO())

    def read(_: object) -> str:
        raise KeyboardInterrupt

    console.input = read  # type: ignore[assignment, method-assign]
    with pytest.raises(KeyboardInterrupt):
        talk(Conversation(PROMPT, Model()), console, None)
