"""The way there and back, as laws."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import restore_names
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.names import NameBook
from tests.hypothesis_profiles import profile_examples

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = (
    "Milo Dvořák", "Jana Nováková", "Petr Novák", "Emma Johnson", "Noémie Lefèvre",
    "Katarzyna Wiśniewska", "Мария Иванова", "佐藤太郎", "김민수", "Γιώργος Παππάς",
    "Jean-Pierre O'Brien", "Anna van der Berg", "Will Brown", "J Novotny", "🦄", "李",
)  # fmt: skip
WORDS = ("ahoj", "will", "rose", "a", ",", "!", "@", "#", "/", ".", "\n", " ", "je", "и", "は", "s")

texts = st.lists(
    st.sampled_from([*PEOPLE, *(word for name in PEOPLE for word in name.split()), *WORDS])
    | st.text(max_size=6),
    max_size=12,
).map(" ".join)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "names.key"
    NameBook(path).learn(map(Person, PEOPLE))
    return path


@pytest.mark.parametrize("name", PEOPLE)
def test_full_names_come_back(key: Path, name: str) -> None:
    book = NameBook(key)

    assert restore_names(book.invented(name), key=key) == name


@pytest.mark.parametrize(
    "text",
    [
        "Milo Dvořák and Emma went to Jana Nováková.",
        "MILO? milo!",
        "s Petrem Novákem o Janě Novákové",
        "https://facebook.com/emma.johnson/x",
        "instagram.com/milo_dvorak",
        "昨日佐藤太郎と会った",
        "Видел Марию Иванову",
        "nothing to see here",
    ],
)
def test_texts_come_back(key: Path, text: str) -> None:
    scrubbed = replaced(text, NameBook(key).finder().find(text))

    assert restore_names(scrubbed, key=key) == text


@settings(max_examples=profile_examples(2))
@given(text=texts)
def test_a_second_time_changes_nothing_more(key: Path, text: str) -> None:
    finder = NameBook(key).finder()
    once = replaced(text, finder.find(text))

    assert replaced(once, finder.find(once)) == once


@settings(max_examples=profile_examples(2))
@given(text=st.text(max_size=40) | texts)
def test_any_text_has_findings_in_order(key: Path, text: str) -> None:
    findings = NameBook(key).finder().find(text)

    assert all(0 <= one.start < one.end <= len(text) for one in findings)
    assert all(a.end <= b.start for a, b in pairwise(findings))


def test_a_nickname_comes_back_as_its_persons_name(key: Path) -> None:
    finder = NameBook(key).finder([("Milo Dvořák", "Captain")])
    scrubbed = replaced("Captain!", finder.find("Captain!"))

    assert restore_names(scrubbed, key=key) == "Milo!"


@pytest.mark.parametrize(
    "text", ["İnönü geldi", "merhaba inönü", "İNÖNÜ", "i\u015f\u0131l geldi", "Şevki"]
)
def test_names_with_a_dotted_capital_are_found_in_either_case(tmp_path: Path, text: str) -> None:
    path = tmp_path / "names.key"
    book = NameBook(path)
    book.learn(map(Person, ("İsmet İnönü", "İ\u015f\u0131l Şahin", "ŞEVKİ")))

    there = replaced(text, book.finder().find(text))

    assert there != text
    assert restore_names(there, key=path).casefold() == text.replace("Şevki", "ŞEVKİ").casefold()


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        restore_names("Milo", key=tmp_path / "none.key")
