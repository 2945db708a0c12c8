"""When two replies say the same: the text of a reply in, what it has in common with others out."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["exact_key", "letters_of", "near_key"]

_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")  # three letters and more; "off" is not "of"
_LAUGHTER = re.compile(r"\b(?:a?(?:h+[aei]+){2,}h*|(?:j+[aei]+){2,}j*|(?:lo+l)+|x+d+)\b")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,:/-](?=\d)")
_JOINERS = frozenset("\u200d\ufe0f")  # within emoji
_HAS_ACCENTS = ("LATIN", "GREEK")  # elsewhere a mark makes another letter


def exact_key(text: str) -> str:
    """Return the text without what a keyboard adds: case, white space, the encoding of accents."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def near_key(text: str) -> str:
    """Return what near duplicates have in common.

    People say one thing in many spellings: "ok", "Okkk!!", "ok 😂", "haha ok". So accents (of Latin
    and Greek letters), punctuation and emoji go, letters that stand three times and more are
    written once, and laughter goes where there are other words. Numbers stay as they are. A text of
    nothing but emoji, punctuation or laughter is compared as it is.

    How it compares with MinHash: tests/benchmarks/near_duplicates.py.

    Example:
        ```python
        assert near_key("Okkk!! haha 😂") == near_key("ok")
        ```
    """
    whole = exact_key(text).replace("\u2019", "'")
    plain = _without_accents(whole)
    plain = _BETWEEN_DIGITS.sub(_as_letter, plain)
    plain = "".join(c if _is_kept(c) else " " for c in plain)
    plain = _STRETCHED.sub(r"\1", plain)
    words = " ".join(_LAUGHTER.sub(" ", plain).split())
    if words:
        return words
    return "haha" if plain.strip() else re.sub(r"(.)\1+", r"\1", "".join(whole.split()))


def letters_of(text: str) -> int:
    """Count the letters and digits of a text: what it says beside emoji and punctuation."""
    return sum(unicodedata.category(c)[0] in "LN" for c in text)


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    letters: list[str] = []
    for character in text:
        first = unicodedata.normalize("NFD", character)[0]
        is_accented = unicodedata.name(first, "").startswith(_HAS_ACCENTS)
        letters.append(first if is_accented else character)
    return "".join(letters)


def _as_letter(sign: re.Match[str]) -> str:
    """Return a letter of a private-use area for a sign within a number: 10:30 is not 1030."""
    return chr(0xE000 + ord(sign[0]))


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    # Vowel signs of Indian scripts are marks, and private use stands for signs within numbers.
    return (
        category[0] in "LN" or category in {"Mn", "Mc", "Co"} or character == "'"
    ) and character not in _JOINERS
