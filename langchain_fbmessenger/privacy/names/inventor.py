"""Invents names: a part of a real name goes in, one that nobody has comes out, in its language."""

from __future__ import annotations

import functools
import hashlib
import hmac
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.forms import inflected
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import language_tables, words_in
from langchain_fbmessenger.privacy.names.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from langchain_fbmessenger.privacy.names.parts import Role

__all__ = ["Inventor"]

_DEFAULT_LANGUAGE = "en"
_SHORTEST = 4  # shorter ones are words somewhere
_SHORTEST_GIVEN_WITHOUT_CASE = 2  # of scripts that write syllables or leave out vowels


class Inventor:
    """Picks invented names; the same for the same secret, as long as nobody has taken them.

    Args:
        secret: Decides which.
        is_taken: Tells whether a folded name may not be invented.
    """

    def __init__(self, secret: bytes, is_taken: Callable[[str], bool]) -> None:
        self._secret = secret
        self._is_taken = is_taken
        self._free: dict[tuple[str, Role, str, str], list[str]] = {}

    def invent(self, part: str, role: Role, language: str, names: Mapping[str, str]) -> str:
        """Return an invented name for a part of a real one.

        Args:
            part: The part.
            role: Whether it is a given or a family name.
            language: What the person speaks; "" if nobody knows.
            names: What has been invented so far, by folded real names.
        """
        language = language or _DEFAULT_LANGUAGE
        partner = _partner(part, language, names)
        if partner and not self._refuses(partner, language):
            return partner
        gender = _gender_of(part, role, language)
        ending = _ending(part, language)
        for pool in self._pools(language, role, gender, ending):
            while pool:
                name = pool.pop(self._number(part) % len(pool))
                if not (
                    self._refuses(name, language)
                    or self._is_a_relatives(name, language)
                    or _tells_of(part, name)
                ):
                    return name
        return next(
            name
            for name in self._fused(part, language, role)
            if not self._is_taken(fold(name)) and not _tells_of(part, name)
        )

    def _pools(self, language: str, role: Role, gender: str, ending: str) -> Iterator[list[str]]:
        """Give lists of names that fit less and less."""
        yield self._pool(language, role, gender, ending)
        if ending:
            yield self._pool(language, role, gender, "")
        yield self._pool(_DEFAULT_LANGUAGE, role, gender, "")

    def _pool(self, language: str, role: Role, gender: str, ending: str) -> list[str]:
        key = (language, role, gender, ending)
        if key not in self._free:
            self._free[key] = [
                name
                for name in _candidates(language, role)
                if (not gender or _gender_of(name, role, language) in ("", gender))
                and (not ending or _ending(name, language) == ending)
            ]
        return self._free[key]

    def _refuses(self, name: str, language: str) -> bool:
        """Tell whether a name, or a form that it will take, is somebody's already."""
        forms = (form.text for form in inflected(name.casefold(), frozenset({language})))
        return self._is_taken(fold(name)) or any(self._is_taken(fold(form)) for form in forms)

    def _is_a_relatives(self, name: str, language: str) -> bool:
        """Tell whether a family name is the woman's or man's form of one that is taken."""
        return any(
            self._is_taken(fold(name[: len(name) - len(own)] + other))
            for own, other in _endings_by_gender(language)
            if name.endswith(own)
        )

    def _fused(self, part: str, language: str, role: Role) -> Iterator[str]:
        """Give names of two names, as one word; there are enough of them for any export."""
        names = _candidates(language, role) or _candidates(_DEFAULT_LANGUAGE, role)
        count = 0
        while True:
            number = self._number(f"{part}\0{count}")
            yield names[number % len(names)] + names[number // len(names) % len(names)].lower()
            count += 1

    def _number(self, text: str) -> int:
        digest = hmac.digest(
            self._secret, fold(text).encode("utf-8", "surrogatepass"), hashlib.sha256
        )
        return int.from_bytes(digest[:8], "big")


def _tells_of(part: str, name: str) -> bool:
    """Tell whether one begins with the other: readers of "Miloslav" think of a "Milo"."""
    real, invented = fold(part), fold(name)
    return invented.startswith(real) or real.startswith(invented)


def _partner(part: str, language: str, names: Mapping[str, str]) -> str:
    """Return "Havlová" for "Nováková" where "Havel" was invented for "Novák", and the reverse."""
    listed = _candidates(language, "family")
    for own, other in _endings_by_gender(language):
        if part.casefold().endswith(own) and len(part) > len(own):
            theirs = names.get(fold(part[: len(part) - len(own)] + other), "")
            if theirs.endswith(other):
                partner = theirs[: len(theirs) - len(other)] + own
                if partner in listed:
                    return partner
    return ""


def _endings_by_gender(language: str) -> Iterator[tuple[str, str]]:
    """Give the endings of family names of women and men, each with that of the other."""
    for women, men in language_tables()[language].feminine.items():
        yield from ((women, men), (men, women))


@functools.cache
def _candidates(language: str, role: Role) -> tuple[str, ...]:
    """Return Faker's names of a language, but those that are words."""
    known = known_names()
    names = known.given[language] if role == "given" else known.family[language]
    shortest = 1 if role == "family" else _SHORTEST_GIVEN_WITHOUT_CASE
    words = words_in(frozenset(language_tables()))
    not_names = words.ordinary | words.capitalised | words.greetings | words.verbs | words.before
    return tuple(
        name
        for name in names
        if fold(name) not in not_names
        and len(name) >= (_SHORTEST if name.lower() != name.upper() else shortest)
    )


@functools.cache
def _ending(name: str, language: str) -> str:
    """Return by which declension a name goes: those of one decline alike."""
    declension = language_tables()[language].declension_of(name.casefold())
    return "" if declension is None else f"-{declension.nominative}"


def _gender_of(name: str, role: Role, language: str) -> str:
    """Return "f" or "m"; "" where a name does not tell."""
    if role == "given":
        return _gender(name)
    womens = language_tables()[language].feminine
    return ("f" if name.casefold().endswith(tuple(womens)) else "m") if womens else ""


@functools.cache
def _gender(name: str) -> str:
    known, folded = known_names(), fold(name)
    if folded not in known.women and folded not in known.men:
        folded = _names_in_full().get(folded, folded)
    if folded in known.women:
        return "f"
    if folded in known.men:
        return "m"
    return "f" if folded not in known.languages and folded.endswith(("a", "\u0430")) else ""


@functools.cache
def _names_in_full() -> dict[str, str]:
    """Return what is short for which name: "will" for "william"."""
    tables = language_tables().values()
    return {
        fold(short): name
        for table in tables
        for name, shorts in table.diminutives.items()
        for short in shorts
    }
