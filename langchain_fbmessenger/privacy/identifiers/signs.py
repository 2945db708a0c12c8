"""One look at a text that all finders share: which signs of identifiers does it hold?

A finder whose signs are missing would find nothing, so it is not asked: nearly all texts with a
digit hold a time, an age, a price. The look is at the ASCII of a text, as bytes: two translations
and a search each cost less than one pattern would, and no identifier but an address has more.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

__all__ = ["ANY_DIGIT", "MOST_DIGITS", "Signs", "fewest_digits", "signs_of"]

MOST_DIGITS = 20
"""What nobody asks for more of."""


class Signs(NamedTuple):
    """What a text holds.

    Attributes:
        digits: How many digits; `MOST_DIGITS` of more.
        has_link: Whether a "/" or a "=".
        has_at: Whether a "@".
        has_dots: Whether the dots or colons of an IP address.
        has_iban: Whether two letters, two digits and more, as long as an IBAN.
        has_digits_together: Whether six digits with nothing but dots and blanks between.
        has_long_number: Whether as many digits as a phone number, with its signs between.
        has_capitals: Whether six capitals or digits side by side.
        has_long_word: Whether as many letters, digits and signs side by side as a token has.
    """

    digits: int = 0
    has_link: bool = False
    has_at: bool = False
    has_dots: bool = False
    has_iban: bool = False
    has_digits_together: bool = False
    has_long_number: bool = False
    has_capitals: bool = False
    has_long_word: bool = False


_V4_DOTS, _V6_COLONS = 3, 2


def _classes(**chars: str) -> bytes:
    """Return the table that makes of each character the name of its class, of others a blank."""
    return bytes(
        next((ord(name) for name, of in chars.items() if re.match(of, chr(code))), ord(" "))
        for code in range(256)
    )


_LETTERS_AND_DIGITS = _classes(d="[0-9]", a="[A-Za-z]")
_BETWEEN_GROUPS = b" -"  # of an IBAN
_IBAN_BEGINS = b"aadd"
_IBAN = re.compile(_IBAN_BEGINS + b"[ad]{11}")  # the shortest IBAN has 15
_DIGITS = _classes(d="[0-9]")
_BETWEEN_DIGITS, _BETWEEN_NUMBERS = b" .", b" .-/()"
_SIX_DIGITS, _SEVEN_DIGITS = b"d" * 6, b"d" * 7
_CAPITALS = _classes(A="[A-Z0-9]")
_SIX_CAPITALS = b"A" * 6
_IN_WORDS = _classes(w=r"[\w.:-]")
_LONG_WORD = b"w" * 15  # the shortest token; no shorter word that may have no digit is an id

# Decimal digits of rare scripts by a coarse range, which is much cheaper: it leaves out the emoji.
_RARE = "\U000104a0-\U0001efff\U0001fb00-\U000e0000"
_OTHERS = (chr(code) for code in range(128, 0x10000) if unicodedata.category(chr(code)) == "Nd")
_OTHER_DIGIT = re.compile(f"[{''.join(_OTHERS)}{_RARE}]")

ANY_DIGIT = f"0-9{_RARE}"
"""All that may be a digit in a text whose digits are in ASCII, as part of a set in a pattern."""


def signs_of(text: str) -> Signs:
    """Return the signs of a text.

    Args:
        text: The text, its digits in ASCII, see `in_ascii`; those of rare scripts may be many.
    """
    seen = text.encode("ascii", "replace")
    pieces = seen.translate(_LETTERS_AND_DIGITS, _BETWEEN_GROUPS)
    digits = pieces.count(b"d")
    together = number = False
    if not text.isascii() and _OTHER_DIGIT.search(text):
        digits, together, number = MOST_DIGITS, True, True
    elif digits >= len(_SIX_DIGITS):
        together = _SIX_DIGITS in seen.translate(_DIGITS, _BETWEEN_DIGITS)
        number = _SEVEN_DIGITS in seen.translate(_DIGITS, _BETWEEN_NUMBERS)
    return Signs(
        min(digits, MOST_DIGITS),
        "/" in text or "=" in text,
        "@" in text,
        text.count(".") >= _V4_DOTS or text.count(":") >= _V6_COLONS,
        _IBAN_BEGINS in pieces and _IBAN.search(pieces) is not None,
        together,
        number,
        _SIX_CAPITALS in seen.translate(_CAPITALS),
        _LONG_WORD in seen.translate(_IN_WORDS),
    )


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
