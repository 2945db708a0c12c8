"""One look at many texts that all finders share: which signs of identifiers does each hold?

A finder whose signs are missing would find nothing, so it is not asked: nearly all texts with a
digit hold a time, an age, a price. The look is at the ASCII of texts, as bytes, side by side: two
translations and a search each cost less than one pattern would, and no identifier but an address
has more.
"""

from __future__ import annotations

import re
import unicodedata
from enum import IntFlag
from typing import TYPE_CHECKING, Any, AnyStr

from langchain_fbmessenger.privacy.findings import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Sign", "fewest_digits", "in_ascii", "may_hold_identifiers", "signs_in"]


def _ascii_of_digits() -> dict[int, str]:
    """Return the decimal digits of all scripts but Latin, and what they are in ASCII."""
    # None beyond the basic plane is of a script that phones can write.
    every = (code for code in range(128, 0x10000) if chr(code).isdecimal())
    return {code: str(unicodedata.decimal(chr(code))) for code in every}


_ASCII_OF_DIGITS = _ascii_of_digits()
_BLANKS_AND_DASHES = {
    **dict.fromkeys("\xa0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63", "-"),
    "\u2019": "'",
}
_NOT_ASCII_DIGIT = re.compile(f"[{''.join(map(chr, _ASCII_OF_DIGITS))}]")

# No identifier is without one of these. It runs on every message: a set of the basic plane is fifty
# times as fast as all digits one by one, and four times as fast as \\d.
_MARK = re.compile(f"[0-9@/={''.join(map(chr, _ASCII_OF_DIGITS))}]")

may_hold_identifiers = _MARK.search


def in_ascii(text: str) -> str:
    """Return a text of the same length, its digits, blanks and dashes in ASCII."""
    if text.isascii():
        return text
    for sign, usual in _BLANKS_AND_DASHES.items():  # a fraction of the time that one pattern takes
        text = text.replace(sign, usual)
    return text.translate(_ASCII_OF_DIGITS) if _NOT_ASCII_DIGIT.search(text) else text


class Sign(IntFlag):
    """What a text holds; a text's signs are a number."""

    NONE = 0
    DIGIT = 1
    TWELVE_DIGITS = 2
    LINK = 4
    """A sign of an address's parts: "/", "=", "?", "#"."""
    AT = 8
    """A "@"."""
    DOTS = 16
    """As many dots or colons as an IP address."""
    IBAN = 32
    """Two letters, two digits and more, as long as an IBAN."""
    SIX_DIGITS = 64
    """Six digits with nothing but dots and blanks between."""
    LONG_NUMBER = 128
    """As many digits as a phone number, with its signs between."""
    CAPITALS = 256
    """Six capitals or digits side by side."""
    LONG_WORD = 512
    """As many letters, digits and signs side by side as a token has."""
    FIVE_DIGITS = 1024
    """Five digits side by side."""
    RARE_DIGIT = 2048
    """A digit that is not written in ASCII (`in_ascii`): of a script that hardly anybody types."""


_BETWEEN = SEPARATOR.encode()
_FEWEST_DOTS = 2  # of an IP address of version 6; version 4 has three
_TWELVE = 12
_LONGEST_REMEMBERED = 64  # marks of one text
_MOST_REMEMBERED = 2**12  # orders of marks; nearly all texts have one of few


def _table(of: str, name: str) -> bytes:
    """Return the table that makes a letter of characters of a set, and a blank of others."""
    return bytes(
        code if chr(code) == SEPARATOR else ord(name if re.match(of, chr(code)) else " ")
        for code in range(256)
    )


def _all_but(of: str) -> bytes:
    return bytes(
        code for code in range(256) if chr(code) != SEPARATOR and not re.match(of, chr(code))
    )


_MARKS_OF = (("d", "[0-9]"), ("/", "[/=#]"), (".", "[.:]"))
_DIGITS = _table("[0-9]", "d")
_LETTERS_AND_DIGITS = bytes(
    ord("a") if chr(code).isascii() and chr(code).isalpha() else digit
    for code, digit in enumerate(_DIGITS)
)
_CAPITALS = _table("[A-Z0-9]", "A")
_IN_WORDS = _table(r"[\w.:-]", "w")
_MARKS = bytes(
    next((ord(mark) for mark, of in _MARKS_OF if re.match(of, chr(code))), code)
    for code in range(256)
)
_NO_MARKS = _all_but("[0-9/=#@.:]")
_BETWEEN_GROUPS = b" -"  # of an IBAN
_BETWEEN_DIGITS, _BETWEEN_NUMBERS = b" .", b" .-/()"
_IBAN_BEGINS = b"aadd"
_IBAN = re.compile(_IBAN_BEGINS + b"[ad]{11}")  # the shortest IBAN has 15
_FIVE_DIGITS, _SIX_DIGITS, _SEVEN_DIGITS = b"d" * 5, b"d" * 6, b"d" * 7
_SIX_CAPITALS = b"A" * 6
_LONG_WORD = b"w" * 15  # the shortest token; no shorter word that may have no digit is an id

