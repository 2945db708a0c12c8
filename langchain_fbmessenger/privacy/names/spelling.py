"""How names are compared and written: words of a text, accents set aside, letter case kept."""

from __future__ import annotations

import re
import unicodedata

from langchain_fbmessenger._names import fold

__all__ = [
    "MARKS",
    "WORD",
    "fold",
    "has_accents_of",
    "has_case",
    "in_case_of",
    "in_style_of",
    "words_of",
]

# Marks that follow their letter as characters of their own; `\w` knows none of them. Vowel signs of
# Indian and Thai script are among them, so words there are not cut into pieces.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670"
    "\u0900-\u0963\u0966-\u0dff\u0e30-\u0e4e"
)
WORD = re.compile(rf"(?:[^\W\d_]+[{MARKS}]*)+")
"""A run of letters: "Milo's", "milo_99" and "O'Brien" hold more than one."""

_ASCII_WORD = re.compile("[a-z]+")


def words_of(folded: str) -> list[str]:
    """Return the words of a folded text."""
    return (_ASCII_WORD if folded.isascii() else WORD).findall(folded)


def has_accents_of(written: str, spelling: str) -> bool:
    """Tell whether a word has no accents but those of a spelling; they may be missing.

    Args:
        written: As somebody typed it.
        spelling: As it should be, in lower case.
    """
    if written.isascii():
        return True
    typed = unicodedata.normalize("NFC", written.casefold())
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
        return name.lower()
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
