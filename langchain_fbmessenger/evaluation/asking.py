"""Ask a model many questions without a trace: prompts and answers of an audit are private chats."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.utils.env import env_var_is_set
from langsmith import tracing_context  # langchain-core depends on it: its tracing goes there

from langchain_fbmessenger.exceptions import InvalidInputError, InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_core.runnables import Runnable, RunnableConfig

__all__ = ["Answers", "Question", "aask", "ask", "refuse_old_tracing"]

# LangChain refuses every call under these, unless LangSmith's tracing is on, which it must not be.
_OLD_TRACING = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")


@dataclass(frozen=True)
class Question:
    """What a model is asked.

    Attributes:
        turns: The turns of the prompt, each a role and a text.
        temperature: How an answer is drawn; 0 takes the likeliest.
    """

    turns: tuple[tuple[str, str], ...]
    temperature: float

    @property
    def text(self) -> str:
        """All that the model is told."""
        return "\n".join(text for _, text in self.turns)


@dataclass
class Answers:
    """What a model has answered.

    Attributes:
        texts: An answer for each question, None where the model failed.
        error: What it failed with the last time.
    """

    texts: list[str | None] = field(default_factory=list)
    error: Exception | None = None

    @property
    def failed(self) -> int:
        """How many questions it failed at."""
        return self.texts.count(None)

    def take(self, outputs: list[Any]) -> None:
        """Note what a model gave: messages, texts, or errors."""
        for output in outputs:
            if isinstance(output, Exception):
                self.error = output
            self.texts.append(None if isinstance(output, Exception) else _text_of(output))

    def refuse_if_none(self) -> None:
        """Raise the model's own last error if it failed at every question."""
        if self.error is not None and self.failed == len(self.texts):
            raise self.error


def ask(
    model: Runnable[Any, Any],
    questions: Sequence[Question],
    *,
    max_concurrency: int,
    on_answers: Callable[[int], None],
) -> Answers:
    """Ask a model; what it fails at is counted.

    It runs in a context of its own, in which nobody traces and no callbacks of the caller listen.

    Args:
        model: Takes messages, gives a message or a text.
        questions: What to ask.
        max_concurrency: How many at once.
        on_answers: Is called with the number of answers so far, again and again.

    Raises:
        Exception: The model's own, where it failed at every question.
        InvalidInputError: It gives neither messages nor texts.
        InvalidOptionError: `max_concurrency` is below 1, or the environment asks for a tracer that
            LangChain no longer has.
    """
    _refuse_before_asking(max_concurrency)
    answers = Answers()

    def ask_all() -> None:
        with tracing_context(enabled=False):
            for asked, messages in _batches(model, questions, max_concurrency):
                config: RunnableConfig = {"max_concurrency": max_concurrency}
                answers.take(asked.batch(messages, config, return_exceptions=True))
                on_answers(len(messages))

    Context().run(ask_all)
    answers.refuse_if_none()
    return answers


async def aask(
    model: Runnable[Any, Any],
    questions: Sequence[Question],
    *,
    max_concurrency: int,
    on_answers: Callable[[int], None],
) -> Answers:
    """Ask a model; the async twin of `ask`."""
    _refuse_before_asking(max_concurrency)
    answers = Answers()

    async def ask_all() -> None:
        with tracing_context(enabled=False):
            for asked, messages in _batches(model, questions, max_concurrency):
                config: RunnableConfig = {"max_concurrency": max_concurrency}
                answers.take(await asked.abatch(messages, config, return_exceptions=True))
                on_answers(len(messages))

    # A task takes the context that it is made in; Python 3.10 has no argument for it. Who cancels
    # us cancels it: we wait for nothing else.
    await Context().run(asyncio.get_running_loop().create_task, ask_all())
    answers.refuse_if_none()
    return answers


def _refuse_before_asking(max_concurrency: int) -> None:
    if max_concurrency < 1:
        message = f"max_concurrency must be at least 1, not {max_concurrency}"
        raise InvalidOptionError(message)
    refuse_old_tracing()


def refuse_old_tracing() -> None:
    """Refuse to ask where LangChain would answer only if it may trace.

    Raises:
        InvalidOptionError: The environment asks for a tracer that LangChain no longer has.
    """
    for name in _OLD_TRACING:
        if env_var_is_set(name):
            message = (
                f"{name} is set: LangChain then answers only while it is traced, and what is asked "
                "here are chats, which must not be. Unset it; LANGSMITH_TRACING=true may stay"
            )
            raise InvalidOptionError(message)


def _batches(
    model: Runnable[Any, Any], questions: Sequence[Question], size: int
) -> Iterator[tuple[Runnable[Any, Any], list[list[BaseMessage]]]]:
    """Give the model, set to a temperature, and what to ask it at once."""
    for temperature, group in groupby(questions, key=lambda question: question.temperature):
        asked = _at_temperature(model, temperature)
        while chunk := list(islice(group, size)):
            yield asked, [convert_to_messages(question.turns) for question in chunk]


def _at_temperature(model: Runnable[Any, Any], temperature: float) -> Runnable[Any, Any]:
    """Return a chat model set to a temperature; anything else answers as it is set up."""
    inner: Any = model
    while isinstance(inner, RunnableBindingBase):
        inner = inner.bound
    if isinstance(inner, BaseChatModel):
        return model.bind(temperature=temperature)
    return model


def _text_of(output: Any) -> str:
    if isinstance(output, str):
        return output
    if isinstance(output, BaseMessage):
        return str(output.text)
    message = f"the model gave a {type(output).__name__}: an audit reads messages or texts"
    raise InvalidInputError(message)
