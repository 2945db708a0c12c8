"""A small set of training examples of invented people."""

from __future__ import annotations

from typing import Any

THINGS = ["the ferry", "her violin", "a yellow kayak", "the broken oven", "an owl", "the choir"]
SYSTEM = "You are Zoë."


def answer_about(thing: str) -> str:
    return f"ask Milo about {thing}, he kept the receipt in the blue tin by the window"


def chats() -> list[Any]:
    return [
        {
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": f"any news of {thing}?"},
                {"role": "assistant", "content": answer_about(thing)},
                {"role": "user", "content": "ok"},
                {"role": "assistant", "content": "haha ok"},
            ]
        }
        for thing in THINGS
    ]
