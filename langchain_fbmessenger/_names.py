"""How names of people are written and compared."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["comparable_name", "normal_name"]

_SPACES = re.compile(r"\s+")  # U+00A0 too, which names from Meta hold at times


def normal_name(name: str) -> str:
    """Return a (repaired) name in NFC with single spaces, as sessions carry it."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip()


def comparable_name(name: str) -> str:
    """Return what two spellings of one name have in common.

    Exports and keyboards differ in case, in white space (U+00A0 too) and in whether "ë" is one
    code point or two.

    Example:
        ```python
        assert comparable_name("Zoe\u0308  BRANDT") == comparable_name("Zoë Brandt")
        ```
    """
    # Composed last: folding takes some composed letters apart ("İ").
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())
