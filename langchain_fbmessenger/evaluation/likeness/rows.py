"""Figures beside the scale: what it cannot see, a model's value next to the persona's own.

A model that says the persona's best line again and again stands high on the scale of voice. These
are the rows that show it, and those that show what was learned by heart.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from langchain_fbmessenger.evaluation.findings import comparable_text
from langchain_fbmessenger.evaluation.likeness.masking import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ROWS", "Rows", "rows_of"]

_MIN_RUN = 20
_MIN_WORD = 3

ROWS = {
    "different": "different replies",
    "commonest": "the commonest reply",
    "compressed": "size when compressed",
    "copied_runs": f"replies with {_MIN_RUN} letters in a row from before",
    "whole_copies": "replies said word for word before",
    "doubled_words": "replies that say a word twice",
    "letters": "letters of the median reply",
}
"""What each figure is, in the order in which it is shown."""


@dataclass(frozen=True)
class Rows:
    """Figures of some answers.

    Attributes:
        different: Share of different replies among all.
        commonest: Share of the reply that is given most often.
        compressed: Bytes of the replies when compressed, by bytes before (zlib).
        copied_runs: Share of replies that have 20 letters in a row of what was trained.
        whole_copies: Share of replies that stand word for word in what was trained.
        doubled_words: Share of replies in which some word of three letters or more stands twice.
        letters: Median length, in characters.
    """

    different: float
    commonest: float
    compressed: float
    copied_runs: float
    whole_copies: float
    doubled_words: float
    letters: float

    def to_dict(self) -> dict[str, float]:
        """Return the figures by name."""
        return asdict(self)


def rows_of(answers: Sequence[str], past: Sequence[str], *, most_bytes: int) -> Rows | None:
    """Return the figures of some answers; None of no answers.

    Args:
        answers: At least one, none of them blank.
        past: What the persona had written before.
        most_bytes: How much is compressed: a longer text is compressed further, so that only equal
            lengths compare.
    """
    if not answers:
        return None
    known = {comparable_text(text) for text in past}
    told = [comparable_text(answer) for answer in answers]
    counts = Counter(told)
    sample = "\n".join(answers).encode(errors="replace")[:most_bytes]
    copied = _with_runs_of(counts, known)
    return Rows(
        different=len(counts) / len(told),
        commonest=max(counts.values()) / len(told),
        compressed=len(zlib.compress(sample, 9)) / len(sample),
        copied_runs=sum(answer in copied for answer in told) / len(told),
        whole_copies=sum(answer in known for answer in told) / len(told),
        doubled_words=sum(map(_says_a_word_twice, answers)) / len(told),
        letters=float(median(map(len, answers))),
    )


def _with_runs_of(answers: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Return the answers that have `_MIN_RUN` letters in a row of any text.

    Each run is looked up once, so that "hahaha…" takes no longer than other texts.
    """
    holders: dict[str, set[str]] = {}
    for answer in answers:
        for run in _runs(answer):
            holders.setdefault(run, set()).add(answer)
    found: set[str] = set()
    for text in texts:
        for run in _runs(text):
            found |= holders.pop(run, set())
    return found


def _runs(text: str) -> Iterator[str]:
    return (text[start : start + _MIN_RUN] for start in range(len(text) - _MIN_RUN + 1))


def _says_a_word_twice(answer: str) -> bool:
    words = Counter(word for word in words_of(answer) if len(word) >= _MIN_WORD)
    return any(count > 1 for count in words.values())
