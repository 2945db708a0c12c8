"""How names of people are written and compared."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["comparable_name", "normal_name", "words_of_name"]

_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
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


def words_of_name(name: str) -> frozenset[str]:
    """Return what stays of a name when people write it plainly: no accents, signs or emoji.

    Example:
        ```python
        assert words_of_name("Zoë ✨") == words_of_name("zoe")
        ```
    """
    # Marks of other scripts make other letters: "й" is no "и".
    apart = unicodedata.normalize("NFKD", name.casefold())
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", apart))
    kept = "".join(c if c.isalnum() or _is_mark(c) else " " for c in plain)
    return frozenset(kept.split())


def _is_mark(sign: str) -> bool:
    """Tell whether a sign is part of a letter, as vowels are in India; emoji have signs, too."""
    return unicodedata.category(sign) in {"Mc", "Mn"} and not "\ufe00" <= sign <= "\ufe0f"
