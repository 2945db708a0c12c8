"""Cut chat sessions into training examples: sessions in, examples out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, overload

from langchain_core.messages import AIMessage, HumanMessage
from pydantic import Field, model_validator
from typing_extensions import Self, override

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import text_of
from langchain_fbmessenger.examples.schema import ChatTurn, TrainingExample
from langchain_fbmessenger.sessions.stage import SessionStage, dual_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["ToTrainingExamples", "to_training_examples"]


class ToTrainingExamples(SessionStage):
    """The Runnable form of `to_training_examples`."""

    name: str | None = "to_training_examples"

    max_messages: int = Field(default=8, ge=1)
    """Longest window, in messages, without the system prompt."""

    overlap: int = Field(default=2, ge=0)
    """Messages of the window before that are repeated as context."""

    system: str | None = None
    """System prompt at the head of every example."""

    @model_validator(mode="after")
    def _leave_room(self) -> Self:
        if self.overlap >= self.max_messages:
            message = f"overlap ({self.overlap}) must be below max_messages ({self.max_messages})"
            raise ValueError(message)
        return self

    @property
    @override
    def one_to_one(self) -> bool:
        return False

    @property
    @override
    def item_type(self) -> Any:
        return TrainingExample

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[TrainingExample]:
        head: list[ChatTurn] = (
            [] if self.system is None else [{"role": "system", "content": self.system}]
        )
        for session in sessions:
            turns = _turns(session)
            for start, first_new, stop in _windows(turns, self.max_messages, self.overlap):
                context = [_as_context(turn) for turn in turns[start:first_new]]
                # Copies, so that no two examples share a turn.
                yield {"messages": [*map(_copy, head), *context, *turns[first_new:stop]]}


@overload
def to_training_examples(
    chat_sessions: Iterable[ChatSession],
    *,
    max_messages: int = ...,
    overlap: int = ...,
    system: str | None = ...,
) -> Iterator[TrainingExample]: ...
@overload
def to_training_examples(
    chat_sessions: None = None,
    *,
    max_messages: int = ...,
    overlap: int = ...,
    system: str | None = ...,
) -> ToTrainingExamples: ...
def to_training_examples(
    chat_sessions: Iterable[ChatSession] | None = None,
    *,
    max_messages: int = 8,
    overlap: int = 2,
    system: str | None = None,
) -> Iterator[TrainingExample] | ToTrainingExamples:
    """Cut sessions into windows that end with a message of the assistant.

    Every message of the assistant is trained exactly once over the whole data set: where a window
    repeats one as context, it carries `weight: 0`. Messages of others behind the assistant's last
    one have nothing to teach and are left out; so are sessions without the assistant, and messages
    that are blank.

    Args:
        chat_sessions: Sessions in which the persona's messages are `AIMessage`s and all others
            are `HumanMessage`s; without them a Runnable is returned.
        max_messages: Longest window, in messages, without the system prompt.
        overlap: How many messages of the window before are repeated as context, at most.
        system: System prompt at the head of every example.

    Returns:
        An iterator over training examples, or the Runnable that does the same.

    Raises:
        ValueError: `overlap` leaves no room in `max_messages`.
        TypeError: A session holds a message that is neither a human's nor the assistant's.

    Example:
        ```python
        pipeline = merge_chat_runs() | map_ai_messages(sender="Zoë") | to_training_examples()
        write_jsonl(pipeline.stream(loader.lazy_load()), "train.jsonl")
        ```
    """
    stage = ToTrainingExamples(max_messages=max_messages, overlap=overlap, system=system)
    return cast("Iterator[TrainingExample] | ToTrainingExamples", dual_form(stage, chat_sessions))


@without_gc
def _turns(session: ChatSession) -> list[ChatTurn]:
    return [turn for m in session["messages"] if (turn := _to_turn(m)) is not None]


def _to_turn(message: BaseMessage) -> ChatTurn | None:
    text = text_of(message)
    if not text.strip():
        return None
    if isinstance(message, AIMessage):
        return {"role": "assistant", "content": text}
    if isinstance(message, HumanMessage):
        return {"role": "user", "content": text}
    error = f"to_training_examples takes human and AI messages, got one of type {message.type!r}"
    raise TypeError(error)


def _as_context(turn: ChatTurn) -> ChatTurn:
    return {**turn, "weight": 0} if turn["role"] == "assistant" else _copy(turn)


def _copy(turn: ChatTurn) -> ChatTurn:
    return turn.copy()


def _windows(
    turns: list[ChatTurn], max_messages: int, overlap: int
) -> Iterator[tuple[int, int, int]]:
    """Give (start, first new turn, stop) of each window; stop lies behind an assistant's turn."""
    trainable = [i for i, turn in enumerate(turns) if turn["role"] == "assistant"]
    done = 0  # everything before this turn has been given
    position = 0  # in `trainable`
    while position < len(trainable):
        # The next turn to train must be inside, however many of the others' lie before it.
        start = max(done - overlap, trainable[position] - max_messages + 1, 0)
        while position < len(trainable) and trainable[position] < start + max_messages:
            last = trainable[position]
            position += 1
        yield start, max(done, start), last + 1
        done = last + 1
