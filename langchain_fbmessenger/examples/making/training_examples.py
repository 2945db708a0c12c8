"""Make training examples of chat sessions: sessions in, examples in OpenAI's chat format out."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Optional, overload

import msgspec
from pydantic import Field, field_validator, model_validator
from typing_extensions import Self, TypedDict, Unpack, override

from langchain_fbmessenger.examples.files.tokens import token_counter
from langchain_fbmessenger.examples.making.people import people_of
from langchain_fbmessenger.examples.making.provenance import source_of_part
from langchain_fbmessenger.examples.making.system_template import (
    PLACEHOLDERS,
    checked_template,
    rendered,
)
from langchain_fbmessenger.examples.making.turns import parts_of, turns_of
from langchain_fbmessenger.examples.making.windows import WindowLimits, windows_of
from langchain_fbmessenger.examples.report import NO_PERSONA, UNSEEN, ExampleReport
from langchain_fbmessenger.examples.schema import (
    DEFAULT_OPENING,
    SourcedExample,
    TrainingExample,
)
from langchain_fbmessenger.examples.stage import ExampleMaker
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.stage import TranscriptStage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.examples.files.tokens import TokenCounter
    from langchain_fbmessenger.examples.making.windows import Window
    from langchain_fbmessenger.examples.schema import ChatTurn, ExampleSource
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["ToTrainingExamples", "to_training_examples"]

KEEP_OPENING, DROP_OPENING = "keep", "drop"
_MAX_MESSAGES = 8
_OVERLAP = 2
_MAX_TOKENS = 4096  # what a laptop can train on, and less than any provider's limit


class ToTrainingExamples(ExampleMaker, TranscriptStage):
    """The Runnable form of `to_training_examples`."""

    name: str | None = "to_training_examples"

    # `Optional`, not `|`: pydantic reads these on Python 3.10 too.
    max_messages: Optional[int] = Field(default=None, ge=2)  # noqa: UP045
    """Most turns of an example, without the system prompt; 8 by default, or any number where
    `max_tokens` is given."""

    overlap: Optional[int] = Field(default=None, ge=0)  # noqa: UP045
    """Most turns of the example before that are repeated as context; 2 by default, where there is
    room for them."""

    max_tokens: Optional[int] = Field(default=None, ge=1)  # noqa: UP045
    """Most tokens of an example, the system prompt included; 4,096 by default."""

    tokenizer: Any = Field(default=None, repr=False)
    """What counts tokens: a tokenizer, or the name, folder or hub id of its model; by default they
    are estimated, rather too high than too low."""

    system: Optional[str] = Field(default=None, repr=False)  # noqa: UP045
    """Template of the system prompt at the head of every example."""

    opening: str = KEEP_OPENING
    """What to do where the persona has begun: "keep", "drop", or a text that stands before it."""

    report: Optional[ExampleReport] = Field(default=None, repr=False)  # noqa: UP045
    """Is filled with what became of each message."""

    @field_validator("system")
    @classmethod
    def _is_template(cls, system: str | None) -> str | None:
        return None if system is None or not system.strip() else checked_template(system)

    @field_validator("opening")
    @classmethod
    def _says_something(cls, opening: str) -> str:
        if not opening.strip():
            message = 'opening is "keep", "drop", or the text of a user turn'
            raise InvalidOptionError(message)
        word = opening.strip().lower()
        return word if word in {KEEP_OPENING, DROP_OPENING} else opening

    @model_validator(mode="after")
    def _leave_room(self) -> Self:
        most = self._most_turns()
        if most is not None and self.overlap is not None and self.overlap >= most:
            message = f"overlap ({self.overlap}) must be below max_messages ({most})"
            raise InvalidOptionError(message)
        return self

    @property
    @override
    def gives_transcripts(self) -> bool:
        return False

    @property
    @override
    def looks_at_texts_alone(self) -> bool:
        return True

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[TrainingExample]:
        report = ExampleReport() if self.report is None else self.report
        whole = self._limits(token_counter(self.tokenizer), report)
        limits_by_head: dict[str, WindowLimits | None] = {"": self._beside("", whole)}
        conversations = count(1)
        for session in sessions:
            report.sessions += 1
            people = people_of(session)
            turns = turns_of(session, people, report.messages)
            if not any(turns.are_answers):
                report.messages[NO_PERSONA] += turns.n_lines(range(len(turns)))
                continue
            for part in parts_of(turns):
                started = turns.started(part)
                source = source_of_part(session, people, started, next(conversations), self.system)
                head = self._head(source)
                text = head[0]["content"] if head else ""
                if text not in limits_by_head:  # most conversations have that of the one before
                    limits_by_head = {text: self._beside(text, whole)}
                limits = limits_by_head[text]
                if limits is None:  # a group of hundreds, whose names stand in the prompt
                    report.messages[UNSEEN] += turns.n_lines(part)
                    continue
                for window in windows_of(turns, part, limits):
                    report.examples += 1
                    report.answers += len(window.new)
                    yield self._example(window, head, source)
            del session, turns  # while the next one is read

    def _most_turns(self) -> int | None:
        if self.max_messages is None and self.max_tokens is None:
            return _MAX_MESSAGES
        return self.max_messages

    def _head(self, source: ExampleSource) -> list[ChatTurn]:
        if source.system is None:
            return []
        content = rendered(source.system, source.values)
        return [{"role": "system", "content": content}] if content.strip() else []

    def _opening(self) -> list[ChatTurn]:
        """Return what stands where the persona has begun."""
        if self.opening in {KEEP_OPENING, DROP_OPENING}:
            return []
        return [{"role": "user", "content": self.opening}]

    def _limits(self, counter: TokenCounter, report: ExampleReport) -> WindowLimits:
        """Return what fits beside a system prompt that is filled in with nothing.

        Raises:
            InvalidOptionError: Nothing does.
        """
        opening = 0
        if self.opening != DROP_OPENING:
            # Kept free where nothing stands before the persona: a format may want a turn there.
            text = DEFAULT_OPENING if self.opening == KEEP_OPENING else self.opening
            (opening,) = counter.most_of_texts([text])
        empty = dict.fromkeys(PLACEHOLDERS, "")
        head = "" if self.system is None else rendered(self.system, empty)
        most = self.max_tokens or _MAX_TOKENS
        before = self._tokens_before(head, counter)
        room = _room(counter, opening)
        if before + room >= most:
            message = (
                f"max_tokens={most} leaves no room for a chat: the system prompt and what a chat "
                f"template writes take up to {before + room}"
            )
            raise InvalidOptionError(message)
        return WindowLimits(
            n_turns=self._most_turns(),
            tokens=most,
            overlap=_OVERLAP if self.overlap is None else self.overlap,
            openings=self.opening != DROP_OPENING,
            opening_turns=len(self._opening()),
            opening_tokens=opening,
            counter=counter,
            outcomes=report.messages,
        )

    def _beside(self, text: str, limits: WindowLimits) -> WindowLimits | None:
        """Return what fits beside a conversation's system prompt; None if nothing does."""
        tokens = limits.tokens - self._tokens_before(text, limits.counter)
        if tokens <= _room(limits.counter, limits.opening_tokens):
            return None
        return replace(limits, tokens=tokens)

    def _tokens_before(self, head: str, counter: TokenCounter) -> int:
        return counter.per_chat + (counter.most_of_texts([head])[0] if head else 0)

    def _example(
        self, window: Window, head: list[ChatTurn], source: ExampleSource
    ) -> TrainingExample:
        turns: list[Any] = [turn.copy() for turn in head]  # no two examples share a turn
        for prompt, answer, _ in window.context:
            turns += [{"role": "user", "content": prompt}] if prompt else self._opening()
            turns.append({"role": "assistant", "content": answer, "weight": 0})
        for prompt, answer, _ in window.new:
            if prompt:
                turns.append({"role": "user", "content": prompt})
            else:
                turns += self._opening()
            turns.append({"role": "assistant", "content": answer})
        source = msgspec.structs.replace(source, time=window.new[-1][2])
        return SourcedExample(turns, source)  # type: ignore[return-value]  # a dict of that shape


