from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.names import (
    _FOLDING,
    _FOLDS,
    NameSearch,
    close_names,
    comparable_name,
    find_person,
)


@pytest.mark.parametrize(
    "other",
    ["zoë ångström", "ZOË ÅNGSTRÖM", " Zoë\u00a0 Ångström\t", "Zoe\u0308 A\u030angstro\u0308m"],
)
def test_spellings_of_one_name_are_equal(other: str) -> None:
    assert comparable_name(other) == comparable_name("Zoë Ångström")


def test_letters_that_folding_takes_apart_are_equal_to_their_composed_form() -> None:
    assert comparable_name("İzel") == comparable_name("I\u0307zel") == comparable_name("izel")


@pytest.mark.parametrize("other", ["Zoe Angstrom", "Zoë", "ZoëÅngström", ""])
def test_other_names_differ(other: str) -> None:
    assert comparable_name(other) != comparable_name("Zoë Ångström")


PEOPLE = [
    ("Zoë Brandt",),
    ("Milo Dvořák",),
    ("Łucja Wiśniewska",),
    ("Jörg Groß",),
    ("Bjørn Sjöberg",),
    ("Đorđe Petrović",),
    ("Aoife O\u2019Brien",),
    ("Ingrid ✨", "Inga Old"),
    ("Νίκος",),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe brandt", "Zoë Brandt"),
        ("Milo Dvorak", "Milo Dvořák"),
        ("MILO  DVORÁK", "Milo Dvořák"),
        ("lucja wisniewska", "Łucja Wiśniewska"),
        ("Jorg Gross", "Jörg Groß"),
        ("Joerg Gross", "Jörg Groß"),
        ("bjorn sjoberg", "Bjørn Sjöberg"),
        ("Bjoern Sjoeberg", "Bjørn Sjöberg"),
        ("Dorde Petrovic", "Đorđe Petrović"),
        ("Aoife O'Brien", "Aoife O\u2019Brien"),
        ("Aoife OBrien", "Aoife O\u2019Brien"),
        ("ingrid", "Ingrid ✨"),
        ("inga old", "Ingrid ✨"),
        ("Νικος", "Νίκος"),
    ],
)
def test_names_that_lack_their_accents_are_found(typed: str, found: str) -> None:
    assert find_person(typed, PEOPLE)[:1] == (found,)


@pytest.mark.parametrize("typed", ["", "Zoë", "Milo", "Brandt Zoë", "X", "✨", "कि"])
def test_other_names_are_not(typed: str) -> None:
    assert find_person(typed, [*PEOPLE, ("का",)]) == ()


def test_exact_name_wins_and_an_ambiguous_one_finds_nobody() -> None:
    people = [("Zoë",), ("Zoé",), ("Anna",), ("Hanna", "Anna"), ("🦊",), ("🐻",)]
    assert find_person("zoé", people) == ("Zoé",)
    assert find_person("zoe", people) == ()
    assert find_person("anna", people) == ("Anna",), "today's name wins over a former one"
    assert find_person("🦊", people) == ("🦊",)
    search = NameSearch("zoe")
    for names in people:
        search.meet(names)
    assert search.candidates == [("Zoë",), ("Zoé",)]


@pytest.mark.parametrize(
    ("typed", "near"),
    [("Mlo Dvorak", ["Milo Dvořák"]), ("Milo", ["Milo Dvořák"]), ("zoe b", []), ("Q", [])],
)
def test_near_names_are_suggested(typed: str, near: list[str]) -> None:
    assert close_names(typed, [name for names in PEOPLE for name in names]) == near


@given(st.text(max_size=12) | st.text("İIi\u0131Şǰΐé\u0307\u0301Ao ", max_size=8))
def test_what_is_compared_is_compared_the_same_again(name: str) -> None:
    assert comparable_name(comparable_name(name)) == comparable_name(name)


@given(st.text(max_size=12), st.lists(st.text(max_size=8), max_size=5))
def test_any_name_is_found_as_it_is_written(name: str, others: list[str]) -> None:
    if comparable_name(name):
        assert name in find_person(name, [(name,), *((other,) for other in others)]) or any(
            comparable_name(other) == comparable_name(name) for other in others
        )
    close_names(name, others)


def test_every_letter_that_folds_is_looked_for() -> None:
    missed = [
        hex(code)
        for code in range(0x110000)
        if _FOLDING[code] != chr(code) and not (code < 128 or _FOLDS.search(chr(code)))
    ]
    assert missed == []
