"""Texts with digits and signs of every script written in ASCII, character for character."""

from __future__ import annotations

import re
import sys
import unicodedata

__all__ = ["may_hold_identifiers", "plain"]


def _digits() -> dict[int, str]:
    """Return the decimal digits of all scripts but Latin, and what they are in ASCII."""
    every = (code for code in range(128, sys.maxunicode + 1) if chr(code).isdecimal())
    return {code: str(unicodedata.decimal(chr(code))) for code in every}


_DIGITS = _digits()
_SIGNS = {
    **{0xFF01 + n: chr(0x21 + n) for n in range(94) if not chr(0x21 + n).isdigit()},  # fullwidth
    **dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), " "),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212, 0xFE63), "-"),
    0x2019: "'",
}
_PLAIN = _SIGNS | _DIGITS

# No identifier is without one of these. A set of characters, no alternatives and no \d: it runs on
# every message, and this is three times as fast.
_MARK = re.compile(f"[0-9@/={''.join(map(chr, _DIGITS))}\uff20\uff0f\uff1d]")

may_hold_identifiers = _MARK.search


def plain(text: str) -> str:
    """Return a text of the same length, its digits, blanks, dashes and fullwidth signs in ASCII."""
    return text if text.isascii() else text.translate(_PLAIN)
