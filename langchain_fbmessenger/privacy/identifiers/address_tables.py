"""How streets are called: the tables of addresses.toml, and words looked up in all of them."""

from __future__ import annotations

import functools
from importlib.resources import files

import msgspec

__all__ = ["Language", "Tables", "address_file", "address_tables"]

_FORMS = ("before", "number_first", "behind", "closing")


class Language(msgspec.Struct, forbid_unknown_fields=True):
    """The words of a language, as addresses.toml explains them."""

    name: str = ""
    before: list[str] = []
    number_first: list[str] = []
    behind: list[str] = []
    closing: list[str] = []
    ends: list[str] = []
    capital_ends: frozenset[str] = frozenset()
    not_streets: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()
    live: list[str] = []


class _None(msgspec.Struct, forbid_unknown_fields=True):
    names: frozenset[str]
    units: list[str]
    flat: list[str]
    number: list[str]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    language: dict[str, Language]
    none: _None


class Tables(msgspec.Struct, frozen=True):
    """The words of all languages.

    Attributes:
        words: In which form and language a word says "street".
        ends: Ends of streets' names.
        languages: All of them.
        no_names: Words in no street's name.
    """

    words: dict[str, list[tuple[str, Language]]]
    ends: tuple[str, ...]
    languages: list[Language]
    no_names: frozenset[str]


@functools.cache
def address_file() -> _File:
    """Return what addresses.toml holds."""
    text = files(__package__).joinpath("addresses.toml").read_text("utf-8")
    file: _File = msgspec.toml.decode(text, type=_File)
    for name, language in file.language.items():
        language.name = name
    return file


@functools.cache
def address_tables() -> Tables:
    """Return the words of all languages."""
    words: dict[str, list[tuple[str, Language]]] = {}
    languages = list(address_file().language.values())
    for language in languages:
        for form in _FORMS:
            for word in getattr(language, form):
                words.setdefault(word, []).append((form, language))
    ends = tuple(end for language in languages for end in language.ends)
    return Tables(words, ends, languages, address_file().none.names)
