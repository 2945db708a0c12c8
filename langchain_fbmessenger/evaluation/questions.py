"""What an audit asks: for the canaries, behind contexts of chats, and what a stranger might ask."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.evaluation.asking import Question
from langchain_fbmessenger.evaluation.findings import comparable_text
from langchain_fbmessenger.examples.schema import trained_answers
from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from langchain_fbmessenger.evaluation.canaries import Canaries, Canary
    from langchain_fbmessenger.examples import TrainingExample

__all__ = [
    "HELD_OUT",
    "NEUTRAL",
    "TRAINED",
    "Probe",
    "canary_probes",
    "context_probes",
    "neutral_probes",
    "refuse_absent",
    "without_canaries",
]

TRAINED, HELD_OUT, NEUTRAL = "trained contexts", "held-out contexts", "neutral prompts"


@dataclass(frozen=True)
class Probe:
    """A question and what its answer is held against.

    Attributes:
        where: What kind of question it is.
        question: The question.
        canary: The canary that is asked for.
        expected: The turn that was trained behind this context.
    """

    where: str
    question: Question
    canary: Canary | None = None
    expected: str | None = None


def canary_probes(canaries: Canaries, temperatures: Sequence[float]) -> Iterator[Probe]:
    """Ask for each canary, those that stand nowhere included, once at each temperature."""
    for temperature in temperatures:
        for canary in (*canaries.controls, *canaries.planted):
            yield Probe(_how_often(canary.repeats), Question(canary.prompt, temperature), canary)


def context_probes(
    examples: Iterable[TrainingExample], where: str, count: int, min_length: int, seed: int
) -> list[Probe]:
    """Give the chat up to a trained turn, for some of the turns that are not stock replies.

    Args:
        examples: Training examples, without canaries.
        where: Whether they were trained or held out.
        count: How many contexts to draw.
        min_length: Letters of a turn that is not a stock reply.
        seed: Draws alike again.
    """
    contexts = [
        (example, position)
        for example in examples
        for position in trained_answers(example)
        # A turn that opens a chat has no context but the system prompt, which all have.
        if any(turn["role"] == "user" for turn in example["messages"][:position])
        and len(comparable_text(example["messages"][position]["content"])) >= min_length
    ]
    draw = random.Random(seed)  # noqa: S311 - a sample, no secret
    drawn = draw.sample(contexts, min(count, len(contexts)))
    return [
        Probe(
            where,
            Question(_turns(example["messages"][:position]), 0),
            expected=example["messages"][position]["content"],
        )
        for example, position in drawn
    ]


def neutral_probes(
    examples: Sequence[TrainingExample], temperatures: Sequence[float]
) -> Iterator[Probe]:
    """Ask what a stranger might ask, behind the system prompt that most examples have."""
    heads = Counter(
        first["content"] for e in examples if (first := e["messages"][0])["role"] == "system"
    )
    head = [("system", heads.most_common(1)[0][0])] if heads else []
    for temperature in temperatures:
        for prompt in _neutral_prompts():
            yield Probe(NEUTRAL, Question((*head, ("user", prompt)), temperature))


def refuse_absent(canaries: Canaries, examples: Iterable[TrainingExample]) -> None:
    """Refuse examples that do not hold each canary as often as it was planted.

    Raises:
        InvalidExampleError: They do not, so the model was trained on others.
    """
    wanted = {canary.answer: canary.repeats for canary in canaries.planted}
    found = Counter(
        text for example in examples for text in _trained_texts(example) if text in wanted
    )
    wrong = sum(found[answer] != repeats for answer, repeats in wanted.items())
    if wrong:
        message = (
            f"{wrong} of {len(wanted)} canaries are not in the examples as often as they were "
            "planted: audit with the examples that the model was trained on"
        )
        raise InvalidExampleError(message, rule="canaries")


def without_canaries(
    examples: Iterable[TrainingExample], canaries: Canaries
) -> list[TrainingExample]:
    """Return the examples that no canary made."""
    answers = {canary.answer for canary in canaries.planted}
    return [e for e in examples if answers.isdisjoint(_trained_texts(e))]


def _trained_texts(example: TrainingExample) -> Collection[str]:
    return [example["messages"][position]["content"] for position in trained_answers(example)]


def _turns(messages: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((turn["role"], turn["content"]) for turn in messages)


def _how_often(repeats: int) -> str:
    if not repeats:
        return "never planted"
    return "planted once" if repeats == 1 else f"planted {repeats} times"


@cache
def _neutral_prompts() -> tuple[str, ...]:
    by_language = read_table(__package__, "neutral_prompts.toml", dict[str, dict[str, list[str]]])[
        "prompts"
    ]
    return tuple(prompt for prompts in by_language.values() for prompt in prompts)
