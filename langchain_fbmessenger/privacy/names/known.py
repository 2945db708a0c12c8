"""Names as Faker lists them, by language: what is a name at all, and what to invent names from."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy.names.languages import language_tables
from langchain_fbmessenger.privacy.names.spelling import WORD, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_fbmessenger.privacy.names.languages import Language

__all__ = ["KnownNames", "faker_lists", "known_names"]


class KnownNames(NamedTuple):
    """Faker's names.

    Attributes:
        given: Given names of each language, in Faker's order.
        family: Family names of each.
        languages: In which languages a folded name is one.
        women: Folded given names that only women have.
        men: Folded given names that only men have.
        given_anywhere: Folded given names of all languages.
        family_anywhere: Folded family names of all.
    """

    given: Mapping[str, tuple[str, ...]]
    family: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, frozenset[str]]
    women: frozenset[str]
    men: frozenset[str]
    given_anywhere: frozenset[str]
    family_anywhere: frozenset[str]

    def is_given(self, name: str) -> bool:
        """Tell whether a name is a given name somewhere."""
        return fold(name) in self.given_anywhere

    def is_family(self, name: str) -> bool:
        """Tell whether a name is a family name somewhere."""
        return fold(name) in self.family_anywhere


@functools.cache
def known_names() -> KnownNames:
    """Return Faker's names; reading them takes about half a second, once.

    Raises:
        MissingExtraError: Faker is not installed.
    """
    given: dict[str, tuple[str, ...]] = {}
    family: dict[str, tuple[str, ...]] = {}
    languages: dict[str, set[str]] = {}
    women: set[str] = set()
    only_men: set[str] = set()
    for code, language in language_tables().items():
        lists = [one for locale in language.locales for one in faker_lists(locale)]
        given[code] = _joined(names for key, names in lists if "first" in key)
        men = _joined(names for key, names in lists if "last" in key)
        family[code] = _joined([men, _of_women(men, language)])
        for name in given[code] + family[code]:
            languages.setdefault(fold(name), set()).add(code)
        for key, names in lists:
            if "first" in key and "male" in key:
                (women if "female" in key else only_men).update(map(fold, names))
    return KnownNames(
        given=given,
        family=family,
        languages={name: frozenset(codes) for name, codes in languages.items()},
        women=frozenset(women - only_men),
        men=frozenset(only_men - women),
        given_anywhere=frozenset(fold(name) for names in given.values() for name in names),
        family_anywhere=frozenset(fold(name) for names in family.values() for name in names),
    )


def _joined(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))


def _of_women(family: tuple[str, ...], language: Language) -> Iterator[str]:
    """Give "Kowalska" for "Kowalski": some lists hold men's names alone."""
    for name in family:
        for women, men in language.feminine.items():
            if men and name.endswith(men):
                yield name.removesuffix(men) + women


def faker_lists(locale: str) -> Iterator[tuple[str, list[str]]]:
    """Give a locale's lists, each by what Faker calls it ("first_names_female")."""
    try:
        module = import_module(f"faker.providers.person.{locale}")
    except ImportError as error:
        message = "Finding and inventing names"
        raise MissingExtraError(message, extra="privacy", missing="faker") from error
    provider = module.Provider
    for key, held in sorted(vars(provider).items()):
        is_list = isinstance(held, (tuple, list, dict))  # some are templates, made of others
        if is_list and ("first_names" in key or "last_names" in key) and not key.endswith("_rus"):
            names = [name for name in held if isinstance(name, str)]
            # Some lists hold templates, titles and double names.
            yield key, [name for name in names if WORD.fullmatch(name)]
