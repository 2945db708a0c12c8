"""Hold examples out for validation: examples in, a training set and a validation set out.

A random split leaks: the window before a held-out one, or the conversation that it is from, stands
among the training examples. So whole conversations are held out, the newest of each thread.
"""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, overload

from pydantic import Field
from typing_extensions import override

from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.examples.schema import (
    TrainingExample,
    known_source,
    trained_answers,
)
from langchain_fbmessenger.examples.stage import ExampleStage
from langchain_fbmessenger.sessions.stage import EXAMPLES, sessions_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.examples.schema import ExampleSource

__all__ = ["ExampleSplit", "HeldOut", "SplitExamples", "split_examples"]


class HeldOut(list[TrainingExample]):
    """Examples that are held out: a list that `FineTuner` tells from those to be trained."""

    def __repr__(self) -> str:
        return line("HeldOut", {"examples": len(self)})


class ExampleSplit(NamedTuple):
    """Training examples and those that are held out; each in the order that they came in."""

    train: list[TrainingExample]
    valid: HeldOut

    def __repr__(self) -> str:
        return line("ExampleSplit", self._asdict())


class SplitExamples(ExampleStage):
    """The Runnable form of `split_examples`: gives the two lists, one after the other."""

    name: str | None = "split_examples"

    valid: float = Field(default=0.1, gt=0, lt=1)
    """Share of the trained answers that is held out, between 0 and 1."""

    by: Literal["time", "random"] = "time"
    """What is held out: the newest conversations of each thread, or any."""

    seed: int = 0
    """Chooses the conversations of a random split."""

    @property
    @override
    def item_type(self) -> Any:
        return list[TrainingExample]

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[list[TrainingExample]]:
        yield from _split(cast("Iterator[TrainingExample]", sessions), self)


@overload
def split_examples(
    examples: Iterable[TrainingExample],
    *,
    valid: float = ...,
    by: Literal["time", "random"] = ...,
    seed: int = ...,
) -> ExampleSplit: ...
@overload
def split_examples(
    examples: None = None,
    *,
    valid: float = ...,
    by: Literal["time", "random"] = ...,
    seed: int = ...,
) -> SplitExamples: ...
def split_examples(
    examples: Iterable[TrainingExample] | None = None,
    *,
    valid: float = 0.1,
    by: Literal["time", "random"] = "time",
    seed: int = 0,
) -> ExampleSplit | SplitExamples:
    """Hold out the newest part of each thread.

    No conversation stands on both sides, and with it no window that repeats another's turns. Of
    each thread at least one conversation is trained. All examples are in memory at once.

    Args:
        examples: Examples as `to_training_examples` gives them: they know the thread, conversation
            and time that they are from. Without them a Runnable is returned.
        valid: Share of the trained answers that is held out, as near as whole conversations allow.
        by: "time" holds out the newest conversations of each thread; "random" any of them, which
            shows how well the model knows the past instead of how well it carries on.
        seed: Chooses the conversations of a random split.

    Returns:
        `(train, valid)`, or the Runnable that gives the two lists.

    Raises:
        InvalidOptionError: `valid` is not a share.
        InvalidExampleError: An example does not know where it is from: a file keeps the chat only,
            so split before you write one.

    Warns:
        UserWarning: Nothing could be held out, as each thread is one conversation, or the newest
            ones are far longer than the share.

    Example:
        ```python
        train, valid = split_examples(pipeline.stream(loader.lazy_load()), valid=0.1)
        write_jsonl(train, "train.jsonl")
        write_jsonl(valid, "valid.jsonl")
        ```
    """
    stage = SplitExamples(valid=valid, by=by, seed=seed)
    if examples is None:
        return stage
    return _split(sessions_in(examples, EXAMPLES), stage)


def _split(examples: Iterable[TrainingExample], stage: SplitExamples) -> ExampleSplit:
    known = [(example, known_source(example)) for example in examples]
    threads: dict[str, dict[int, _Conversation]] = {}
    for example, source in known:
        conversations = threads.setdefault(source.thread, {})
        conversation = conversations.setdefault(source.conversation, _Conversation(source))
        conversation.answers += len(trained_answers(example))
    held_out = _held_out(threads, stage)
    if known and not held_out:
        warnings.warn(f"split_examples: nothing is held out, {_why(threads)}.", stacklevel=3)
    split = ExampleSplit([], HeldOut())
    for example, source in known:
        split[(source.thread, source.conversation) in held_out].append(example)
    return split


def _why(threads: dict[str, dict[int, _Conversation]]) -> str:
    if all(len(conversations) == 1 for conversations in threads.values()):
        return (
            "since each thread is one conversation: put split_chat_sessions() before "
            "to_training_examples()"
        )
    return "since the newest conversations are far longer than that share: give a larger one"


class _Conversation:
    """A conversation of a thread, and how many trained answers it has."""

    def __init__(self, source: ExampleSource) -> None:
        self.number = source.conversation
        self.started = source.started
        self.answers = 0


def _held_out(
    threads: dict[str, dict[int, _Conversation]], stage: SplitExamples
) -> set[tuple[str, int]]:
    """Return the conversations that are held out, by thread and number.

    What a thread's whole conversations miss of the share, or have too much, the next one makes up.
    """
    rng = random.Random(stage.seed)  # noqa: S311 - no secret
    held_out: set[tuple[str, int]] = set()
    owed = 0.0
    for thread, numbered in threads.items():
        conversations = [*numbered.values()]
        if stage.by == "random":
            rng.shuffle(conversations)
        else:
            conversations.sort(key=lambda one: (one.started or 0, one.number))
        owed += stage.valid * sum(one.answers for one in conversations)
        for one in reversed(conversations[1:]):
            if one.answers / 2 > owed:  # nearer to the share without it
                break
            held_out.add((thread, one.number))
            owed -= one.answers
    return held_out
