# ruff: noqa: RUF001 - names in many scripts
"""Names of people outside the export: which are found, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import restore_names
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.key_file import read_key
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import language_tables, words_in
from langchain_fbmessenger.privacy.names.parts import HANGUL, has_no_spaces
from langchain_fbmessenger.privacy.names.spelling import fold, has_case
from langchain_fbmessenger.privacy.names.unknown_words import table, words_everywhere
from tests.hypothesis_profiles import profile_examples

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import TextFinder

PEOPLE = ("Milo Dvořák", "Zoë Ångström", "Jana Nováková", "Will Brown")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("key") / "names.key"


@pytest.fixture(scope="module")
def book(key: Path) -> NameBook:
    book = NameBook(key)
    book.learn(map(Person, PEOPLE))
    return book


@pytest.fixture(scope="module")
def finder(book: NameBook) -> TextFinder:
    return book.finder(unknown=True)


def outside(finder: TextFinder, text: str) -> list[str]:
    found = finder.find(text)
    return [text[one.start : one.end] for one in found if one.kind == "unknown_name"]


def is_plantable(name: str) -> bool:
    """Tell whether nothing more than a capital, or a script without them, is asked of a name."""
    folded, unknown = fold(name), table()
    is_east_asian = name[0] >= "\u3040" and (has_no_spaces(name) or HANGUL.fullmatch(name))
    towns = unknown.capitalised | words_in(frozenset(language_tables())).capitalised
    if folded in towns - unknown.rather_names or name.casefold() in unknown.never:
        return False
    is_clear = name[0].isupper() if has_case(name) else folded not in words_everywhere()
    return is_clear and len(folded) >= (2 if is_east_asian else 3)


NAMES = {
    code: names
    for code, listed in known_names().given.items()
    if (names := [name for name in listed if is_plantable(name)])
}
CARRIERS = (
    "I think that {} was there",
    "je crois que {} était là",
    "myslím, že {} tam byl také",
    "creo que {} estaba allí",
    "я думаю, что {} там был",
)


@settings(max_examples=profile_examples(2))
@given(st.data())
def test_a_given_name_of_any_language_is_found_is_the_same_each_time_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(NAMES[data.draw(st.sampled_from(sorted(NAMES)))]))
    carrier = data.draw(st.sampled_from(CARRIERS))
    key = tmp_path_factory.mktemp("key") / "names.key"
    book = NameBook(key)
    book.learn(map(Person, PEOPLE))
    finder = book.finder(unknown=True)
    text = carrier.format(name)
    assume(not book.finder().find(text))  # "Janko" is a form of Jana

    [found] = finder.find(text)
    changed = replaced(text, [found])

    assert (found.kind, text[found.start : found.end]) == ("unknown_name", name)
    assert fold(found.replacement) != fold(name)
    assert fold(found.replacement) not in {fold(part) for one in PEOPLE for part in one.split()}
    assert [finder.find(text), NameBook(key).finder(unknown=True).find(text)] == [[found]] * 2
    assert restore_names(changed, key=key) == text


def test_a_short_name_is_found_in_every_script_that_has_capitals(finder: TextFinder) -> None:
    short = [name for names in NAMES.values() for name in names if len(name) == 3]
    assert {"Ջոն", "Лев", "Ida"} <= {*short}
    missed = [name for name in short if not finder.find(f"I think that {name} was there")]
    assert missed == []


@given(st.lists(st.sampled_from(NAMES["cs"] + NAMES["fr"] + NAMES["ru"]), min_size=2, max_size=9))
def test_two_names_never_share_an_invented_one(finder: TextFinder, names: list[str]) -> None:
    invented = {}
    for name in names:
        assume(not finder.find(name) or finder.find(name)[0].kind != "name")
        [found] = finder.find(f"yesterday with {name} at the lake")
        invented[fold(name)] = fold(found.replacement)

    assert len(set(invented.values())) == len(invented)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("did Trevor ever fix that fence?", ["Trevor"]),
        ("Karel přijde až v osm", ["Karel"]),
        ("řekni Karlovi a Renatě, ať přijdou", ["Karlovi", "Renatě"]),
        ("ask Karel Novotný about it", ["Karel", "Novotný"]),
        ("she is Marie-Claire Lefort now", ["Marie", "Claire", "Lefort"]),
        ("we met Anna van der Linden there", ["Anna", "van der Linden"]),
        ("I know Yannick Le Goff from work", ["Yannick", "Le Goff"]),
        ("Dr. Patterson moved it to tuesday", ["Patterson"]),
        ("pan Horáček zas psal", ["Horáček"]),
        ("Frau Aydın hat das Paket", ["Aydın"]),
        ("gestern mit Franziska Lohmann im Kino", ["Franziska", "Lohmann"]),
        ("wenn Nadine Zeit hat, trink ich zwei", ["Nadine"]),
        ("tegnap Szabó Eszter is ott volt", ["Szabó", "Eszter"]),
        ("i told jeffrey we'd be late", ["jeffrey"]),
        ("HAPPY BIRTHDAY DEREK", ["DEREK"]),
        ("I gave it to Grace yesterday", ["Grace"]),
        ("Grace said no", ["Grace"]),
        ("Faith's shift is on sunday", ["Faith"]),
        ("thanks @Trevor!", ["Trevor"]),
        ("Видел Антона на вокзале", ["Антона"]),
        ("مع فاطمة وزينب في السوق", ["فاطمة", "وزينب"]),
        ("תודה יהונתן!", ["יהונתן"]),
        ("昨日高橋 直樹に会ったよ", ["高橋", "直樹"]),
        ("昨天碰到张丽华，她问你好", ["张", "丽华"]),
        ("정은주씨 전화 왔어요", ["정은주"]),
        ("another Milo Horák, not ours", ["Horák"]),
    ],
)
def test_what_is_found(finder: TextFinder, text: str, names: list[str]) -> None:
    assert outside(finder, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Grace period ends tomorrow, pay the thing",
        "joy of joys, the boiler is dead again",
        "can you bring the ginger, the basil and some sage",
        "Happy New Year From All Of Us",
        "Just landed in Florence, it's 34 degrees",
        "the Chelsea game is at eight, Arsenal after that",
        "San Juan este año cae en lunes",
        "on se retrouve place Victor Hugo",
        "Die Klara-Zetkin-Straße ist gesperrt",
        "Die Rose ist verblüht, Ist das dein Ernst?",
        "Deja eso y ven a cenar",
        "víra tvá tě uzdravila",
        "nový řádek, a pak další",
        "see https://karel.example/karel or karel.jpg, karel@example.com",
        "Will you be home by six?",
        "Santa Claus ya no viene a esta casa",
    ],
)
def test_words_stay(finder: TextFinder, text: str) -> None:
    assert finder.find(text) == []


@pytest.mark.parametrize(
    "text",
    ["Milo and Zoë", "s Milem Dvořákem", "@milo.dvorak", "Will says no", "jana novakova"],
)
def test_known_people_are_found_as_without_it(
    book: NameBook, finder: TextFinder, text: str
) -> None:
    assert finder.find(text) == book.finder().find(text) != []


def test_a_name_and_its_inflected_form_share_an_invented_one(finder: TextFinder, key: Path) -> None:
    for text in ("kde je Oldřich?", "viděla jsem Oldřicha v Lidlu", "bez Oldřicha nejdu"):
        assert outside(finder, text)

    assert [name for name in read_key(key).names if fold(name).startswith("oldrich")] == ["Oldřich"]


def test_names_that_are_to_stay_stay(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key", keep=["Karel Horák"])
    finder = book.finder(unknown=True)

    assert outside(finder, "yesterday with Karel and Trevor") == ["Trevor"]
    book.keep("Trevor Small")
    assert outside(book.finder(unknown=True), "yesterday with Karel and Trevor") == []


def test_what_is_found_does_not_depend_on_what_was_found_before(finder: TextFinder) -> None:
    weak, clear = "blossom came, said nobody", "yesterday with Blossom at the lake"

    before = finder.find(weak)
    assert finder.find(clear)
    assert finder.find(weak) == before == []


def test_nobody_is_told_apart_by_what_other_people_are_given_later(tmp_path: Path) -> None:
    """A stranger who turns out to be in the export keeps the name that was invented."""
    book = NameBook(tmp_path / "names.key")
    [found] = book.finder(unknown=True).find("yesterday with Trevor at the lake")

    book.learn([Person("Trevor Small")])

    assert book.invented("Trevor Small").split()[0] == found.replacement
    [again] = book.finder(unknown=True).find("yesterday with Trevor at the lake")
    assert again == found._replace(kind="name")
