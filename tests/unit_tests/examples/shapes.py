"""Examples as letters, and what each trains: for tests that are about shapes, not words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_LETTERS = {"user": "u", "assistant": "a", "system": "s"}


def shape(example: Any) -> str:
    """Write an example as letters: u(ser), a(ssistant), c(ontext: an untrained answer)."""
    return "".join(
        "c" if turn.get("weight") == 0 else _LETTERS[turn["role"]] for turn in example["messages"]
    )


def trained_lines(examples: Iterable[Any]) -> Counter[str]:
    """Count the lines of all trained turns."""
    return Counter(
        line
        for example in examples
        for turn in example["messages"]
        if turn["role"] == "assistant" and turn.get("weight") != 0
        for line in turn["content"].split("\n")
    )
