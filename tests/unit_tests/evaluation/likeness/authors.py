"""What tests of likeness measure: authors of known overlap, and models that imitate one badly."""

from __future__ import annotations

import random
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.testing import invented_authors

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN, FRIENDS, A_CONVERSATION = 240, 8, 5
CONVERSATIONS = [row // A_CONVERSATION for row in range(OWN)]

_OPENINGS = (
    "I would be happy to help you with", "Of course, here is what I can tell you about",
    "As a language model I have no experience of", "It is important to think carefully about",
)  # fmt: skip
_SUBJECTS = ("the weather", "your journey", "your feelings", "a good meal", "the neighbourhood")
_CLOSINGS = (
    "Please let me know if you need anything else.", "Remember to take a break from time to time.",
    "Would you like to hear more about this topic?", "I hope that this answers your question.",
)  # fmt: skip


def bland(count: int, seed: int) -> list[str]:
    """Write as an assistant that knows nobody."""
    rng = random.Random(f"bland {seed}")  # noqa: S311
    seen: dict[str, None] = {}
    while len(seen) < count:
        subject = f"{rng.choice(_SUBJECTS)} on day {rng.randrange(1000)}"
        seen[f"{rng.choice(_OPENINGS)} {subject}. {rng.choice(_CLOSINGS)}"] = None
    return list(seen)


@cache
def texts(overlap: float = 0.3, seed: int = 1) -> dict[str, Any]:
    """Return the material of an author and their friends, and what models might say."""
    me, unseen, *friends = invented_authors(FRIENDS + 2, overlap=overlap, seed=seed)
    later, stranger = me.texts(OWN, seed=2), unseen.texts(OWN, seed=3)
    past = me.texts(OWN, seed=9)
    best = max(past, key=past.count)
    plain = bland(OWN, 1)
    return {
        "own": me.texts(OWN, seed=1),
        "friends": {friend.name: friend.texts(150, seed=5) for friend in friends},
        "past": past,
        "negatives": bland(120, 2),
        "later": later,
        "stranger": stranger,
        "half": [pair[row % 2] for row, pair in enumerate(zip(later, stranger, strict=True))],
        "bland": plain,
        "copies": past,
        "collapse": [best] * OWN,
        "half collapse": [text if row % 2 else best for row, text in enumerate(later)],
        "signed": [f"{text}{mark}" for text, mark in zip(plain, sign_offs(past), strict=True)],
    }


def sign_offs(said: list[str]) -> Iterator[str]:
    """Give the ends of somebody's messages, to be hung behind another's."""
    return islice((f" {text.split()[-1]}" for text in said * 2), OWN)


def measured(*models: str, **changes: Any) -> Any:
    """Return the report on some models of the material, some of which may be changed."""
    from langchain_fbmessenger import measure_likeness

    known = texts(changes.pop("overlap", 0.3))
    options = {
        "own": known["own"],
        "friends": known["friends"],
        "conversations": CONVERSATIONS,
        "negatives": known["negatives"],
        "past": known["past"],
        **changes,
    }
    return measure_likeness({name: known[name] for name in models}, **options)
