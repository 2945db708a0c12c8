"""Ask a model the questions of an audit, each at its own temperature; failures are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables.base import RunnableBindingBase

from langchain_fbmessenger.evaluation.answering import (
    AnswerLimits,
    Asked,
    aanswer_all,
    answer_all,
    refuse_before_asking,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_core.runnables import Runnable

__all__ = ["Answers", "Question", "aask", "ask"]

# A copy may stand at the end of a long answer, and a large model on a small machine takes its time.
_LIMITS = AnswerLimits(seconds=600.0, characters=100_000)


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
    error: BaseException | None = None

    @property
    def failed(self) -> int:
        """How many questions it failed at."""
        return self.texts.count(None)

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
        on_answers: Is called with how many more are answered, again and again.

    Raises:
        Exception: The model's own, where it failed at every question.
        InvalidInputError: It gives neither messages nor texts.
        InvalidOptionError: `max_concurrency` is below 1, or the environment asks for a tracer that
            LangChain no longer has.
    """
    refuse_before_asking(_LIMITS, max_concurrency)
    answers = Answers([None] * len(questions))
    settings: dict[str, Any] = _settings(answers, max_concurrency, on_answers)
    for at_temperature, asked in _by_temperature(model, questions):
        answer_all(at_temperature, asked, _LIMITS, **settings)
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
    refuse_before_asking(_LIMITS, max_concurrency)
    answers = Answers([None] * len(questions))
    settings: dict[str, Any] = _settings(answers, max_concurrency, on_answers)
    for at_temperature, asked in _by_temperature(model, questions):
        await aanswer_all(at_temperature, asked, _LIMITS, **settings)
    answers.refuse_if_none()
    return answers


def _settings(
    answers: Answers, max_concurrency: int, on_answers: Callable[[int], None]
) -> dict[str, Any]:
    def note(asked: Asked) -> None:
        # A blank answer is one: it gives nothing away. No word in all the time is a failure.
        gave_up = asked.is_over and not asked.text
        answers.texts[asked.number] = None if asked.error or gave_up else asked.text
        answers.error = asked.error or answers.error
        on_answers(1)

    return {"max_concurrency": max_concurrency, "on_answer": note}


def _by_temperature(
    model: Runnable[Any, Any], questions: Sequence[Question]
) -> Iterator[tuple[Runnable[Any, Any], list[Asked]]]:
    """Give the model, set to a temperature, and what to ask it at that."""
    numbered = enumerate(questions)
    for temperature, group in groupby(numbered, key=lambda pair: pair[1].temperature):
        asked = [Asked(number, question.turns) for number, question in group]
        yield _at_temperature(model, temperature), asked


def _at_temperature(model: Runnable[Any, Any], temperature: float) -> Runnable[Any, Any]:
    """Return a chat model set to a temperature; anything else answers as it is set up."""
    inner: Any = model
    while isinstance(inner, RunnableBindingBase):
        inner = inner.bound
    if isinstance(inner, BaseChatModel):
        return model.bind(temperature=temperature)
    return model
