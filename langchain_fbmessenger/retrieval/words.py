"""What texts are compared by: a text in, its words out, as they are looked up."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from langchain_fbmessenger._internal.names import fold
from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger._internal.scripts import SPACELESS, WORD

__all__ = ["words_of"]

# Signs and pictures that say something: arrows to dingbats, stars, and the emoji of the other
# planes but the five skin colours.
_EMOJI = "[\u2190-\u2bff\U0001f000-\U0001f3fa\U0001f400-\U0001faff]"
_PIECE = re.compile(rf"{WORD.pattern}|\d+|{_EMOJI}")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_ASCII_PIECE = re.compile("[a-z]+|[0-9]+")  # the same of a folded text, several times as fast
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")  # three letters and more; "off" is not "of"


def words_of(text: str) -> list[str]:
    """Return the words of a text, in its order.

    People write one word in many ways: case, fonts, accents (which phones make a trouble of) and
    stretched letters do not count. Numbers and emoji are words. Where a script puts no spaces
    between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer), each two letters side by side are
    one, so that a word is found within a sentence; so they are in Korean, whose endings differ.

    Example:
        ```python
        assert words_of("Čaaau, MILO 😂") == ["cau", "milo", "😂"]
        assert words_of("猫が好き") == ["猫が", "が好", "好き"]
        ```
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", plain_text(text))
    text = _STRETCHED.sub(r"\1", fold(text))
    if text.isascii():
        return _ASCII_PIECE.findall(text)
    words: list[str] = []
    for piece in _PIECE.finditer(text):
        run = piece[0]
        if len(run) > 1 and (SPACELESS.match(run) or _HANGUL.match(run)):
            words += [first + second for first, second in pairwise(run)]
        else:
            words.append(run)
    return words
