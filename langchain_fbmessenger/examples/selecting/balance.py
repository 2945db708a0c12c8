"""Train less on what is said too often: examples in, fewer or lighter examples out.

An answer that is not to be trained stays as context (`weight: 0`) where a trained one follows; an
example in which none is left is dropped. Each is counted.
"""

from __future__ import annotations

import random
import warnings
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Optional, cast, overload

from pydantic import Field, field_validator
from typing_extensions import TypedDict, Unpack, override

from langchain_fbmessenger.examples.report import ExampleReport
from langchain_fbmessenger.examples.schema import (
    SourcedExample,
    TrainingExample,
    known_source,
    source_of,
    trained_answers,
)
from langchain_fbmessenger.examples.selecting.near_duplicates import exact_key, letters_of, near_key
from langchain_fbmessenger.examples.stage import ExampleStage
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.transcripts.times import as_gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession

__all__ = ["BalanceExamples", "balance_examples"]

_REPEATED = "said as often as allowed"
_LITTLE = "too little content"
_OLD = "thinned by age"
_SHARE = "beyond the contact's share"


class BalanceExamples(ExampleStage):
    """The Runnable form of `balance_examples`."""

    name: str | None = "balance_examples"

    # `Optional`, not `|`: pydantic reads these on Python 3.10 too.
    max_repeats: Optional[int] = Field(default=None, ge=1)  # noqa: UP045
    """How often one reply is trained at most."""

    near_duplicates: bool = True
    """Whether replies that differ in spelling only count as one."""

    max_share: Optional[float] = Field(default=None, gt=0, lt=1)  # noqa: UP045
    """Largest share of all trained answers that one contact gets, between 0 and 1."""

    half_life: Optional[timedelta] = None  # noqa: UP045
    """Age at which half of the examples are left, such as "365d"."""

    min_letters: Optional[int] = Field(default=None, ge=1)  # noqa: UP045
    """Fewest letters and digits in the trained answers of an example."""

    seed: int = 0
    """Chooses what is thinned."""

    report: Optional[ExampleReport] = Field(default=None, repr=False)  # noqa: UP045
    """Is filled with what is no longer trained, and why."""

    @field_validator("half_life", mode="before")
    @classmethod
    def _as_gap(cls, half_life: Any) -> timedelta | None:
        return None if half_life is None else as_gap(half_life)

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[TrainingExample]:
        report = ExampleReport() if self.report is None else self.report
        examples = cast("Iterator[TrainingExample]", sessions)
        if self.min_letters is not None:
            examples = _with_content(examples, self.min_letters, report)
        if self.max_repeats is not None:
            key = near_key if self.near_duplicates else exact_key
            examples = _without_repeats(examples, self.max_repeats, key, report)
        if self.half_life is not None:
            examples = _thinned(examples, self.half_life, self.seed, report)
        if self.max_share is not None:
            examples = _shared(examples, self.max_share, report)
        return examples


class BalanceOptions(TypedDict, total=False):
    """The options of `balance_examples`, for type checkers."""

    max_repeats: int | None
    near_duplicates: bool
    max_share: float | None
    half_life: str | timedelta | None
    min_letters: int | None
    seed: int
    report: ExampleReport | None


@overload
def balance_examples(
    examples: Iterable[TrainingExample], **options: Unpack[BalanceOptions]
) -> Iterator[TrainingExample]: ...
@overload
def balance_examples(
    examples: None = None, **options: Unpack[BalanceOptions]
) -> BalanceExamples: ...
@function_of(BalanceExamples, BalanceOptions)
def balance_examples(  # noqa: D417 - one by one
    examples: Iterable[TrainingExample] | None = None, **options: Any
) -> Iterator[TrainingExample] | BalanceExamples:
    """Limit what a model would learn too well: stock replies, one contact, the distant past.

    Nothing is limited unless asked for. An answer that is no longer trained stays as context
    before one that is.

    Args:
        examples: Training examples; without them a Runnable is returned.
        max_repeats: How often one reply is trained at most; the first ones are.
        near_duplicates: Whether replies count as one that differ in case, accents, punctuation,
            emoji, stretched letters and laughter only; False for case and white space only.
        max_share: Largest share of all trained answers that go to one contact (a person, or a
            group); the oldest are left out. Holds all examples in memory.
        half_life: Age, from the newest example, at which half of the examples are left, such as
            "365d" or a `timedelta`; a quarter at twice that age. Holds all examples in memory.
        min_letters: Fewest letters and digits in the trained answers of an example together: one
            that is only "ok" teaches little.
        seed: Chooses what is thinned by age; the same seed, the same choice.
        report: Is filled with what is no longer trained, and why.

    Returns:
        An iterator over examples, or the Runnable that does the same.

    Raises:
        InvalidOptionError: An option is out of its range.
        InvalidExampleError: An example does not know who it was written to or when, as `max_share`
            and `half_life` need: those read from a file do not.

    Warns:
        UserWarning: `max_share` asks for more contacts than there are, and is not applied; or it
            leaves less than half of the answers.

    Example:
        ```python
        pipeline = map_ai_messages() | to_training_examples() | balance_examples(max_repeats=5)
        ```
    """
    return runnable_or_iterator(BalanceExamples(**options), examples)


