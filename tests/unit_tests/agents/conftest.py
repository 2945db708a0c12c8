"""A key file with a few people in it, and calls of a model that they are hidden from."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms, Pseudonyms
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.names import NameBook, key_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEOPLE = (
    "Milo Dvořák", "Jana Nováková", "Emma Johnson", "Katarzyna Wiśniewska", "Мария Иванова",
    "佐藤太郎", "Γιώργος Παππάς", "Noémie Lefèvre",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="session")
def no_chance_in_keys() -> Iterator[None]:
    """The same names are invented in each run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_file.secrets, "token_bytes", random.Random(7).randbytes)  # noqa: S311
        yield


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> NameBook:
    book = NameBook(tmp_path_factory.mktemp("key") / "names.key")
    book.learn(map(Person, PEOPLE))
    return book


@pytest.fixture(scope="session")
def people() -> tuple[str, ...]:
    return PEOPLE


@pytest.fixture(scope="session")
def new_call(book: NameBook) -> Callable[..., CallPseudonyms]:
    """Give a new call, in which identifiers become placeholders or fakes."""
    finder = IdentifierFinder(secret=book.secret)
    invents = IdentifierFinder(secret=book.secret, style="fake")
    path = book._path
    kinds = {
        "placeholder": Pseudonyms(book, path, finder),
        "fake": Pseudonyms(book, path, invents, is_fake=True),
    }
    return lambda style="placeholder": CallPseudonyms(kinds[style])
