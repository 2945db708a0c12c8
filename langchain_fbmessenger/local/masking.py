"""Local server, training child: a chat → token ids and labels, with loss on the persona only.

The chat is rendered up to each trained turn as the model will see it when it is to answer
(`add_generation_prompt`), then with the turn; what the turn adds is the label, up to and including
its end-of-turn token. All else is -100, which torch's cross entropy skips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.local.training_file import Message

IGNORED = -100


class ChatTokenizer(Protocol):
    """The part of a tokenizer that masking needs; `HubTokenizer` fulfils it for transformers."""

    end_of_turn: frozenset[int]
    """The ids of the special tokens, one of which ends a turn."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        """Write the chat as the model reads it, ready for the assistant's turn if so asked."""
        ...

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        """Turn rendered text into ids; a text's start may get a begin-of-sequence token."""
        ...


@dataclass(frozen=True)
class EncodedChat:
    """A chat ready for the model: as many labels as ids."""

    input_ids: list[int]
    labels: list[int]


class TemplateError(ValueError):
    """The base model's chat template is of a kind that cannot be masked safely."""


def encode_chat(messages: Sequence[Message], tokenizer: ChatTokenizer) -> EncodedChat:
    """Encode a chat, with labels on its trained turns and their end-of-turn tokens.

    Context and turn are encoded apart, as they are when the model answers: there, too, its first
    token follows a finished prompt.

    Raises:
        TemplateError: The template rewrites earlier turns or does not mark the end of a turn.
    """
    ids: list[int] = []
    labels: list[int] = []
    whole = tokenizer.render(messages, answer_next=False)
    done = 0
    for index, message in enumerate(messages):
        if not message.is_trained:
            continue
        after = tokenizer.render(messages[: index + 1], answer_next=False)
        before = _render_before(messages[: index + 1], after, tokenizer)
        if not (after.startswith(before) and whole.startswith(after)):
            msg = "the chat template rewrites earlier turns: which tokens to train is unknown"
            raise TemplateError(msg)
        context = tokenizer.encode(before[done:], is_start=done == 0)
        turn = tokenizer.encode(after[len(before) :], is_start=False)
        ids += context + turn
        labels += [IGNORED] * len(context) + _up_to_end_of_turn(turn, tokenizer.end_of_turn)
        done = len(after)
    # What follows the last trained turn is seen by no label: leaving it out saves its work.
    return EncodedChat(ids, labels)


def _render_before(messages: Sequence[Message], after: str, tokenizer: ChatTokenizer) -> str:
    """Write what the model reads before the last message, which `after` holds as well."""
    if len(messages) > 1:
        return tokenizer.render(messages[:-1], answer_next=True)
    # Before the first message there is no chat to render, and yet templates may put a system prompt
    # of their own there: what opens an answer is taken from behind the message instead.
    opening = tokenizer.render(messages, answer_next=True).removeprefix(after)
    answer = after.rfind(opening + messages[0].content)
    if answer < 0:
        msg = "the chat template opens a first turn in an unknown way"
        raise TemplateError(msg)
    return after[:answer] + opening


def _up_to_end_of_turn(turn: list[int], special: frozenset[int]) -> list[int]:
    ends = [position for position, token in enumerate(turn) if token in special]
    if not ends:
        msg = "the chat template does not end a turn with a special token"
        raise TemplateError(msg)
    trained = ends[-1] + 1
    return turn[:trained] + [IGNORED] * (len(turn) - trained)