def _with_content(
    examples: Iterator[TrainingExample], min_letters: int, report: ExampleReport
) -> Iterator[TrainingExample]:
    for example in examples:
        answers = trained_answers(example)
        letters = sum(letters_of(example["messages"][n]["content"]) for n in answers)
        gone = answers if letters < min_letters else []
        yield from _untrained(example, gone, _LITTLE, report)


def _without_repeats(
    examples: Iterator[TrainingExample], most: int, key: Any, report: ExampleReport
) -> Iterator[TrainingExample]:
    said: Counter[int] = Counter()  # hashes: a lifetime's replies would not fit as texts
    for example in examples:
        gone = []
        for number in trained_answers(example):
            reply = hash(key(example["messages"][number]["content"]))
            said[reply] += 1
            if said[reply] > most:
                gone.append(number)
        yield from _untrained(example, gone, _REPEATED, report)


def _thinned(
    examples: Iterator[TrainingExample], half_life: timedelta, seed: int, report: ExampleReport
) -> Iterator[TrainingExample]:
    known = [(example, known_source(example).time) for example in examples]
    # One message with a clock far ahead must not make all others old.
    now = datetime.now(tz=timezone.utc).timestamp() * 1000
    newest = max((time for _, time in known if time is not None and time <= now), default=0)
    rng = random.Random(seed)  # noqa: S311 - no secret
    for example, time in known:
        age = 0 if time is None else max(newest - time, 0)
        half_lives = age / (half_life / timedelta(milliseconds=1))
        gone = trained_answers(example) if rng.random() >= 0.5**half_lives else []
        yield from _untrained(example, gone, _OLD, report)


def _shared(
    examples: Iterator[TrainingExample], max_share: float, report: ExampleReport
) -> Iterator[TrainingExample]:
    known = [(example, known_source(example)) for example in examples]
    answers = Counter[str]()
    for example, source in known:
        answers[source.contact] += len(trained_answers(example))
    if known and len(answers) * max_share < 1:
        warnings.warn(
            f"balance_examples: max_share={max_share:g} needs more contacts than the "
            f"{len(answers)} there are: it is not applied.",
            stacklevel=2,
        )
        yield from (example for example, _ in known)
        return
    most = _most_per_contact(answers, max_share)
    kept_answers = sum(min(n, most) for n in answers.values())
    if kept_answers < answers.total() / 2:
        warnings.warn(
            f"balance_examples: max_share={max_share:g} leaves {kept_answers:,} of "
            f"{answers.total():,} answers, as there are few contacts of that size.",
            stacklevel=2,
        )
    left = dict.fromkeys(answers, most)
    gone: dict[int, list[int]] = {}
    newest_first = sorted(range(len(known)), key=lambda n: known[n][1].time or 0, reverse=True)
    for index in newest_first:
        example, source = known[index]
        numbers = trained_answers(example)
        kept = min(len(numbers), left[source.contact])
        left[source.contact] -= kept
        gone[index] = numbers[: len(numbers) - kept]
    for index, (example, _) in enumerate(known):
        yield from _untrained(example, gone[index], _SHARE, report)


def _most_per_contact(answers: Counter[str], max_share: float) -> int:
    """Return the most answers to one contact that are no more than the share of what is left."""
    low, high = 0, max(answers.values(), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        if middle <= max_share * sum(min(n, middle) for n in answers.values()):
            low = middle
        else:
            high = middle - 1
    return low


def _untrained(
    example: TrainingExample, gone: list[int], reason: str, report: ExampleReport
) -> Iterator[TrainingExample]:
    """Give the example without the training of some answers; nothing where no answer is left."""
    if not gone:
        yield example
        return
    report.not_trained[reason] += len(gone)
    kept = [number for number in trained_answers(example) if number not in gone]
    if not kept:
        report.examples_dropped[reason] += 1
        return
    turns = [
        cast("Any", {**turn, "weight": 0}) if number in gone else turn
        for number, turn in enumerate(example["messages"][: kept[-1] + 1])
    ]
    source = source_of(example)
    lighter = {"messages": turns} if source is None else SourcedExample(turns, source)
    yield cast("TrainingExample", lighter)
