"""What was not touched in a text, though it looks like a name or an identifier.

No judgement: a house number and a phone number of an unknown country look alike. Whoever reads a
preview decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.findings import Finding
from langchain_fbmessenger.privacy.plain_text import find_in

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LEFT_KINDS", "left_in"]

LEFT_KINDS = ("word", "number", "mention", "url")

# Within a sentence: behind a word or a comma, so that no sentence starts there.
_LEFT = re.compile(
    r"""
    (?P<url>(?:https?://|www\.)[^\s<>"]+)
    | (?P<mention>(?<!\w)@\w[\w.]*)
    | (?P<number>\+?\d(?:[ ./()+-]?\d){4,})
    | (?<=[\w,;:)"'\u2019-]\ )(?P<word>[^\W\d_][\w'\u2019-]+)
    """,
    re.VERBOSE,
)


def left_in(text: str) -> list[Finding]:
    """Return what looks like a name or an identifier, each as a finding that replaces nothing.

    Args:
        text: The text as it was; what others have found in it is sorted out by the caller.

    Returns:
        Findings of `LEFT_KINDS`: words with a capital inside a sentence, runs of five or more
        digits, words behind an "@", web addresses. Their replacement is how they read.
    """
    return find_in(text, [_LeftOver()])


class _LeftOver:
    def find(self, text: str) -> list[Finding]:
        return [*self._all(text)]

    def _all(self, text: str) -> Iterator[Finding]:
        for match in _LEFT.finditer(text):
            kind = match.lastgroup
            if kind is not None and (kind != "word" or _is_capitalised(match[0])):
                yield Finding(match.start(), match.end(), kind, match[0])


def _is_capitalised(word: str) -> bool:
    # A shout is no name, and neither is "I'm".
    return word[0].isupper() and not word.isupper() and word[1].isalpha()
