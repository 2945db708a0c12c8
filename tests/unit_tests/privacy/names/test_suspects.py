# ruff: noqa: RUF001 - letters that look alike
"""Names in many texts: a look at all of them at once misses none that a look at each finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import FamiliarWords, find_in
from langchain_fbmessenger.privacy.names import NameBook
from tests.unit_tests.privacy.side_by_side import find_in_each

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import BulkFinder

PEOPLE = (
    "Milo Dvořák", "Siobhan O'Brien", "محمد النجار", "יוסי כהן", "Мария Петрова", "Will Brown",
    "山田 太郎", "李 明", "김 민준", "สมชาย ใจดี", "K8", "🦄", "Zoë Kay",
)  # fmt: skip
NICKNAMES = [("Zoë Kay", "Big Z"), ("", "ptáček"), ("", "~*~"), ("", "たろちゃん"), ("", "王 様")]
WRITTEN = [
    *PEOPLE, *(name.split()[0] for name in PEOPLE), *(nickname for _, nickname in NICKNAMES),
    "Milovi", "milooo", "MiIo", "Mil\u043e", "superMilo", "teamMilo", "M.i.l.o", "m i l o",
    "milodvorak", "Miloさん", "@K8", "@🦄", "@~*~", "Mi\u200blo", "𝓜𝓲𝓵𝓸", "Big", "Z",
    "Марии", "민준이",
]  # fmt: skip
bits = st.one_of(
    st.sampled_from(WRITTEN),
    st.sampled_from(WRITTEN).map(str.upper),
    st.sampled_from([*" .,-_*'\n\0\u0301@7", "", " ", "the", "PayPal", "sooo", "12-34", "❤️"]),
    st.text(max_size=4),
)
texts = st.lists(st.lists(bits, max_size=6).map("".join), max_size=9)


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> BulkFinder:
    book = NameBook(tmp_path_factory.mktemp("key") / "names.key")
    book.learn(map(Person, PEOPLE))
    return book.finder(NICKNAMES)


def test_texts_side_by_side_name_whom_each_names(finder: BulkFinder) -> None:
    @given(texts)
    def holds(texts: list[str]) -> None:
        expected = [(text, find_in(text, [finder])) for text in texts]
        assert [*find_in_each(texts, [finder])] == expected

    holds()


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_found_in_a_text_is_found_among_many(finder: BulkFinder, text: str) -> None:
    many = ["ahoj"] * 99 + [text] + ["tea 5"] * 99
    assert [found for _, found in find_in_each(many, [finder]) if found] == [
        found for found in [find_in(text, [finder])] if found
    ]


def are_familiar(familiar: FamiliarWords, text: str) -> bool:
    return familiar.others(["ahoj", text]) == []


def test_a_word_is_looked_at_once_whatever_number_it_holds() -> None:
    asked: list[str] = []
    familiar = FamiliarWords(lambda word: asked.append(word) or word == "Milo")
    assert are_familiar(familiar, "tea at 10:30 or 11:45")
    assert are_familiar(familiar, "at 9:15 tea or 7 tea")
    assert not are_familiar(familiar, "tea, Milo")
    assert sorted(asked) == ["0", "00:00", "0:00", "Milo", "ahoj", "at", "or", "tea", "tea,"]


def test_words_are_forgotten_before_they_are_too_many() -> None:
    familiar = FamiliarWords({"Milo"}.__contains__)
    for number in range(2**17):
        are_familiar(familiar, f"a{number}b")
    assert len(familiar._unwanted) <= 2**16


def test_who_is_learnt_later_is_found_in_words_that_were_familiar(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    book.learn(map(Person, ["Milo Dvořák", "Jan Novák", "Petr Svoboda", "Eva Malá"]))
    finder = book.finder()
    text = "Karel i Karlovi"
    assert not finder.suspects([text])
    NameBook(tmp_path / "names.key").learn(map(Person, ["Karel Svoboda"]))
    book.finder([("", "ptáček")])  # reads the key again, and the index grows
    assert [*find_in_each([text], [finder])] == [(text, find_in(text, [finder]))]
    assert find_in(text, [finder])
