"""Invented messages as a chat has them, to measure speed with."""

from __future__ import annotations

import random

from langchain_fbmessenger.testing._phrases import EXCHANGES


def mixed_messages(count: int) -> list[str]:
    """Return invented messages: few hold a name, fewer an identifier, as in real chats."""
    rng = random.Random(1)  # noqa: S311 - no secret
    phrases = [line for many in EXCHANGES.values() for few in many for line in few]
    identifiers = ["+420 776 401 372", "zoe@example.com", "https://a.example/x?token=f3Bk9Lq2ZpX7"]
    texts = []
    for _ in range(count):
        text = rng.choice(phrases)
        chance = rng.random()
        if chance < 0.03:
            text = f"{rng.choice(['Milo', 'Zoë'])} {text}"
        elif chance < 0.04:
            text = f"{text} {rng.choice(identifiers)}"
        elif chance < 0.12:
            text = f"{text} {rng.randint(1, 59)}"
        texts.append(text)
    return texts
