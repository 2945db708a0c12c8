"""The shape of a training example: OpenAI's chat format, which other providers derive from.

Source: https://platform.openai.com/docs/guides/supervised-fine-tuning (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, Union

import msgspec
from typing_extensions import NotRequired, TypedDict

from langchain_fbmessenger.exceptions import InvalidExampleError

__all__ = [
    "DEFAULT_OPENING",
    "PREFERENCE_KEYS",
    "ChatTurn",
    "ExampleSource",
    "ExamplesInput",
    "SourcedExample",
    "TrainingExample",
    "known_source",
    "source_of",
    "trained_answers",
]


class ChatTurn(TypedDict):
    """One turn of a training example."""

    role: Literal["system", "user", "assistant"]
    content: str
    weight: NotRequired[Literal[0, 1]]
    """0 keeps an assistant turn as context and trains nothing on it."""
    name: NotRequired[str]


class TrainingExample(TypedDict):
    """One training example. Its last turn is the assistant's, and is trained."""

    messages: list[ChatTurn]


PREFERENCE_KEYS = (
    frozenset({"input", "preferred_output", "non_preferred_output"}),
    frozenset({"prompt", "chosen", "rejected"}),
)
"""The keys of a preference pair: OpenAI's, and those of TRL's DPOTrainer."""


ExamplesInput = Union[TrainingExample, Iterable[TrainingExample]]  # noqa: UP007 - as pydantic wants
"""What a stage over examples takes."""


DEFAULT_OPENING = "(no message yet)"
"""The user's turn where the persona has begun and a format wants a user first."""


class ExampleSource(msgspec.Struct, frozen=True):
    """Where an example comes from: what splitting and balancing go by, and no provider sees.

    `thread` names the thread, `contact` the person or group that was written to, `conversation` is
    a running number, alike for examples of one conversation. `started` and `time` are the Unix
    times in ms of the conversation's first and of the example's last message, None if unknown.
    `system` is the template of the system prompt and `values` what it was filled in with.
    """

    thread: str
    contact: str
    conversation: int
    started: int | None = None
    time: int | None = None
    system: str | None = None
    values: dict[str, str] = {}


class SourcedExample(dict[str, Any]):
    """A training example that knows its source, and is the plain dict to everybody else.

    The source is an attribute, not a key: what is written and sent is what the chat format has.
    """

    __slots__ = ("source",)

    source: ExampleSource

    def __init__(self, turns: list[ChatTurn], source: ExampleSource) -> None:
        super().__init__(messages=turns)
        self.source = source

    def copy(self) -> SourcedExample:
        """Return a copy that knows its source, which `{**example}` would not."""
        return type(self)(self["messages"], self.source)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self["messages"], self.source)


def source_of(example: Any) -> ExampleSource | None:
    """Return where an example comes from; None for one that was read from a file."""
    return getattr(example, "source", None)


def known_source(example: Any) -> ExampleSource:
    """Return where an example comes from.

    Raises:
        InvalidExampleError: It does not know: it was read from a file, which keeps the chat only.
    """
    source = source_of(example)
    if source is None:
        message = (
            "an example does not know which conversation it is from, as those read from a file. "
            "Split and balance what to_training_examples gives, before it is written"
        )
        raise InvalidExampleError(message, rule="source")
    return source


def trained_answers(example: TrainingExample) -> list[int]:
    """Return the positions of the turns that an example trains."""
    return [
        position
        for position, turn in enumerate(example["messages"])
        if turn["role"] == "assistant" and turn.get("weight") != 0
    ]
