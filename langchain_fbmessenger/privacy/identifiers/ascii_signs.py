"""Digits, blanks and dashes of every script in ASCII, character for character.

The plain text (`plain_text`) has no other fonts any more, but writes each script as it is written.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["in_ascii", "may_hold_identifiers"]


def _digits() -> dict[int, str]:
    """Return the decimal digits of all scripts but Latin, and what they are in ASCII."""
    # None beyond the basic plane is of a script that phones can write.
    every = (code for code in range(128, 0x10000) if chr(code).isdecimal())
    return {code: str(unicodedata.decimal(chr(code))) for code in every}


_DIGITS = _digits()
_SIGNS = {
    **dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000), " "),
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212, 0xFE63), "-"),
    0x2019: "'",
}
_ASCII = _SIGNS | _DIGITS
_OTHER = re.compile(f"[{''.join(map(chr, _ASCII))}]")

# No identifier is without one of these. It runs on every message: a set of the basic plane is fifty
# times as fast as all digits one by one, and four times as fast as \\d.
_MARK = re.compile(f"[0-9@/={''.join(map(chr, _DIGITS))}]")

may_hold_identifiers = _MARK.search


def in_ascii(text: str) -> str:
    """Return a text of the same length, its digits, blanks and dashes in ASCII."""
    # Nearly all texts have none or few, and to translate all characters takes ten times as long.
    return text if text.isascii() else _OTHER.sub(_usual, text)


def _usual(match: re.Match[str]) -> str:
    return _ASCII[ord(match[0])]