class TrainingExampleOptions(TypedDict, total=False):
    """The options of `to_training_examples`, for type checkers."""

    max_messages: int | None
    overlap: int | None
    max_tokens: int | None
    tokenizer: Any
    system: str | None
    opening: str
    report: ExampleReport | None


@overload
def to_training_examples(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[TrainingExampleOptions]
) -> Iterator[TrainingExample]: ...
@overload
def to_training_examples(
    chat_sessions: None = None, **options: Unpack[TrainingExampleOptions]
) -> ToTrainingExamples: ...
@function_of(ToTrainingExamples, TrainingExampleOptions)
def to_training_examples(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
) -> Iterator[TrainingExample] | ToTrainingExamples:
    """Cut sessions into examples that end with a trained turn of the assistant.

    User and assistant take turns: messages of one side in a row become one turn with a line for
    each, and where several people write to the persona, each line begins with a name. Every turn
    of the persona is trained exactly once over all examples; where one repeats it as context, it
    carries `weight: 0`. Nothing goes missing: `report` says what became of each message.

    Args:
        chat_sessions: Sessions in which the persona's messages are `AIMessage`s and all others
            are `HumanMessage`s; without them a Runnable is returned.
        max_messages: Most turns of an example, without the system prompt. None for 8, or for any
            number where `max_tokens` is given.
        overlap: Most turns of the example before that are repeated as context (whole exchanges, so
            that no example begins with an answer). None for 2, where there is room for them.
        max_tokens: Most tokens of an example, with its system prompt and what the chat template
            writes; None for 4,096. A turn that is longer is parted between messages, else between
            sentences; one whose single sentence is longer is left out and counted.
        tokenizer: The base model's own: a Hugging Face tokenizer, a tiktoken encoding, a function
            from a text to tokens or their number, or a name (of an OpenAI model, a bundled base
            model, a folder, a .gguf file, a hub id). None estimates, rather too high than too low;
            so does, with a warning, a name whose tokenizer cannot be had.
        system: System prompt at the head of every example: a template that may hold `{owner}`,
            `{others}`, `{title}` and `{date}`. All other braces are text.
        opening: What to do where the persona has begun a conversation: "keep" begins the example
            with it (providers that want a user first get one from `write_training_file`), "drop"
            leaves it out, any other text stands before it as the user's turn.
        report: Is filled with what became of each message.

    Returns:
        An iterator over training examples, or the Runnable that does the same. The examples are
        plain dicts that remember where they are from, for `split_examples` and `balance_examples`.

    Raises:
        InvalidOptionError: `overlap` leaves no room in `max_messages`, the system prompt none in
            `max_tokens`.
        InvalidInputError: A session holds a message that is neither a human's nor the assistant's,
            or the tokenizer counts nothing.

    Example:
        ```python
        pipeline = (
            split_chat_sessions(gap="8h")
            | map_ai_messages()
            | to_training_examples(max_tokens=2048, system="You are {owner}, writing to {others}.")
        )
        write_jsonl(pipeline.stream(loader.lazy_load()), "train.jsonl")
        ```
    """
    return runnable_or_iterator(ToTrainingExamples(**options), chat_sessions)


def _room(counter: TokenCounter, opening_tokens: int) -> int:
    """Return what the shortest exchange takes."""
    return opening_tokens + 2 * counter.per_turn
