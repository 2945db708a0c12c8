"""What a finder says of a text, and the text without it: findings in, another text out."""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "IDENTIFIER_KINDS",
    "KINDS",
    "OUTSIDE_KINDS",
    "BulkFinder",
    "Finding",
    "TextFinder",
    "replaced",
    "without_overlaps",
]

OUTSIDE_KINDS = ("unknown_name", "handle")
"""What is told of people outside the export: names, and user names whoever's they are."""

IDENTIFIER_KINDS = ("phone", "email", "card", "iban", "ip", "link", "address", "id")
KINDS = ("name", *OUTSIDE_KINDS, *IDENTIFIER_KINDS)


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
