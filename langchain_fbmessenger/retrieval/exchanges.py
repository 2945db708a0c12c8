"""From training examples to exchanges: what was said to the persona, and what she answered."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.examples.schema import source_of, trained_answers
from langchain_fbmessenger.examples.selecting.near_duplicates import exact_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["Exchange", "exchanges_of", "hashed", "key_of"]

_ID_BYTES = 12  # of a hash: two of a hundred million exchanges share one by a chance of 1e-13


class Exchange(msgspec.Struct, frozen=True):
    """What was said to the persona, and what she answered.

    Attributes:
        said: The user's turn, "" where the persona began.
        reply: The persona's own turn.
        time: When it was written, in Unix ms; None if nobody knows.
        contact: Who it was written to, as in `ExampleSource`.
        thread: The thread that it is from; "" if nobody knows, as of examples from a file.
        conversation: The running number of the conversation, 0 if nobody knows.
    """

    said: str
    reply: str
    time: int | None = None
    contact: str = ""
    thread: str = ""
    conversation: int = 0

    @property
    def id(self) -> str:
        """Names the exchange: the same words in the same thread are the same exchange."""
        return hashed(self.thread, self.said, self.reply)


def exchanges_of(example: TrainingExample, *, all_answers: bool = False) -> Iterator[Exchange]:
    """Give the exchanges that an example trains.

    Turns that only repeat what another example trains carry no weight, and are left to that one.

    Args:
        example: A training example. Its source has one time, that of its last message.
        all_answers: Whether to give those without weight as well.
    """
    source = source_of(example)
    turns = example["messages"]
    answers = [n for n, turn in enumerate(turns) if turn["role"] == "assistant"]
    for position in answers if all_answers else trained_answers(example):
        before = turns[position - 1] if position else None
        said = before["content"] if before is not None and before["role"] == "user" else ""
        reply = turns[position]["content"]
        if source is None:
            yield Exchange(_whole(said), _whole(reply))
        else:
            yield Exchange(
                said=_whole(said),
                reply=_whole(reply),
                time=source.time,
                contact=_whole(source.contact),
                thread=_whole(source.thread),
                conversation=source.conversation,
            )


def key_of(exchange: Exchange) -> str:
    """Return what two spellings of the same exchange have in common, whatever thread it is from."""
    return hashed(exact_key(exchange.said), exact_key(exchange.reply))


def _whole(text: str) -> str:
    """Return a text that can be written and sent: old exports hold halves of emoji."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def hashed(*texts: str) -> str:
    """Return a name for texts that says nothing of them."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[: 2 * _ID_BYTES]
