"""Which answers share a long run of characters with a text that was trained on.

Copies are counted by their length, as in Carlini et al., "Quantifying Memorization Across Neural
Language Models" (2022): a short reply is said by everybody, a long run by who has read it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["comparable_text", "copied_runs"]


def comparable_text(text: str) -> str:
    """Return what two writings of one text have in common: neither case nor white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def copied_runs(
    answers: Sequence[tuple[str, str]], texts: Iterable[str], *, shortest: int
) -> list[int]:
    """Return the length of the longest run that each answer shares with any text.

    The answers are indexed and the texts pass by, so that memory depends on the answers alone.

    Args:
        answers: Prompts and answers. A run that stands in the prompt was read there and is none.
        texts: What was trained on.
        shortest: Characters that a run has at least; at least 2.

    Returns:
        A length for each answer; 0 where no run is as long.
    """
    compared = [(comparable_text(prompt), comparable_text(answer)) for prompt, answer in answers]
    # Every run of `shortest` characters holds one of a text's blocks of half that length in full.
    block = shortest // 2
    places: dict[str, list[tuple[int, int]]] = {}
    for number, (_, answer) in enumerate(compared):
        for start in range(len(answer) - block + 1):
            places.setdefault(answer[start : start + block], []).append((number, start))
    longest = [0] * len(compared)
    for text in map(comparable_text, texts):
        for start in range(0, len(text) - block + 1, block):
            for number, position in places.get(text[start : start + block], ()):
                prompt, answer = compared[number]
                low, high = _widened(text, start, answer, position, block)
                if high - low > max(longest[number], shortest - 1):
                    run = answer[low:high]
                    longest[number] = longest[number] if run in prompt else len(run)
    return longest


def _widened(text: str, start: int, answer: str, position: int, block: int) -> tuple[int, int]:
    """Return where in an answer the run around a block that both have begins and ends."""
    low, high = position, position + block
    shift = start - position
    while low > 0 and low + shift > 0 and answer[low - 1] == text[low + shift - 1]:
        low -= 1
    while high < len(answer) and high + shift < len(text) and answer[high] == text[high + shift]:
        high += 1
    return low, high
