"""Words that tell what a number is: "call", "order", "version" (words.toml)."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.identifiers.spots import LATIN

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["any_of", "stands_before", "stands_behind", "stands_right_before", "stem_of"]

REACH = 28  # characters between which a word is still about a number
# Scripts, what a word begins with, and what it ends with.
_SCRIPTS = (
    ("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]", "", ""),  # Thai, Lao, Kana, Han: no blanks
    ("[\uac00-\ud7af]", "(?<![\uac00-\ud7af])", ""),  # Hangul: particles behind
    # Arabic and Hebrew: "and the" before, "my" behind.
    ("[\u0620-\u06ff]", "(?<![\u0620-\u06ff])[وفبلك]{0,2}(?:ال|لل)?", ""),
    ("[\u05d0-\u05ea]", "(?<![\u05d0-\u05ea])[והבלכשמ]{0,3}", ""),
)
_SPACED = (LATIN, "\u0370-\u03ff\u1f00-\u1fff", "\u0400-\u052f")  # Greek, Cyrillic
_BETWEEN = re.compile(r"\w*\W{0,3}(?:\w{1,4}\W{1,3})?")


def stands_before(text: str, start: int, what: str, reach: int = REACH) -> bool:
    """Tell whether a word of a list stands shortly before a place in a text."""
    before = text[max(0, start - reach) : start].casefold()
    return _may_hold(before, what) and _pattern(what).search(before) is not None


def stands_right_before(text: str, start: int, what: str) -> bool:
    """Tell whether the last word before a place in a text, or the last but a short one, is such."""
    before = text[max(0, start - REACH) : start].casefold()
    return _may_hold(before, what) and any(
        _BETWEEN.fullmatch(before, found.end()) is not None
        for found in _pattern(what).finditer(before)
    )


def stands_behind(text: str, end: int, what: str) -> bool:
    """Tell whether a text goes on with a word of a list."""
    return _pattern(what).match(text[end : end + REACH].casefold().lstrip(" .,-")) is not None


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of words, each whole but for those that end in "*".

    A word is whole where no letter of its own script stands beside it; in scripts without blanks
    anywhere, and where words get particles, with those. "[phone]" is a placeholder of an earlier
    run, and no word.
    """
    return "|".join(map(_whole, words))


def stem_of(word: str) -> str:
    """Return what every text holds, casefolded, in which a word of a list stands."""
    return word.rstrip("*").casefold()


def _whole(word: str) -> str:
    stem = re.escape(stem_of(word))
    for letter, before, behind in _SCRIPTS:
        if re.match(letter, word):
            return f"{before}{stem}{behind}"
    script = next((one for one in _SPACED if re.match(f"[{one}]", word)), r"\w")
    before = rf"(?<![{script}\d_[])" if word[:1].isalnum() else ""
    return before + stem + (rf"(?![{script}\d])" if word[-1:].isalnum() else "")


class _List(msgspec.Struct, forbid_unknown_fields=True):
    words: list[str]


def _may_hold(folded: str, what: str) -> bool:
    """Tell whether a text holds a word of a list, if only within another: nearly none does.

    To look for each of a list's words is ten times as fast as one pattern of all.
    """
    return any(map(folded.__contains__, _stems(what)))


@functools.cache
def _stems(what: str) -> list[str]:
    return sorted(set(map(stem_of, _lists()[what].words)))


@functools.cache
def _pattern(what: str) -> re.Pattern[str]:
    return re.compile(any_of(_lists()[what].words))


@functools.cache
def _lists() -> dict[str, _List]:
    return read_table(__package__, "words.toml", dict[str, _List])
