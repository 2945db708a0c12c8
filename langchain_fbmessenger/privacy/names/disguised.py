"""Names that are no words of a text: letter by letter ("M.i.l.o"), within a word ("superMilo")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.evidence import Token
from langchain_fbmessenger.privacy.names.parts import PARTICLES
from langchain_fbmessenger.privacy.names.scripts import NEW_WORD_WITHIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["has_letters_apart", "letters_apart", "split_at_capitals", "words_within"]

_BETWEEN = r"([ .*_\u00b7-])"
_TWO_LETTERS_APART = re.compile(rf"{_BETWEEN}[^\W\d_]\1[^\W\d_](?![^\W_])")
# Nobody's name is longer.
_LETTERS_APART = re.compile(rf"(?<![^\W_])[^\W\d_](?={_BETWEEN})(?:\1[^\W\d_](?![^\W_])){{2,30}}")
_FEWEST_APART = 3
_FEWEST_BETWEEN_SPACES = 4  # "a n a" may be three words
_FEWEST_WITHIN = 4  # "PayPal" is no Pál
# How many letters before and behind are words of their own: "to je a M i l o".
_STRETCHES = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
# "McDonald" is no Donald; what has one letter is no particle there: "iMilo".
_BEFORE_OTHERS = {"mc", "mac", "fitz", *(word for word in PARTICLES if len(word) > 1)}


has_letters_apart = _TWO_LETTERS_APART.search


def letters_apart(text: str, is_name: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """Give names that are written letter by letter: where they begin and end, and the name.

    Args:
        text: The text.
        is_name: Tells whether letters are a name.
    """
    for match in _LETTERS_APART.finditer(text):
        letters = match[0][::2]
        for first, last in _STRETCHES if match[1] == " " else _STRETCHES[:1]:
            name = letters[first : len(letters) - last]
            fewest = _FEWEST_BETWEEN_SPACES if match[1] == " " else _FEWEST_APART
            if len(name) >= fewest and is_name(name):
                yield match.start() + 2 * first, match.end() - 2 * last, name
                break


def words_within(text: str) -> str:
    """Return a text with a space before each capital that begins a word within a word."""
    return NEW_WORD_WITHIN.sub(r" \g<0>", text) if NEW_WORD_WITHIN.search(text) else text


def split_at_capitals(token: Token, is_name: Callable[[str], bool]) -> list[Token]:
    """Return the words that a word is made of, if one is a name of four letters or more."""
    borders = [0, *(match.start() for match in NEW_WORD_WITHIN.finditer(token.written))]
    ends = [*borders[1:], len(token.written)]
    pieces = [
        Token(token.start + first, token.written[first:end])
        for first, end in zip(borders, ends, strict=True)
    ]
    is_named = any(
        len(piece.folded) >= _FEWEST_WITHIN
        and not (n and pieces[n - 1].folded in _BEFORE_OTHERS)
        and is_name(piece.folded)
        for n, piece in enumerate(pieces)
    )
    return pieces if is_named else [token]
