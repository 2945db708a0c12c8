"""Full names of people outside the export in East Asian scripts: text in, places out."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import honorifics, language_tables
from langchain_fbmessenger.privacy.names.parts import HANGUL
from langchain_fbmessenger.privacy.names.unknown_words import words_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.privacy.names.parts import Role

__all__ = ["find_spaceless"]

_RUN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々]+")
_BEFORE_CHINESE = frozenset("和跟给叫问找到见替向对让请")  # with, to, call, ask, meet
_BEHIND_JAPANESE = frozenset("はがをにともへ")  # particles
_LONGEST = 3
_SHORTEST_GIVEN = 2  # of one character, everything is a name


def find_spaceless(text: str) -> Iterator[tuple[int, int, Role]]:
    """Give the parts of names: both side by side, or either before "さん" and the like.

    Args:
        text: The text, in whatever script.
    """
    end = 0
    for run in _RUN.finditer(text):
        for start in range(run.start(), run.end()):
            if start >= end:
                for part in _name_at(text, start):
                    yield part
                    end = part[1]
    for word in HANGUL.finditer(text):
        yield from _korean(word)


def _korean(word: re.Match[str]) -> Iterator[tuple[int, int, Role]]:
    """Give a name of three syllables, which is one word, a particle behind it or nothing."""
    given, family = known_names().given["ko"], known_names().family["ko"]
    start = word.start()
    rest = word[0][_LONGEST:]
    if word[0][:1] in family and word[0][1:_LONGEST] in given and rest in _particles():
        yield start, start + _LONGEST, "given"


@functools.cache
def _particles() -> frozenset[str]:
    declensions = language_tables()["ko"].declensions
    return frozenset(("", *(ending for one in declensions for ending in one.endings)))


def _name_at(text: str, start: int) -> list[tuple[int, int, Role]]:
    given, family = _lists()
    for length in range(_LONGEST, 0, -1):
        middle = start + length
        if text[start:middle] not in family or middle > len(text):
            continue
        at = middle + (text[middle : middle + 1] in {" ", "\u3000"})
        for more in range(_LONGEST, _SHORTEST_GIVEN - 1, -1):
            if text[at : at + more] in given:
                return [(start, middle, "family"), (at, at + more, "given")]
        if text.startswith(honorifics(), middle):
            return [(start, middle, "family")]
    for length in range(_LONGEST, _SHORTEST_GIVEN - 1, -1):
        end = start + length
        if text[start:end] in given and _stands_as_a_name(text, start, end):
            return [(start, end, "given")]
    return []


def _stands_as_a_name(text: str, start: int, end: int) -> bool:
    """Tell whether a given name is called, stands for itself, or has words for people beside it."""
    if text.startswith(honorifics(), end):
        return True
    if text[start:end] in words_everywhere():
        return False
    before, behind = text[start - 1 : start] if start else "", text[end : end + 1]
    is_alone = not _RUN.match(before) and not _RUN.match(behind)
    return is_alone or before in _BEFORE_CHINESE or behind in _BEHIND_JAPANESE


@functools.cache
def _lists() -> tuple[frozenset[str], frozenset[str]]:
    known = known_names()
    return (
        frozenset((*known.given["ja"], *known.given["zh"])),
        frozenset((*known.family["ja"], *known.family["zh"])),
    )
