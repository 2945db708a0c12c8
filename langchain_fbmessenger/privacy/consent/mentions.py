"""Find where texts mention people who are left out: text in, findings out.

Plain forms only: full names, their parts, nicknames. What is found becomes "[someone]".
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.findings import Finding, without_overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["SOMEONE", "MentionFinder"]

SOMEONE = "[someone]"

# Letters with their marks, which stand apart in NFD.
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*")


class _Word(NamedTuple):
    start: int
    end: int
    written: str
    folded: str


class MentionFinder:
    """Finds mentions.

    Args:
        names: Full names of those who are left out.
        nicknames: What they are called in a thread.
        kept: Full names of the others: of "Milo Novák" nothing is found because of another Milo.
    """

    def __init__(
        self, names: Iterable[str], nicknames: Iterable[str] = (), kept: Iterable[str] = ()
    ) -> None:
        names, nicknames = list(names), list(nicknames)
        self._parts = {word for name in names for word in _parts(name)}
        self._phrases: dict[str, list[tuple[list[str], bool]]] = {}
        for whole, is_theirs in ((names + nicknames, True), (kept, False)):
            for name in whole:
                words = [word.folded for word in _words(name)]
                if len(words) > 1 or (words and is_theirs and name in nicknames):
                    self._phrases.setdefault(words[0], []).append((words, is_theirs))
        for phrases in self._phrases.values():
            phrases.sort(key=lambda phrase: -len(phrase[0]))
        odd = [n for n in {*names, *nicknames} if n.strip() and not _WORD.search(n)]
        self._odd = re.compile("|".join(map(re.escape, sorted(odd, key=len, reverse=True))))
        self._has_odd = bool(odd)
        self._first_words = self._parts | self._phrases.keys()

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        found: list[Finding] = []
        if self._has_odd:
            found = [_someone(m.start(), m.end()) for m in self._odd.finditer(text)]
        words = _words(text)
        if self._first_words.isdisjoint(word.folded for word in words):
            return found
        return without_overlaps([*self._mentions(text, words), *found])

    def _mentions(self, text: str, words: list[_Word]) -> Iterator[Finding]:
        start = end = -1  # of a mention that may go on: "Dvořák Milo" is one person
        i = 0
        while i < len(words):
            length, is_theirs = self._at(i, words, text)
            if is_theirs:
                if start >= 0 and text[end : words[i].start].isspace():
                    end = words[i + length - 1].end
                else:
                    if start >= 0:
                        yield _someone(start, end)
                    start, end = words[i].start, words[i + length - 1].end
            i += length
        if start >= 0:
            yield _someone(start, end)

    def _at(self, i: int, words: list[_Word], text: str) -> tuple[int, bool]:
        """Return how many words belong together at a place, and whether they are a mention."""
        word = words[i]
        for phrase, is_theirs in self._phrases.get(word.folded, ()):
            here = words[i : i + len(phrase)]
            is_clear = len(phrase) > 1 or _is_like_a_name(word, text)
            if is_clear and [one.folded for one in here] == phrase:
                return len(phrase), is_theirs
        return 1, word.folded in self._parts and _is_like_a_name(word, text)


def _is_like_a_name(word: _Word, text: str) -> bool:
    """Tell whether a word has a capital, is of a script without any, or stands behind "@"."""
    return not word.written[0].islower() or text[word.start - 1 : word.start] == "@"


def _someone(start: int, end: int) -> Finding:
    return Finding(start, end, "name", SOMEONE)


def _parts(name: str) -> Iterator[str]:
    """Give the parts of a name that tell who somebody is: of "Vincent van Gogh", not the "van"."""
    words = _words(name)
    are_small = all(word.written[0].islower() for word in words)
    for word in words:
        if len(word.folded) > 1 and (are_small or not word.written[0].islower()):
            yield word.folded


def _words(text: str) -> list[_Word]:
    return [_Word(m.start(), m.end(), m[0], _folded(m[0])) for m in _WORD.finditer(text)]


def _folded(word: str) -> str:
    """Return a word in lower case without accents, as people type it who lack them."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", word.casefold())
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", plain)
