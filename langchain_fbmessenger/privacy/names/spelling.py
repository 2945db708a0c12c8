"""How names are compared and written: words of a text, accents set aside, letter case kept."""

from __future__ import annotations

import re
import unicodedata

from langchain_fbmessenger._internal.names import fold, plain_name
from langchain_fbmessenger._internal.scripts import WORD, in_one_script

__all__ = [
    "WORD",
    "fold",
    "has_accents_of",
    "has_case",
    "in_case_of",
    "in_style_of",
    "lower_case",
    "name_as_read",
    "words_of",
]

_ASCII_WORD = re.compile("[a-z]+")


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text."""
    return (_ASCII_WORD if folded.isascii() else WORD).findall(folded)


def name_as_read(name: str) -> str:
    """Return a name as texts have it: nothing invisible, no other fonts, no letters of others."""
    return in_one_script(plain_name(name), bool)


def lower_case(text: str) -> str:
    """Return a text in lower case as people type it: Python makes two characters of "İ"."""
    return unicodedata.normalize("NFC", text.casefold()).replace("i\u0307", "i")


def has_accents_of(written: str, spelling: str) -> bool:
    """Tell whether a word has no accents but those of a spelling; they may be missing.

    Args:
        written: As somebody typed it.
        spelling: As it should be, in lower case.
    """
    if written.isascii() or not has_case(written):
        return True  # without capitals, points and hamzas come and go, and make no other word
    typed = lower_case(written)
    return (
        typed == spelling
        or fold(typed) == typed
        or (len(typed) == len(spelling) and all(map(_fits, typed, spelling)))
    )


def _fits(typed: str, letter: str) -> bool:
    return typed in (letter, fold(letter))


def has_case(word: str) -> bool:
    """Tell whether a word is in a script that has capitals."""
    # Georgian has letters that Unicode takes for capitals, and that no name begins with.
    return word[0].lower() != word[0].upper() and not "\u10d0" <= word[0] <= "\u10ff"


def in_case_of(written: str, name: str) -> str:
    """Return a name in the letter case that another was written in.

    Example:
        ```python
        assert in_case_of("MILO", "Tomas") == "TOMAS"
        ```
    """
    if written.islower():
        return name.lower().replace("i\u0307", "i")
    if len(written) > 1 and written.isupper():
        return name.upper()
    return name[:1].upper() + name[1:] if written[:1].isupper() else name


def in_style_of(written: str, name: str, *, is_plain: bool) -> str:
    """Return a name in the letter case of another, without accents if that has lost its own.

    Args:
        written: The other name, as somebody typed it.
        name: The name.
        is_plain: Whether accents are left out there.
    """
    if is_plain:
        plain = "".join(fold(one).upper() if one.isupper() else fold(one) for one in name)
        name = plain if plain.isascii() else name
    return in_case_of(written, name)
