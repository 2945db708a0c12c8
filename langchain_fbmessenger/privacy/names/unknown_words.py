"""Which of Faker's given names are words: what unknown.toml says, for people whom nobody knows."""

from __future__ import annotations

import functools
from typing import NamedTuple

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.names.languages import common_words, language_tables, words_in
from langchain_fbmessenger.privacy.names.spelling import fold

__all__ = ["Table", "table", "words_everywhere"]


class Table(NamedTuple):
    """What unknown.toml says, folded but for `never` and `before_towns`.

    Attributes:
        locales: Lists of names beside those of the languages.
        words: Given names that are words.
        capitalised: Those that have a capital as words, too.
        never: Those that are never taken for a name.
        rather_names: Those that are names where nothing says that they are towns.
        before_towns: Words before towns.
        articles: Words before things.
        places: Words before what is called after somebody.
        behind_places: Words behind it.
        verbs: Words that follow who does something.
        family_endings: What family names end in.
        titles: Words before a family name.
        not_behind_titles: Words there that are not family names.
    """

    locales: tuple[str, ...]
    words: frozenset[str]
    capitalised: frozenset[str]
    never: frozenset[str]
    rather_names: frozenset[str]
    before_towns: frozenset[str]
    articles: frozenset[str]
    places: frozenset[str]
    behind_places: frozenset[str]
    verbs: frozenset[str]
    family_endings: tuple[str, ...]
    titles: frozenset[str]
    not_behind_titles: frozenset[str]


@functools.cache
def table() -> Table:
    """Return what tells names of people outside the export from words."""
    read = read_table(__package__, "unknown.toml", dict[str, str])
    everywhere = words_in(frozenset(language_tables()))
    return Table(
        locales=tuple(read["locales"].split()),
        words=_folded(read["words"]),
        capitalised=_folded(read["capitalised"]),
        never=frozenset(read["never"].casefold().split()),
        rather_names=_folded(read["rather_names"]),
        before_towns=frozenset(read["before_towns"].split()),
        articles=_folded(read["articles"]),
        places=_folded(read["places"]),
        behind_places=_folded(read["behind_places"]),
        verbs=_folded(read["verbs"]),
        family_endings=tuple(_folded(read["family_endings"])),
        titles=_folded(read["titles"]),
        not_behind_titles=_folded(read["not_behind_titles"]) | everywhere.before,
    )


@functools.cache
def words_everywhere() -> frozenset[str]:
    """Return what is a word in some language, names or not."""
    words = words_in(frozenset(language_tables()))
    return common_words() | words.ordinary | words.capitalised | table().words | table().capitalised


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())
