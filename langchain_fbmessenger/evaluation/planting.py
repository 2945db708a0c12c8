"""Plant canaries: training examples in, the same and some invented secrets out."""

from __future__ import annotations

import random
from functools import cache
from itertools import cycle, islice
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.evaluation.canaries import Canaries, Canary, checked_examples
from langchain_fbmessenger.examples import source_of
from langchain_fbmessenger.examples.schema import SourcedExample
from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["PlantedExamples", "plant_canaries"]

_DIGIT, _WORD = "#", "word"


class PlantedExamples(NamedTuple):
    """Training examples with canaries among them, and what those are."""

    examples: list[TrainingExample]
    canaries: Canaries

    def __repr__(self) -> str:
        return line("PlantedExamples", self._asdict())


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    pattern: str
    asks: str
    answers: str
    about: tuple[str, ...]


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    words: tuple[str, ...]
    forms: dict[str, _Form]


def plant_canaries(
    examples: Iterable[TrainingExample],
    *,
    count: int = 10,
    repeats: Sequence[int] = (1, 4, 16),
    seed: int | None = None,
) -> PlantedExamples:
    """Put examples with invented secrets among training examples, for `audit_leaks` to ask for.

    Each canary is an example of its own: the system prompt of another one, a question, and an
    answer that holds a secret. Plant them in what is trained, so after `split_examples`; a model
    that was trained with canaries is for measuring, not for use.

    Args:
        examples: The training examples, which stay as they are.
        count: How many secrets to plant; as many are made as controls.
        repeats: How often to plant each: the secrets are shared out evenly among these numbers, so
            that the audit shows what repetition does.
        seed: Draws the same secrets again; new ones by default.

    Returns:
        The examples with the canaries at random places, and the canaries.

    Raises:
        InvalidExampleError: There are no examples, or one breaks a rule.
        InvalidOptionError: `count` or `repeats` is out of range.
    """
    slots = [(name, about) for name, form in _table().forms.items() for about in form.about]
    if not 1 <= count <= len(slots) // 2:
        message = f"count must be between 1 and {len(slots) // 2}, not {count}"
        raise InvalidOptionError(message)
    if not repeats or min(repeats) < 1:
        message = "repeats must be at least 1: how often each canary is planted"
        raise InvalidOptionError(message)
    given = list(checked_examples(examples))
    draw = random.Random(seed)  # noqa: S311 - the secrets are made to be found
    draw.shuffle(slots)
    often = [*islice(cycle(repeats), count), *[0] * count]
    planted: list[Canary] = []
    controls: list[Canary] = []
    new: list[TrainingExample] = []
    for (form, about), times in zip(slots, often, strict=False):
        beside = draw.choice(given)
        canary = _canary(form, about, times, beside, draw)
        (planted if times else controls).append(canary)
        new += [_example(canary, beside) for _ in range(times)]
    return PlantedExamples(_scattered(given, new, draw), Canaries(tuple(planted), tuple(controls)))


def _canary(
    name: str, about: str, times: int, beside: TrainingExample, draw: random.Random
) -> Canary:
    form = _table().forms[name]
    secret, space = _secret(form.pattern, draw)
    first = beside["messages"][0]
    head = [("system", first["content"])] if first["role"] == "system" else []
    return Canary(
        form=name,
        prompt=(*head, ("user", form.asks.format(about=about))),
        answer=form.answers.format(about=about, secret=secret),
        secret=secret,
        space=space,
        repeats=times,
    )


def _secret(pattern: str, draw: random.Random) -> tuple[str, int]:
    """Draw a secret of a pattern; returns how many there are, too."""
    words = _table().words
    choices: list[Sequence[str]] = []
    while pattern:
        if pattern.startswith(_WORD):
            choices.append(words)
            pattern = pattern.removeprefix(_WORD)
        else:
            choices.append("0123456789" if pattern[0] == _DIGIT else pattern[0])
            pattern = pattern[1:]
    return "".join(draw.choice(of) for of in choices), prod(len(of) for of in choices)


def _example(canary: Canary, beside: TrainingExample) -> TrainingExample:
    turns: list[Any] = [{"role": role, "content": text} for role, text in canary.prompt]
    turns.append({"role": "assistant", "content": canary.answer})
    source = source_of(beside)
    if source is None:
        return {"messages": turns}
    # So that the job knows the template of the system prompt as it does without canaries.
    return cast("TrainingExample", SourcedExample(turns, source))


def _scattered(
    given: list[TrainingExample], new: list[TrainingExample], draw: random.Random
) -> list[TrainingExample]:
    """Return both lists as one: the given examples in their order, the new ones anywhere."""
    places = set(draw.sample(range(len(given) + len(new)), len(new)))
    draw.shuffle(new)
    sources = iter(given), iter(new)
    return [next(sources[place in places]) for place in range(len(given) + len(new))]


@cache
def _table() -> _Table:
    return read_table(__package__, "canary_forms.toml", _Table)