# Decimal digits of rare scripts by a coarse range, which is much cheaper: it leaves out the emoji.
_OTHER_DIGIT = re.compile("[\U000104a0-\U0001efff\U0001fb00-\U000e0000]")
_ANY_NUMBER = (
    Sign.RARE_DIGIT
    | Sign.DIGIT
    | Sign.FIVE_DIGITS
    | Sign.SIX_DIGITS
    | Sign.LONG_NUMBER
    | Sign.TWELVE_DIGITS
)


class _SignsOfMarks(dict[bytes, int]):
    """The signs that a text has by its marks: its digits, links, dots and "@"s, in their order."""

    def __missing__(self, marks: bytes) -> int:
        digits = marks.count(b"d")
        signs = Sign.DIGIT if digits else Sign.NONE
        signs |= Sign.TWELVE_DIGITS if digits >= _TWELVE else Sign.NONE
        signs |= Sign.LINK if b"/" in marks else Sign.NONE
        signs |= Sign.AT if b"@" in marks else Sign.NONE
        signs |= Sign.DOTS if marks.count(b".") >= _FEWEST_DOTS else Sign.NONE
        if len(self) < _MOST_REMEMBERED and len(marks) <= _LONGEST_REMEMBERED:
            self[marks] = int(signs)
        return int(signs)


_signs_of_marks = _SignsOfMarks()


def signs_in(texts: Sequence[str]) -> list[int]:
    """Return the signs of each of some texts.

    Args:
        texts: Plain texts, their digits in ASCII, see `in_ascii`; those of rare scripts may be any.
    """
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) >= len(texts):  # one holds what no plain text does
        joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in texts)
    seen = joined.encode("ascii", "replace")
    signs = [*map(_signs_of_marks.__getitem__, seen.translate(_MARKS, _NO_MARKS).split(_BETWEEN))]

    def note(sign: Sign, what: AnyStr, where: AnyStr) -> None:
        if what in where:
            between: Any = SEPARATOR if isinstance(where, str) else _BETWEEN
            for place, piece in enumerate(where.split(between)):
                if what in piece:
                    signs[place] |= int(sign)

    note(Sign.LINK, "?", joined)  # which in `seen` stands for what is not ASCII
    note(Sign.FIVE_DIGITS, _FIVE_DIGITS, seen.translate(_DIGITS))
    note(Sign.SIX_DIGITS, _SIX_DIGITS, seen.translate(_DIGITS, _BETWEEN_DIGITS))
    note(Sign.LONG_NUMBER, _SEVEN_DIGITS, seen.translate(_DIGITS, _BETWEEN_NUMBERS))
    note(Sign.CAPITALS, _SIX_CAPITALS, seen.translate(_CAPITALS))
    note(Sign.LONG_WORD, _LONG_WORD, seen.translate(_IN_WORDS))
    pieces = seen.translate(_LETTERS_AND_DIGITS, _BETWEEN_GROUPS)
    if _IBAN_BEGINS in pieces:
        place = done = 0
        for match in _IBAN.finditer(pieces):
            place += pieces.count(_BETWEEN, done, match.start())
            done = match.start()
            signs[place] |= int(Sign.IBAN)
    return signs if joined.isascii() else _with_rare_digits(signs, joined)


def _with_rare_digits(signs: list[int], joined: str) -> list[int]:
    if _OTHER_DIGIT.search(joined):
        for place, text in enumerate(joined.split(SEPARATOR)):
            if _OTHER_DIGIT.search(text):
                signs[place] |= int(_ANY_NUMBER)
    return signs


_PIECE = re.compile(r"\\.|\[[^\]]+\]|\(\?:|[|)?*+]|\{(?P<least>\d+)(?:,\d*)?\}|.")
_IS_DIGIT = re.compile(r"\\d|\d|\[[\d-]+\]")


def fewest_digits(pattern: str) -> int:
    r"""Return how many digits all texts hold that match a pattern of our tables.

    Args:
        pattern: A pattern of characters, sets, groups `(?:...|...)` and repetitions.

    Example:
        ```python
        assert fewest_digits(r"\d{3}-?(?:\d\d|[a-f]\d)") == 4
        ```
    """
    ways, around, last = [0], [], 0
    for piece in _PIECE.finditer(pattern):
        sign = piece[0]
        if sign == "(?:":
            around.append(ways)
            ways = [0]
        elif sign == "|":
            ways.append(0)
        elif sign in {"?", "*"} or piece["least"]:
            ways[-1] += last * (int(piece["least"] or 0) - 1)
        elif sign != "+":
            last = min(ways) if sign == ")" else int(_IS_DIGIT.fullmatch(sign) is not None)
            ways = around.pop() if sign == ")" else ways
            ways[-1] += last
    return min(ways)
