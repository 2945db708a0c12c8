"""Texts with digits and signs of every script written in ASCII, character for character."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["may_hold_identifiers", "plain"]


_FONTS = range(0x1D7CE, 0x1D800)


def _digits() -> dict[int, str]:
    """Return the decimal digits of all scripts but Latin, and what they are in ASCII."""
    # Beyond the basic plane only the bold and sans-serif ones, which phones offer as fonts.
    every = (code for code in (*range(128, 0x10000), *_FONTS) if chr(code).isdecimal())
    return {code: str(unicodedata.decimal(chr(code))) for code in every}


_DIGITS = _digits()
_SIGNS = {
    **{0xFF01 + n: chr(0x21 + n) for n in range(94) if not chr(0x21 + n).isdigit()},  # fullwidth
    **dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), " "),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212, 0xFE63), "-"),
    0x2019: "'",
}
_PLAIN = _SIGNS | _DIGITS

# No identifier is without one of these. It runs on every message: a set of the basic plane and one
# range beyond is fifty times as fast as all digits one by one, and four times as fast as \\d.
_IN_PLANE = "".join(chr(code) for code in _DIGITS if code < _FONTS.start)
_MARK = re.compile(f"[0-9@/={_IN_PLANE}\uff20\uff0f\uff1d{chr(_FONTS[0])}-{chr(_FONTS[-1])}]")

may_hold_identifiers = _MARK.search


def plain(text: str) -> str:
    """Return a text of the same length, its digits, blanks, dashes and fullwidth signs in ASCII."""
    return text if text.isascii() else text.translate(_PLAIN)
