"""Encode a chat as token ids and labels, with loss on the persona only.

The chat is rendered up to each trained turn as the model will see it when it is to answer
(`add_generation_prompt`), then with the turn; what the turn adds is the label, up to and including
its end-of-turn token. All else is -100, which torch's cross entropy skips.

Rendering each prefix anew is quadratic in the turns, but cheap: 50 ms for a chat of 100 turns.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from langchain_fbmessenger.local.training.training_file import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

IGNORED = -100


class ChatTokenizer(Protocol):
    """The part of a tokenizer that masking needs; `HubTokenizer` implements it for transformers."""

    end_of_turn: frozenset[int]
    """The ids of the special tokens, one of which ends a turn."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        """Write the chat as the model reads it, ready for the assistant's turn if so asked."""
        ...

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        """Turn rendered text, or a part of it, into ids.

        The start of the text may get a begin-of-sequence token.
        """
        ...


@dataclass(frozen=True)
class EncodedChat:
    """A chat ready for the model: as many labels as ids."""

    input_ids: list[int]
    labels: list[int]


class TemplateError(ValueError):
    """The base model's chat template is of a kind that cannot be masked safely."""


def encode_chat(messages: Sequence[Message], tokenizer: ChatTokenizer) -> list[EncodedChat]:
    """Encode a chat, with labels on its trained turns and their end-of-turn tokens.

    Most templates only add to what they wrote: such a chat is one sequence. Some write earlier
    turns in another way than the last one (Qwen3 leaves out their thoughts): a turn whose context
    does not go on from where the turn before it ended begins a sequence of its own, so that each is
    learnt in the context that the model will see.

    No token spans context and turn, as none does when the model answers: there, too, its first
    token follows a finished prompt. What follows the last trained turn is left out, as no label
    sees it.

    Raises:
        TemplateError: The template does not mark the end of a turn, or a turn cannot be found
            in what it writes.
    """
    chats: list[EncodedChat] = []
    written = ""
    for index, message in enumerate(messages):
        if not message.is_trained:
            continue
        before, turn = _render_turn(messages[: index + 1], tokenizer)
        if chats and before.startswith(written):
            chat, new = chats[-1], before[len(written) :]
        else:
            chat, new = EncodedChat([], []), before
            chats.append(chat)
        is_start = not chat.input_ids
        context = tokenizer.encode(new, is_start=is_start)
        both = tokenizer.encode(new + turn, is_start=is_start)
        # Alone, SentencePiece would put a space before the turn that is not there.
        is_cut = both[: len(context)] == context
        learnt = both[len(context) :] if is_cut else tokenizer.encode(turn, is_start=False)
        chat.input_ids.extend(context + learnt)
        chat.labels.extend([IGNORED] * len(context))
        chat.labels.extend(_up_to_end_of_turn(learnt, tokenizer.end_of_turn))
        written = before + turn
    return chats


def _render_turn(messages: Sequence[Message], tokenizer: ChatTokenizer) -> tuple[str, str]:
    """Return what the model reads before the last message, and what it is to write then."""
    after = tokenizer.render(messages, answer_next=False)
    before = tokenizer.render(messages[:-1], answer_next=True) if len(messages) > 1 else None
    if before is not None and after.startswith(before):
        return before, after[len(before) :]
    # Either there is no chat to render before the first message, or the template opens an answer
    # in another way than it writes an answer that was given (Qwen3, before the first question).
    opening = _opening(messages, tokenizer)
    if not after.startswith(opening):
        msg = "the chat template rewrites the turn that is to be trained"
        raise TemplateError(msg)
    return opening if before is None else before, after[len(opening) :]


def _opening(messages: Sequence[Message], tokenizer: ChatTokenizer) -> str:
    """Return what the template writes up to the last message's content: what any two share."""
    *context, last = messages
    one, other = (
        tokenizer.render([*context, Message(last.role, letter)], answer_next=False)
        for letter in "ab"
    )
    return os.path.commonprefix([one, other])  # noqa: RUF071  # of texts, letter by letter


def _up_to_end_of_turn(turn: list[int], special: frozenset[int]) -> list[int]:
    ends = [position for position, token in enumerate(turn) if token in special]
    if not ends:
        msg = "the chat template does not end a turn with a special token"
        raise TemplateError(msg)
    trained = ends[-1] + 1
    return turn[:trained] + [IGNORED] * (len(turn) - trained)
