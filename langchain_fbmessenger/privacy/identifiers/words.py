"""Words that tell what a number is: "call", "order", "version" (words.toml)."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["any_of", "stands_before", "stands_behind", "stands_right_before"]

REACH = 28  # characters between which a word is still about a number
_BETWEEN = re.compile(r"\w*\W{0,3}(?:\w{1,4}\W{1,3})?")


def stands_before(text: str, start: int, what: str, reach: int = REACH) -> bool:
    """Tell whether a word of a list stands shortly before a place in a text."""
    before = text[max(0, start - reach) : start].casefold()
    return _pattern(what).search(before) is not None


def stands_right_before(text: str, start: int, what: str) -> bool:
    """Tell whether the last word before a place in a text, or the last but a short one, is such."""
    before = text[max(0, start - REACH) : start].casefold()
    return any(
        _BETWEEN.fullmatch(before, found.end()) is not None
        for found in _pattern(what).finditer(before)
    )


def stands_behind(text: str, end: int, what: str) -> bool:
    """Tell whether a text goes on with a word of a list."""
    return _pattern(what).match(text[end : end + REACH].casefold().lstrip(" .,-")) is not None


def any_of(words: Iterable[str]) -> str:
    """Return the pattern of words, each whole but for those that end in "*".

    "[phone]" is a placeholder of an earlier run, and no word.
    """
    patterns = []
    for word in words:
        begins, ends = word[:1].isalnum(), word[-1:].isalnum()
        stem = re.escape(word.rstrip("*").casefold())
        patterns.append(("(?<![\\w[])" if begins else "") + stem + ("(?![^\\W_])" if ends else ""))
    return "|".join(patterns)


class _List(msgspec.Struct, forbid_unknown_fields=True):
    words: list[str]


@functools.cache
def _pattern(what: str) -> re.Pattern[str]:
    text = files(__package__).joinpath("words.toml").read_text("utf-8")
    return re.compile(any_of(msgspec.toml.decode(text, type=dict[str, _List])[what].words))
