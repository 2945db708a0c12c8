"""Find in texts as people read them; findings are places of the text as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.readable_text import places_in, plain_text, plain_texts
from langchain_fbmessenger.privacy.findings import without_overlaps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.privacy.findings import BulkFinder, Finding, TextFinder

__all__ = ["SEPARATOR", "find_in", "plain_text", "suspects_in"]

SEPARATOR = "\1"
"""Stands between plain texts that are looked at side by side; none holds one, nor is it a blank."""

_BLOCK = 64  # texts that are looked at side by side


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
