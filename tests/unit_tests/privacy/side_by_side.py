"""What finders find in many texts that they look at side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.findings import find_in, suspects_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.privacy.findings import BulkFinder, Finding


def find_in_each(
    texts: Sequence[str], finders: Sequence[BulkFinder]
) -> Iterator[tuple[str, list[Finding]]]:
    """Give each text with what is found in it if it is a suspect."""
    for block, suspects in suspects_in(texts, finders):
        for place, text in enumerate(block):
            yield text, find_in(text, finders) if place in suspects else []
