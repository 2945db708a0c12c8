"""Invent authors of known overlap: the same things said, each in a style of their own.

What tells them is how they write, by chances that are known: a measure of voice can be held
against them.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.records import Message, Thread
from langchain_fbmessenger.testing import _author_phrases as phrases
from langchain_fbmessenger.testing._phrases import FIRST_NAMES, LAST_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["InventedAuthor", "author_threads", "invented_authors"]

_CHOICES: dict[str, Sequence[str]] = {
    **phrases.SYNONYMS,
    "greeting": phrases.GREETINGS,
    "ending": phrases.ENDINGS,
    "face": phrases.FACES,
    "laughter": phrases.LAUGHTER,
}
# What everybody does most of the time, so that no mark stands in all of somebody's messages.
_PLAIN = {"greeting": 0.75, "ending": 0.5, "face": 0.7, "laughter": 0.8}
_SLOT = re.compile(r"\{(\w+)\}")
_BURST = (0.6, 0.3, 0.1)
_START = 1_700_000_000_000  # November 2023
_MINUTE = 60_000
_TWO_DAYS = 2 * 24 * 60 * _MINUTE


@dataclass(frozen=True)
class InventedAuthor:
    """Somebody who writes by chances of their own.

    Attributes:
        name: The author's name.
        chances: For each choice, the chance of each of its words.
        lower: How often a message begins in lower case.
    """

    name: str
    chances: dict[str, tuple[float, ...]]
    lower: float

    def texts(self, count: int, *, seed: int) -> list[str]:
        """Write texts of one to three messages, joined by newlines.

        Args:
            count: How many.
            seed: The same seed gives the same texts; another one shares none but short ones.
        """
        rng = random.Random(f"{self.name} {self.lower} {seed}")  # noqa: S311 - no secret
        return ["\n".join(self._burst(rng)) for _ in range(count)]

    def _burst(self, rng: random.Random) -> Iterator[str]:
        for _ in range(rng.choices((1, 2, 3), _BURST)[0]):
            yield self._message(rng)

    def _message(self, rng: random.Random) -> str:
        def word(slot: re.Match[str]) -> str:
            return self._pick(slot[1], rng)

        said = _SLOT.sub(word, rng.choice(phrases.TEMPLATES)).replace(" '", "'")
        parts = [self._pick("greeting", rng), said]
        message = " ".join(filter(None, parts)) + self._pick("ending", rng)
        message = " ".join(
            filter(None, [message, *(self._pick(slot, rng) for slot in ("laughter", "face"))])
        )
        return message if rng.random() < self.lower else message[0].upper() + message[1:]

    def _pick(self, slot: str, rng: random.Random) -> str:
        if slot == "thing":
            return rng.choice(phrases.THINGS)
        if slot == "place":
            return rng.choice(phrases.PLACES)
        return rng.choices(_CHOICES[slot], self.chances[slot])[0]


def invented_authors(count: int, *, overlap: float = 0.5, seed: int = 0) -> list[InventedAuthor]:
    """Invent authors whose styles overlap as much as is asked for.

    Args:
        count: How many.
        overlap: How much of each chance is everybody's: 0 for styles of their own, 1 for authors
            that nothing tells apart.
        seed: The same seed invents the same authors.

    Returns:
        The authors.

    Example:
        ```python
        me, *friends = invented_authors(9, overlap=0.4)
        own = me.texts(240, seed=1)
        ```
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    everybody = {slot: _shares(slot, [1.0] * len(words)) for slot, words in _CHOICES.items()}
    authors = []
    for number in range(count):
        chances = {}
        for slot, words in _CHOICES.items():
            own = _shares(slot, [rng.gammavariate(0.3, 1) + 1e-6 for _ in words])
            chances[slot] = tuple(
                overlap * common + (1 - overlap) * mine
                for common, mine in zip(everybody[slot], own, strict=True)
            )
        lower = overlap * 0.5 + (1 - overlap) * rng.betavariate(0.5, 0.5)
        authors.append(InventedAuthor(_name(number), chances, lower))
    return authors


def author_threads(
    owner: InventedAuthor,
    friends: Sequence[InventedAuthor],
    *,
    n_conversations: int = 10,
    n_turns: int = 5,
    seed: int = 0,
) -> list[Thread]:
    """Let an author talk with each friend: threads for `write_export`.

    Args:
        owner: Whose export it is.
        friends: Who begins each conversation: a thread for each.
        n_conversations: How many in each thread, two days apart.
        n_turns: How many turns of each side in a conversation.
        seed: The same seed gives the same threads.

    Returns:
        The threads, their messages oldest first.

    Example:
        ```python
        me, *friends = invented_authors(9, overlap=0.4)
        write_export(author_threads(me, friends), "export")
        ```
    """
    count = n_conversations * n_turns
    threads = []
    for number, friend in enumerate(friends):
        said = zip(
            friend.texts(count, seed=seed), owner.texts(count, seed=seed + number), strict=True
        )
        messages: list[Message] = []
        for turn, both in enumerate(said):
            time = _START + (turn // n_turns) * _TWO_DAYS + (turn % n_turns) * _MINUTE * 10
            for sender, text in zip((friend.name, owner.name), both, strict=True):
                for line in text.split("\n"):
                    time += _MINUTE
                    messages.append(Message(sender, time, line))
        threads.append(
            Thread(
                id=f"author_{number}",
                title=friend.name,
                participants=[friend.name, owner.name],
                is_group=False,
                folder="inbox",
                source="messenger",
                owner=owner.name,
                messages=messages,
            )
        )
    return threads


def _shares(slot: str, weights: list[float]) -> list[float]:
    """Return chances that sum to 1; of marks that may be left out, the first is "none"."""
    plain = _PLAIN.get(slot)
    if plain is None:
        total = sum(weights)
        return [weight / total for weight in weights]
    total = sum(weights[1:])
    return [plain, *((1 - plain) * weight / total for weight in weights[1:])]


def _name(number: int) -> str:
    """Return a name for an author: no two of the first seventy-two are alike."""
    # Nine and eight have no divisor in common: the pairs come round after seventy-two.
    first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number % len(LAST_NAMES)]
    return f"{first} {last}"
