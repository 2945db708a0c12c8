"""What is known of names in each language: tables in `languages/`, whose README explains them."""

from __future__ import annotations

import functools
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import msgspec.toml

from langchain_fbmessenger._internal.package_tables import decode_table, read_table
from langchain_fbmessenger.privacy.names.spelling import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "Declension",
    "Language",
    "Words",
    "common_words",
    "common_words_by_language",
    "honorifics",
    "language_tables",
    "telling_words",
    "words_in",
]


class Declension(NamedTuple):
    """How names with one ending decline in a language.

    Attributes:
        language: The language's code.
        nominative: The ending of the name itself.
        endings: What may stand in its place; "=" repeats the letter before.
    """

    language: str
    nominative: str
    endings: tuple[str, ...]

    def fits(self, name: str) -> bool:
        """Tell whether a name ends so and something is left before."""
        return len(name) > len(self.nominative) and name.casefold().endswith(self.nominative)

    def declined(self, name: str, ending: str) -> str:
        """Return a name that fits with another ending."""
        stem = name[: len(name) - len(self.nominative)]
        return stem + stem[-1] + ending[1:] if ending[0] == "=" else stem + ending


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A language's file."""

    locales: tuple[str, ...] = ()
    letters: str = ""
    family_first: bool = False
    ordinary: str = ""
    capitalised: str = ""
    greetings: str = ""
    verbs: str = ""
    before: str = ""
    honorifics: str = ""
    prefixes: str = ""
    feminine: dict[str, str] = {}
    declension: dict[str, str] = {}
    diminutives: dict[str, str] = {}
    latin: dict[str, str] = {}


class Language(NamedTuple):
    """What is known of names in one language.

    Attributes:
        code: ISO 639-1.
        locales: Faker's lists of its names.
        letters: Letters that few others have.
        family_first: Whether the family name stands first.
        declensions: Longest ending first.
        diminutives: By name, folded.
        feminine: Endings of women's family names, and of men's in their place.
        prefixes: Words of one letter that are written together with a name.
        latin: How its letters are written in Latin ones.
    """

    code: str
    locales: tuple[str, ...]
    letters: frozenset[str]
    family_first: bool
    declensions: tuple[Declension, ...]
    diminutives: Mapping[str, tuple[str, ...]]
    feminine: Mapping[str, str]
    prefixes: tuple[str, ...]
    latin: Mapping[str, str]

    def in_latin(self, name: str) -> str:
        """Return a name, in lower case, in Latin letters; "" if its letters are."""
        for letters, latin in self.latin.items():
            name = name.replace(letters, latin)
        latin = fold(name)
        return latin if self.latin and latin.isascii() else ""

    def declension_of(self, name: str) -> Declension | None:
        """Return how a name declines."""
        return next((one for one in self.declensions if one.fits(name)), None)


class Words(NamedTuple):
    """Words that tell names from words, all folded.

    Attributes:
        ordinary: Words that are names as well, or look like a form of one.
        capitalised: Those of them that are written with a capital as words, too.
        greetings: Words after which somebody is spoken to.
        verbs: Words that follow who does something.
        before: Words that stand before a person, such as titles and "with".
    """

    ordinary: frozenset[str]
    capitalised: frozenset[str]
    greetings: frozenset[str]
    verbs: frozenset[str]
    before: frozenset[str]


@functools.cache
def _tables() -> dict[str, _Table]:
    folder = resources.files(__package__) / "languages"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): decode_table(file, _Table)
        for file in files
        if file.name.endswith(".toml")
    }


@functools.cache
def language_tables() -> Mapping[str, Language]:
    """Return every language by its code."""
    return MappingProxyType({code: _language(code, table) for code, table in _tables().items()})


def _language(code: str, table: _Table) -> Language:
    declensions = [
        # Folded, as names are when they are compared: Greek has a final sigma of its own.
        Declension(code, nominative.casefold(), tuple(endings.split()))
        for nominative, endings in table.declension.items()
    ]
    return Language(
        code=code,
        locales=table.locales,
        letters=frozenset(table.letters),
        family_first=table.family_first,
        declensions=tuple(sorted(declensions, key=lambda one: -len(one.nominative))),
        diminutives={
            fold(name): tuple(others.split()) for name, others in table.diminutives.items()
        },
        feminine=table.feminine,
        prefixes=tuple(table.prefixes.split()),
        latin=table.latin,
    )


@functools.cache
def words_in(languages: frozenset[str]) -> Words:
    """Return the words of some languages."""
    tables = [_tables()[code] for code in sorted(languages)]
    return Words(
        ordinary=_folded(table.ordinary for table in tables),
        capitalised=_folded(table.capitalised for table in tables),
        greetings=_folded(table.greetings for table in tables),
        verbs=_folded(table.verbs for table in tables),
        before=_folded(table.before for table in tables),
    )


@functools.cache
def honorifics() -> tuple[str, ...]:
    """Return what is written behind names, in scripts without capitals, the longest first."""
    found = {one for table in _tables().values() for one in table.honorifics.split()}
    return tuple(sorted(found, key=lambda one: (-len(one), one)))


@functools.cache
def common_words() -> frozenset[str]:
    """Return words that every chat is full of, folded, of all languages."""
    return frozenset().union(*common_words_by_language().values())


@functools.cache
def common_words_by_language() -> Mapping[str, frozenset[str]]:
    """Return words that every chat in a language is full of, folded."""
    return _lists("common_words.toml")


@functools.cache
def telling_words() -> Mapping[str, frozenset[str]]:
    """Return words that tell which language a text is in, folded, common ones and small ones."""
    common, small = common_words_by_language(), _lists("small_words.toml")
    codes = common.keys() | small.keys()
    return MappingProxyType(
        {code: common.get(code, frozenset()) | small.get(code, frozenset()) for code in codes}
    )


def _lists(name: str) -> Mapping[str, frozenset[str]]:
    lists = read_table(__package__, name, dict[str, str])
    return MappingProxyType({code: _folded([words]) for code, words in lists.items()})


def _folded(lists: Iterable[str]) -> frozenset[str]:
    return frozenset(word for words in lists for word in fold(words).split())
