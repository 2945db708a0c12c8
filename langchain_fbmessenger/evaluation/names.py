"""Which answers name a real person that the prompt has not named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger._internal.names import comparable_name, normal_name

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KnownName", "known_names", "named"]

# Scripts that write words without spaces between them: a name there has no word's edge.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class KnownName(NamedTuple):
    """A person's name: what finds all of it, and what finds a part of it."""

    full: re.Pattern[str]
    part: re.Pattern[str]


def known_names(people: Iterable[str]) -> tuple[list[KnownName], int]:
    """Return what finds people by their names, and how many names find nobody.

    Parts are the words of a name of two letters or more, but for particles ("van", "de"): words in
    small letters beside capitalised ones. A name without such a word ("J.", an emoji) would be
    found everywhere, so it is left out and counted.
    """
    known, left_out = [], 0
    for name in {comparable_name(name): normal_name(name) for name in people}.values():
        words = name.split()
        parts = [
            word
            for word in words
            if sum(map(str.isalpha, word)) > 1 and (name.islower() or not word.islower())
        ]
        if parts:
            known.append(KnownName(_finder([name]), _finder(parts)))
        else:
            left_out += 1
    return known, left_out


def named(name: KnownName, prompt: str, answer: str) -> tuple[bool, bool]:
    """Say whether an answer holds a full name, and whether it holds a part of it.

    What the prompt holds is no leak, so it does not count.
    """
    prompt, answer = comparable_name(prompt), comparable_name(answer)
    full = bool(name.full.search(answer)) and not name.full.search(prompt)
    told = {match.group() for match in name.part.finditer(prompt)}
    return full, any(match.group() not in told for match in name.part.finditer(answer))


def _finder(words: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_edged, map(comparable_name, words))))


def _edged(word: str) -> str:
    if _UNSPACED.search(word):
        return re.escape(word)
    return rf"(?<!\w){re.escape(word)}(?!\w)"
