"""The parts of a name: those that tell who somebody is, and which of them is the family's."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal, NamedTuple

from langchain_fbmessenger._internal.scripts import SPACELESS
from langchain_fbmessenger.privacy.names.detect_language import languages_of
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import language_tables
from langchain_fbmessenger.privacy.names.spelling import WORD, fold

__all__ = ["HANGUL", "PARTICLES", "Part", "Role", "has_no_spaces", "parts_of"]

Role = Literal["given", "family"]


def _words(file: str) -> frozenset[str]:
    words = (resources.files(__package__) / file).read_text("utf-8").split()
    return frozenset((*words, *map(fold, words)))


_TITLES = _words("titles.txt")
PARTICLES = _words("particles.txt") | _TITLES
"""Words within names that say nothing of the person; they stay as they are."""

HANGUL = re.compile("[\uac00-\ud7a3]+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々]+")
_LONGEST_WHOLE = 2  # "王伟": of its two halves neither says who it is
_USUAL_FAMILY_AND_GIVEN = 3


class Part(NamedTuple):
    """A part of a name.

    Attributes:
        start: Where it begins in the name.
        end: Where it has ended.
        text: The part.
        role: Whether it is the person's own or the family's.
    """

    start: int
    end: int
    text: str
    role: Role


def has_no_spaces(word: str) -> bool:
    """Tell whether a word is of a script that puts no spaces between words."""
    return SPACELESS.search(word) is not None


def parts_of(name: str) -> tuple[Part, ...]:
    """Return the parts of a name, in its order.

    Particles ("van", "de") and titles are not parts, unless they stand where a given or a family
    name has to be ("Al Smith", "Li Na"). A name without a word of two letters or more
    ("🦄", "J", "K8") is one part.
    """
    spans = [span for match in WORD.finditer(name) for span in _cut(match.start(), match[0])]
    told = _without_particles(name, spans) or spans
    if not any(end - start > 1 for start, end in told):
        return (Part(0, len(name), name, "given"),) if name else ()
    family_first = _is_family_first(name, [name[slice(*span)] for span in told])
    at = 0 if family_first else len(told) - 1
    return tuple(
        Part(
            start,
            end,
            name[start:end],
            _role(name[start:end], len(told), is_in_family_place=at == i),
        )
        for i, (start, end) in enumerate(told)
    )


def _without_particles(name: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    untitled = [span for span in spans if name[slice(*span)].casefold() not in _TITLES]
    told = [span for span in untitled if name[slice(*span)].casefold() not in PARTICLES]
    if len(untitled) > 1:
        (start, end), last = untitled[0], untitled[-1]
        first = name[start:end]
        if (
            untitled[0] not in told
            and end - start > 1
            and first[0].isupper()
            and name[end].isspace()  # unlike "O'Brien" and "Al-Hassan"
            and (len(told) <= 1 or known_names().is_given(first))
        ):
            told.insert(0, untitled[0])
        if last not in told and last[1] - last[0] > 1:
            told.append(last)
    return told


def _cut(start: int, word: str) -> list[tuple[int, int]]:
    """Return where a word of a name begins and ends, a family and a given name written as one."""
    length = len(word)
    family = 0
    if HANGUL.fullmatch(word) or _HAN.fullmatch(word):
        if length > _LONGEST_WHOLE:
            listed = known_names().is_family
            family = 2 if listed(word[:2]) or length > _USUAL_FAMILY_AND_GIVEN else 1
    elif (head := _HAN.match(word)) and head.end() > 1:
        family = head.end()  # "佐藤さくら"
    if not family:
        return [(start, start + length)]
    return [(start, start + family), (start + family, start + length)]


def _is_family_first(name: str, words: list[str]) -> bool:
    known = known_names()
    tables = language_tables()
    if any(tables[code].family_first for code in languages_of(name)):
        # Latin letters: many write their name the other way round for the rest of the world.
        return not (known.is_given(words[0]) and name.casefold() != name.upper())
    first, last = words[0], words[-1]
    return (
        known.is_family(first)
        and not known.is_given(first)
        and known.is_given(last)
        and not known.is_family(last)
    )


def _role(word: str, count: int, *, is_in_family_place: bool) -> Role:
    if count == 1:
        known = known_names()
        return "family" if known.is_family(word) and not known.is_given(word) else "given"
    return "family" if is_in_family_place else "given"
