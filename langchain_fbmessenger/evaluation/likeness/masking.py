# ruff: noqa: RUF001, RUF002 - letters that look alike are what it tells apart
"""Mask rare words, so that a measure of voice sees how somebody writes and not what about.

After Stamatatos, "Authorship Attribution Using Text Distortion" (2017), variant DV-MA.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Mask", "words_and_marks_of", "words_of"]

_KEPT = 300
# Scripts that put no spaces between words: a run of them is taken letter by letter.
_UNSPACED = (
    r"\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# A mark (as of Hindi and Arabic vowels) belongs to its letter, and is no word character to `re`.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957"
_WORD = re.compile(
    rf"[{_UNSPACED}]|\d|(?:(?![\d{_UNSPACED}])\w|[{_MARKS}'’](?=\w|[{_MARKS}]))+[{_MARKS}]*"
)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case; letters where a script has no spaces."""
    return _WORD.findall(text.casefold())


def words_and_marks_of(text: str) -> list[str]:
    """Return words and, between them, what is neither word nor space, in its order."""
    folded = text.casefold()
    found: list[str] = []
    end = 0
    for word in _WORD.finditer(folded):
        found += folded[end : word.start()].split()
        found.append(word[0])
        end = word.end()
    return found + folded[end:].split()


class Mask:
    """Keep the commonest words of some texts, and hide the others.

    A hidden letter becomes `*`, `〇` in scripts without spaces, a digit `#`; capitals stay capitals
    (`X`), since how somebody writes them is style.
    """

    def __init__(self, texts: Iterable[str], *, kept: int = _KEPT) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(words_of(text)))
        # Ties go by the word: the mask does not depend on the order of the texts.
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self._kept = frozenset(word for word in ranked[:kept] if not word.isdigit())

    def __call__(self, text: str) -> str:
        """Return a text with its rare words hidden."""
        return _WORD.sub(self._hidden, text)

    def _hidden(self, found: re.Match[str]) -> str:
        word = found[0]
        if word.casefold() in self._kept:
            return word
        if word.isdigit():
            return "#"
        if len(word) == 1 and ord(word) > 0xE00:  # noqa: PLR2004 - the first script without spaces
            return "〇"
        return "".join("X" if letter.isupper() else "*" for letter in word)
