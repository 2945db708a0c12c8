"""Take prompts and answers out of examples, and friends' turns out of chat sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from langchain_core.messages import AIMessage

from langchain_fbmessenger.evaluation.canaries import checked_examples
from langchain_fbmessenger.examples.schema import source_of, trained_answers
from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["Friends", "Prompt", "friends_of", "likeness_prompts", "refuse_trained"]

_DISTINCTIVE = 60  # characters of a prompt and its answer
_MOST_BY_CHANCE = 0.1
_NO_REFERENCES = "references must be chat sessions, or lists of texts by name, not {}"


class Prompt(NamedTuple):
    """What a model is asked, and what the persona has answered to it.

    Attributes:
        turns: The turns before the answer, each a role and a text.
        own: The persona's answer.
        conversation: What the conversation is known by.
    """

    turns: tuple[tuple[str, str], ...]
    own: str
    conversation: Hashable

    @property
    def is_cold(self) -> bool:
        """Whether no turn before the answer is the persona's own."""
        return all(role != "assistant" for role, _ in self.turns)

    @property
    def has_source(self) -> bool:
        """Whether the conversation is known: examples that were read from a file have a number."""
        return not isinstance(self.conversation, int)

    @property
    def is_distinctive(self) -> bool:
        """Whether so much is said that nobody says the same twice by chance."""
        said = [text for role, text in self.turns if role != "system"]
        return sum(map(len, [*said, self.own])) >= _DISTINCTIVE


class Friends(NamedTuple):
    """What the others have written.

    Attributes:
        turns: By person, turns: messages that were sent one after another, joined by newlines.
        messages: By person, how many messages these are; without it each turn is one.
    """

    turns: dict[str, list[str]]
    messages: dict[str, int]


def likeness_prompts(examples: Iterable[TrainingExample]) -> list[Prompt]:
    """Return each answer that examples train, with the prompt that it is to.

    Prompts without a turn of the user are left out: nobody asked anything. Examples that were read
    from a file do not know their conversation: each counts as one.

    Args:
        examples: Such as `split_examples` holds out.

    Returns:
        The prompts, in the order of the examples. Answers for `evaluate` and `measure_likeness`
        stand in this order.

    Raises:
        InvalidExampleError: There is no example, or one breaks a rule.
    """
    return list(_prompts(checked_examples(examples)))


def _prompts(examples: Iterable[TrainingExample]) -> Iterator[Prompt]:
    for number, example in enumerate(examples):
        turns = [(turn["role"], turn["content"]) for turn in example["messages"]]
        source = source_of(example)
        known = number if source is None else (source.thread, source.conversation)
        for at in trained_answers(example):
            before = tuple(turns[:at])
            if any(role == "user" for role, _ in before) and turns[at][1].strip():
                yield Prompt(before, turns[at][1], known)


def refuse_trained(validation: Sequence[Prompt], trained: Sequence[Prompt]) -> None:
    """Refuse prompts that a model was trained on: it would be asked what it has learned by heart.

    Raises:
        InvalidInputError: A conversation, or a prompt with its answer, is among those trained.
    """
    conversations = {one.conversation for one in trained}
    pairs = {(one.turns, one.own) for one in trained}
    pairs_of_files = {(one.turns, one.own) for one in trained if not one.has_source}
    n_trained, is_sure = 0, False
    for one in validation:
        if one.has_source and one.conversation in conversations:
            n_trained, is_sure = n_trained + 1, True
        elif (one.turns, one.own) in (pairs_of_files if one.has_source else pairs):
            n_trained, is_sure = n_trained + 1, is_sure or one.is_distinctive
    # Two conversations may begin with "hi" and "hey": that alone is no training.
    if not is_sure and n_trained <= _MOST_BY_CHANCE * len(validation):
        return
    if n_trained:
        message = (
            f"{n_trained:,} of {len(validation):,} validation prompts were trained on: hold whole "
            "conversations out with split_examples before a training"
        )
        raise InvalidInputError(message)


def friends_of(references: Mapping[str, Iterable[str]] | Iterable[ChatSession]) -> Friends:
    """Return what the persona's friends have written.

    Args:
        references: Chat sessions in which the persona's messages are `AIMessage`s, as
            `map_ai_messages` makes them; or texts by person.

    Raises:
        InvalidInputError: No message of the sessions is the persona's, or they are no sessions.
    """
    if isinstance(references, Mapping):
        return _friends_of_texts(references)
    if isinstance(references, str) or not isinstance(references, Iterable):
        raise InvalidInputError(_NO_REFERENCES.format(type(references).__name__))
    friends = Friends({}, {})
    has_persona, is_empty = False, True
    for session in references:
        if not isinstance(session, Mapping) or "messages" not in session:
            raise InvalidInputError(_NO_REFERENCES.format(f"a {type(session).__name__} among them"))
        is_empty = False
        for sender, messages in groupby(session["messages"], key=_sender):
            texts = [text for message in messages if (text := _text(message))]
            if sender is None:
                has_persona = True
            elif texts:
                friends.turns.setdefault(sender, []).append("\n".join(texts))
                friends.messages[sender] = friends.messages.get(sender, 0) + len(texts)
    if not has_persona and not is_empty:
        message = "no message of the references is the persona's: map_ai_messages them first"
        raise InvalidInputError(message)
    return friends


def _friends_of_texts(references: Mapping[str, Iterable[str]]) -> Friends:
    turns = {}
    for name, said in references.items():
        if isinstance(said, str) or not isinstance(said, Iterable):
            # The name may be a person's: it stays out of the message.
            raise InvalidInputError(_NO_REFERENCES.format(f"a {type(said).__name__} by name"))
        turns[name] = list(said)
    return Friends(turns, {})


def _sender(message: BaseMessage) -> str | None:
    """Return who wrote a message; None of the persona's."""
    if isinstance(message, AIMessage):
        return None
    return str(message.additional_kwargs.get("sender", ""))


def _text(message: BaseMessage) -> str:
    return message.content.strip() if isinstance(message.content, str) else ""
