# ruff: noqa: RUF001 - letters that look alike are what it tells apart
"""Describe how a text is written by figures that name no word: lengths, capitals, marks, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from math import log2
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["StyleFeatures"]

_COMMON_MARKS = 40

_LETTER_TRIPLED = re.compile(r"(\w)\1\1")
_MARK_DOUBLED = re.compile(r"([!?.…,;:)(。！？~-])\1")
_SPACE_BEFORE_MARK = re.compile(r"\s[!?.,;:]")
_APOSTROPHE = re.compile(r"\w['’]\w")
_LAUGHTER = re.compile(
    r"(?i)\b(?:a*h[aeiou](?:h[aeiou]?)+|(?:j[aeiou]){2,}j?|(?:xa){2,}|а*х[аеи](?:х[аеи]?)+|lol|lmao"
    r"|mdr|k{3,}|rs(?:rs)*|xd|5{3,})\b|[wｗ笑草]{2,}|[ㅋㅎ]{2,}"
)
_SMILEY = re.compile(r"[:;=][-']?[)(DPpoO/|\]\[]|<3")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()] or [""]


def _line_ends(text: str) -> list[str]:
    # No pattern: one that looks for spaces before an end takes hours for a line of spaces.
    return [line.rstrip()[-1:] for line in _lines(text)]


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in {"So", "Sk"}


def _is_mark(character: str) -> bool:
    return bool(character) and unicodedata.category(character).startswith("P")


# One number a text, by what it is of. Shares of lines or letters do not grow with the length.
_FEATURES: dict[str, Callable[[str], float]] = {
    "length": lambda text: log2(1 + len(text)),
    "lines": lambda text: min(len(_lines(text)), 8),
    "length of the first line": lambda text: min(len(_lines(text)[0]), 300) ** 0.5,
    "length of words": lambda text: min(_share(sum(map(len, text.split())), len(text.split())), 12),
    "lines that begin with a capital": lambda text: _share(
        sum(line.lstrip()[:1].isupper() for line in _lines(text)), len(_lines(text))
    ),
    "lines that begin in lower case": lambda text: _share(
        sum(line.lstrip()[:1].islower() for line in _lines(text)), len(_lines(text))
    ),
    "lines that end with a mark": lambda text: _share(
        sum(_is_mark(end) for end in _line_ends(text)),
        len(_lines(text)),
    ),
    "lines that end with a symbol": lambda text: _share(
        sum(_is_symbol(end) or end == "\ufe0f" for end in _line_ends(text)),
        len(_lines(text)),
    ),
    "capitals": lambda text: _share(sum(map(str.isupper, text)), len(text)),
    "words in capitals": lambda text: _share(
        sum(len(word) > 1 and word.isupper() for word in text.split()), len(text.split())
    ),
    "digits": lambda text: _share(sum(map(str.isdigit, text)), len(text)),
    "symbols": lambda text: _share(sum(map(_is_symbol, text)), len(text)) ** 0.5,
    "marks": lambda text: _share(sum(map(_is_mark, text)), len(text)),
    "letters beyond ASCII": lambda text: _share(
        sum(one.isalpha() and not one.isascii() for one in text), len(text)
    ),
    "tripled letters": lambda text: bool(_LETTER_TRIPLED.search(text)),
    "doubled marks": lambda text: bool(_MARK_DOUBLED.search(text)),
    "spaces before marks": lambda text: bool(_SPACE_BEFORE_MARK.search(text)),
    "apostrophes": lambda text: _share(len(_APOSTROPHE.findall(text)), len(text.split())),
    "laughter": lambda text: bool(_LAUGHTER.search(text)),
    "smileys": lambda text: bool(_SMILEY.search(text)),
    "links": lambda text: "http" in text,
}


class StyleFeatures:
    """Turn texts into rows of figures: those named here, and the commonest marks of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update({one for one in text if not one.isalnum() and not one.isspace()})
        ranked = sorted(counts, key=lambda mark: (-counts[mark], mark))
        self._marks = ranked[:_COMMON_MARKS]

    @property
    def names(self) -> list[str]:
        """What each column is of."""
        return [*_FEATURES, *(f"has {mark}" for mark in self._marks)]

    def __call__(self, texts: Sequence[str]) -> Any:
        """Return an array of shape (texts, features)."""
        import numpy as np

        rows = [
            [
                *(float(of(text)) for of in _FEATURES.values()),
                *(mark in text for mark in self._marks),
            ]
            for text in texts
        ]
        return np.array(rows, dtype=float).reshape(len(texts), len(self.names))
