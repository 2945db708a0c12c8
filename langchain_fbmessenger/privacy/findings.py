"""What finders say of texts as people read them, and the texts without it.

A finding is told in places of the text as it is written. Nearly all texts hold nothing: many are
looked at side by side, and each word once.
"""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

from langchain_fbmessenger._internal.readable_text import places_in, plain_text, plain_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "IDENTIFIER_KINDS",
    "KINDS",
    "OUTSIDE_KINDS",
    "SEPARATOR",
    "BulkFinder",
    "FamiliarWords",
    "Finding",
    "TextFinder",
    "find_in",
    "replaced",
    "suspects_in",
    "without_overlaps",
]

OUTSIDE_KINDS = ("unknown_name", "handle")
"""Kinds of people outside the export: their names, and all user names."""

IDENTIFIER_KINDS = ("phone", "email", "card", "iban", "ip", "link", "address", "id")
KINDS = ("name", *OUTSIDE_KINDS, *IDENTIFIER_KINDS)

SEPARATOR = "\1"
"""Stands between plain texts that are looked at side by side; none holds one, nor is it a blank."""

_BLOCK = 64  # texts that are looked at side by side
_MOST_REMEMBERED = 2**16
_LONGEST_REMEMBERED = 32  # characters; longer ones are links and shouts, which do not come again


class Finding(NamedTuple):
    """A part of a text that tells who somebody is.

    Attributes:
        start: Where it begins, in characters.
        end: Where it has ended.
        kind: One of `KINDS`.
        replacement: What is to stand there.
    """

    start: int
    end: int
    kind: str
    replacement: str


class TextFinder(Protocol):
    """Finds what is to be replaced in a text."""

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another.

        Args:
            text: A plain text, see `plain_text`.
        """


class BulkFinder(TextFinder, Protocol):
    """Finds what is to be replaced in many texts, of which hardly any holds something."""

    def suspects(self, texts: Sequence[str]) -> Iterable[int]:
        """Return the places of the texts that may hold something; the others hold nothing.

        Args:
            texts: Plain texts. Looking at many at once costs a fraction of looking at each.
        """


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order of the text; of two that overlap, the earlier given one."""
    kept: list[Finding] = []
    for found in findings:
        place = bisect(kept, found)
        is_free = place == 0 or kept[place - 1].end <= found.start
        if is_free and (place == len(kept) or found.end <= kept[place].start):
            kept.insert(place, found)
    return kept


def replaced(text: str, findings: list[Finding]) -> str:
    """Return the text with each finding's replacement in its place.

    Args:
        text: The text.
        findings: In the order of the text, none over another.
    """
    if not findings:
        return text
    between = [text[: findings[0].start]]
    between += [text[one.end : other.start] for one, other in pairwise(findings)]
    after = text[findings[-1].end :]
    return "".join(b + f.replacement for b, f in zip(between, findings, strict=True)) + after


def find_in(text: str, finders: Sequence[TextFinder]) -> list[Finding]:
    """Return what finders find in a text, in its order, none over another.

    What an earlier finder has found is its own: a name within an e-mail address goes with it.

    Args:
        text: The text as it is written.
        finders: Those that look at it, in this order.
    """
    plain = plain_text(text)
    findings: list[Finding] = []
    for finder in finders:
        if more := finder.find(plain):
            findings = without_overlaps([*findings, *more]) if findings else more
    if plain is text or not findings:
        return findings
    starts, ends = places_in(text)
    placed: list[Finding] = []
    for found in findings:
        # Two findings may share a character: "ﬁ" is one, and in the plain text two.
        start = max(starts[found.start], placed[-1].end if placed else 0)
        placed.append(found._replace(start=start, end=ends[found.end - 1]))
    return placed


def suspects_in(
    texts: Sequence[str], finders: Sequence[BulkFinder]
) -> Iterator[tuple[Sequence[str], list[int]]]:
    """Give texts block by block, each with the places of those in which finders may find something.

    In the others they find nothing.
    """
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        plain = plain_texts(block)
        yield block, sorted({place for finder in finders for place in finder.suspects(plain)})


class FamiliarWords:
    """Tells texts that hold a word that is looked for from others, and looks at each word once.

    A word here is what stands between blanks: "(Milo's" is one. Which numbers it holds does not
    matter: they never end, and would never be familiar.

    Args:
        is_wanted: Tells whether a word holds what is looked for; all digits in it are "0".
    """

    def __init__(self, is_wanted: Callable[[str], object]) -> None:
        self._is_wanted = is_wanted
        self._unwanted: set[str] = set()

    def others(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the plain texts that hold a word that is looked for."""
        joined = SEPARATOR.join(texts)
        for digit in "123456789":  # half the time that a pattern takes
            joined = joined.replace(digit, "0")
        words = joined.replace(SEPARATOR, " ").split()
        if self._unwanted.issuperset(words):
            return []
        wanted = {*filter(self._is_new_and_wanted, {*words} - self._unwanted)}
        if not wanted:
            return []
        split = map(str.split, joined.split(SEPARATOR))
        return [place for place, words in enumerate(split) if not wanted.isdisjoint(words)]

    def _is_new_and_wanted(self, word: str) -> bool:
        if self._is_wanted(word):
            return True
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self._unwanted) >= _MOST_REMEMBERED:
                self._unwanted.clear()
            self._unwanted.add(word)
        return False
