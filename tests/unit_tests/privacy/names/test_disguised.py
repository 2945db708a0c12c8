# ruff: noqa: RUF001 - letters that look alike
"""Names as people write them who do not want them found, or who think of nothing but a hashtag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import find_in, replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.finder import has_letters_apart, letters_apart

if TYPE_CHECKING:
    from langchain_fbmessenger.privacy.findings import TextFinder

PEOPLE = (
    "Milo Dvořák", "Anne Marie Novak", "Jean-Pierre Lefèvre", "Siobhan O'Brien", "محمد النجار",
    "رؤى أحمد", "יוסי כהן", "Jörg Müller", "James Carter", "Мария Петрова", "Will Brown", "Zoë Kay",
    "Donald Reyes", "Ján Pál", "Иван Орлов",
)  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> NameBook:
    book = NameBook(tmp_path_factory.mktemp("key") / "names.key")
    book.learn(map(Person, PEOPLE))
    return book


@pytest.fixture(scope="module")
def finder(book: NameBook) -> TextFinder:
    return book.finder()


def found(finder: TextFinder, text: str) -> list[str]:
    return [text[one.start : one.end] for one in find_in(text, [finder])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # plurals and possessives, whatever language the name is of
        ("the Dvořáks", ["Dvořáks"]),
        ("the Dvoraks and the O'Briens", ["Dvoraks", "O'Briens"]),
        ("les Lefèvre", ["Lefèvre"]),
        ("Milos' car, James' car", ["Milos", "James"]),
        # double names
        ("Anne-Marie Anne Marie annemarie", ["Anne", "Marie", "Anne", "Marie", "annemarie"]),
        ("AnneMarie", ["AnneMarie"]),
        ("JeanPierre, jeanpierre", ["JeanPierre", "jeanpierre"]),
        # apostrophes
        *((f"O{one}Brien", [f"O{one}Brien"]) for one in "'’ʼ`´‘‛′＇׳"),
        # points, letters that come and go
        ("مُحَمَّد", ["مُحَمَّد"]),
        ("محـــمد", ["محـــمد"]),
        ("احمد", ["احمد"]),
        ("أَحْمَدُ", ["أَحْمَدُ"]),
        ("روى", ["روى"]),
        ("יוֹסִי", ["יוֹסִי"]),
        # fonts
        ("Ｍｉｌｏ", ["Ｍｉｌｏ"]),
        ("𝓜𝓲𝓵𝓸, 𝐌𝐢𝐥𝐨, 𝕄𝕚𝕝𝕠, ⓜⓘⓛⓞ, 🄼🄸🄻🄾", ["𝓜𝓲𝓵𝓸", "𝐌𝐢𝐥𝐨", "𝕄𝕚𝕝𝕠", "ⓜⓘⓛⓞ", "🄼🄸🄻🄾"]),
        # letter by letter
        ("M.i.l.o", ["M.i.l.o"]),
        ("it was M-I-L-O", ["M-I-L-O"]),
        ("a m_i_l_o b", ["m_i_l_o"]),
        ("byl to a M i l o", ["M i l o"]),
        ("J a n and Z.o.ë", ["Z.o.ë"]),
        # within a word
        ("#teamMilo", ["Milo"]),
        ("superMilo iMilo DJMilo xXMiloXx", ["Milo"] * 4),
        ("MiloDvorak2024", ["MiloDvorak"]),
        ("MiloD, milo_d", ["Milo", "milo"]),
        ("суперМария", ["Мария"]),
        ("LoveMiloAndZoe", ["Milo", "Zoe"]),
        # letters that look alike
        ("Mil\u043e and \u041cil\u043e", ["Mil\u043e", "\u041cil\u043e"]),
        ("М\u0061рия", ["М\u0061рия"]),
        ("Will Br\u03bfwn", ["Will", "Br\u03bfwn"]),
        ("Milo\u0443", ["Milo"]),  # a Russian ending
        ("Milo² Milo①", ["Milo", "Milo"]),
    ],
)  # fmt: skip
def test_names_are_found_however_they_are_written(
    finder: TextFinder, text: str, names: list[str]
) -> None:
    assert found(finder, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "McDonald's, MacDonald, FitzDonald",
        "PayPal, GoodWill, WillPower",
        "a i o u",
        "J.a.n.u.a.r.y",
        "i a n a",
        "supermilo",
        "M.i.n.e",
        "1.2.3.4",
        "маmа",
    ],
)
def test_words_are_left(finder: TextFinder, text: str) -> None:
    assert found(finder, text) == []


def test_what_stands_for_it_is_in_its_style(book: NameBook, finder: TextFinder) -> None:
    name = book.invented("Milo")
    texts = {
        "#teamMilo": f"#team{name}",
        "M.I.L.O": name.upper(),
        "m-i-l-o": name.lower(),
        "O\u02bcBrien": f"O\u02bc{book.invented('Brien')}",
    }
    assert {text: replaced(text, find_in(text, [finder])) for text in texts} == texts


@pytest.mark.parametrize(
    "text",
    [
        "a " * 50_000,
        "M.i.l." * 20_000,
        "aB" * 50_000,
        "M\u0438" * 50_000,
        "a" * 100_000 + " M\u0438",
    ],
)
def test_a_long_text_is_no_long_work(finder: TextFinder, text: str) -> None:
    """It would never end if each place were looked at with all behind it."""
    assert all(one.end <= len(text) for one in find_in(text, [finder]))


def test_within_a_word_short_names_are_left(finder: TextFinder) -> None:
    assert found(finder, "teamZoe") == []


@given(
    st.text("aBž 1.", max_size=4),
    st.text("aBž", min_size=3, max_size=6),
    st.sampled_from(" .*_\u00b7-"),
    st.text("aBž 1.", max_size=4),
)
def test_a_text_with_a_name_letter_by_letter_has_a_letter_apart(
    before: str, letters: str, sign: str, behind: str
) -> None:
    text = f"{before}{sign.join(letters)}{behind}"
    if [*letters_apart(text, lambda _: True)]:
        assert has_letters_apart(text)
