"""Invented names: stable, one to one, in the language of the real ones; and whose names are odd."""

from __future__ import annotations

import sys
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import MissingExtraError
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.assignments import Assignments
from langchain_fbmessenger.privacy.names.key_file import KeyFile, read_key
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.spelling import fold

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def book(tmp_path: Path) -> NameBook:
    return NameBook(tmp_path / "names.key")


def test_parts_are_replaced_alike_everywhere(book: NameBook) -> None:
    first, last = book.invented("Milo Dvořák").split()

    assert book.invented("Milo Novák").split()[0] == first
    assert book.invented("DVOŘÁK Milo").split() == [last.upper(), first]
    assert book.invented("Milo") == first
    assert {first, last}.isdisjoint({"Milo", "Dvořák"})
    assert book.invented("Noemie") == book.invented("Noémie"), "one name, accents or not"


def test_names_stay_with_the_key_and_differ_with_another(tmp_path: Path) -> None:
    people = ["Milo Dvořák", "Jana Nováková", "佐藤太郎", "Мария Иванова", "Zoë"]
    first = [NameBook(tmp_path / "a").invented(name) for name in people]

    assert [NameBook(tmp_path / "a").invented(name) for name in people] == first
    assert [NameBook(tmp_path / "b").invented(name) for name in people] != first


def test_no_two_parts_share_a_name_and_none_is_somebodys(book: NameBook, tmp_path: Path) -> None:
    known = known_names()
    people = [
        Person(f"{given} {family}")
        for given, family in zip(known.given["cs"][:200], known.family["cs"], strict=True)
    ]
    book.learn(people)

    names = read_key(tmp_path / "names.key").names
    invented = {fold(name) for name in names.values()}
    assert len(invented) == len({fold(name) for name in names})
    assert invented.isdisjoint(map(fold, names))


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Milo Dvořák", "cs"),
        ("Katarzyna Wiśniewska", "pl"),
        ("Мария Иванова", "ru"),
        ("Jürgen Strauß", "de"),
        ("佐藤 太郎", "ja"),
        ("김 민수", "ko"),
        ("Γιώργος Παπαδόπουλος", "el"),
    ],
)
def test_names_are_invented_in_their_language(book: NameBook, name: str, language: str) -> None:
    known = known_names()
    given_and_family = {*known.given[language], *known.family[language]}

    assert set(book.invented(name).split()) <= given_and_family


def test_womens_names_become_womens(book: NameBook) -> None:
    known = known_names()
    for name in ("Jana Nováková", "Zuzana Dvořáková", "Katarzyna Kowalska", "Елена Смирнова"):
        given, family = book.invented(name).split()
        assert fold(given) not in known.men
        assert family.endswith(("ová", "ska", "cka", "ова", "ева", "ина", "á"))


@pytest.mark.parametrize("name", ["🦄", "~*~", "J", "李", "K8", "?", "\ud83d"])
def test_odd_names_become_given_names(book: NameBook, name: str) -> None:
    invented = book.invented(name)

    assert fold(invented) in known_names().given_anywhere
    assert book.invented(name) == invented


def test_particles_apostrophes_and_what_is_no_letter_stay(book: NameBook) -> None:
    assert book.invented("Anna van der Berg").split()[1:3] == ["van", "der"]
    assert book.invented("Sinéad O'Brien").split()[1].startswith("O'")
    assert "-" in book.invented("Jean-Pierre Blanc")
    assert book.invented("Milo 🦄 (2)").endswith(" 🦄 (2)")
    assert book.invented("") == ""


def test_deleted_accounts_stay(book: NameBook) -> None:
    assert book.invented("Facebook user") == "Facebook user"
    assert book.people == 0


def test_people_of_one_name_share_the_invented_one(book: NameBook) -> None:
    book.learn([Person("Milo Dvořák"), Person("Milo Dvořák"), Person("MILO  DVOŘÁK")])

    assert book.people == 1


def test_a_person_who_was_renamed_has_one_name(book: NameBook, tmp_path: Path) -> None:
    book.learn([Person("Jana Nováková", ("Jana Veselá",))])

    invented = book.invented("Jana Nováková")
    assert book.invented("Jana Veselá") == invented
    text = "ptal ses Veselé nebo Jany Veselé?"
    scrubbed = replaced(text, book.finder().find("ptal ses Veselé nebo Jany Veselé?"))
    assert "Vesel" not in scrubbed
    names = read_key(tmp_path / "names.key").names
    assert names["Veselá"] == names["Nováková"]


def test_who_is_met_later_is_found_from_then_on(book: NameBook) -> None:
    book.learn([Person("Milo Dvořák")])
    assert not book.finder().find("Bernadette")

    book.learn([Person("Bernadette Hauser")])
    assert book.finder().find("Bernadette")


def test_no_invented_name_is_a_form_that_a_real_one_has_in_the_exports_language(
    book: NameBook,
) -> None:
    book.learn([Person("Kim")])
    book.learn(map(Person, ("Jiří Dvořák", "Ondřej Kučera", "Kateřina Svobodová")))

    assert "kimovi" in book.finder()._index.forms  # type: ignore[attr-defined]
    assert book._names._is_taken("kimovi")


def test_no_invented_name_begins_with_the_real_one_or_the_real_one_with_it() -> None:
    for number in range(60):  # by chance, one key in ten would give "Bohumír" to a "Bo"
        names = Assignments(KeyFile(secret=b64encode(b"%d" % number).decode(), names={}, people=[]))
        names.add_people([Person("Milo Dvořák"), Person("Bo Horváth"), Person("Eva Malá")])
        for real in ("Milo", "Bo", "Eva"):
            invented = names.of_part(real)
            assert not invented.startswith(real)
            assert not real.startswith(invented)


def test_five_thousand_people_have_a_name_each(book: NameBook, tmp_path: Path) -> None:
    known = known_names()
    names = [*known.given["en"], *known.given["de"], *known.family["en"], *known.family["es"]]
    book.learn(Person(name) for name in dict.fromkeys(names))

    invented = read_key(tmp_path / "names.key").names
    assert len(invented) > 4000
    assert len({fold(name) for name in invented.values()}) == len(invented)


def test_without_faker_the_extra_is_named(book: NameBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    monkeypatch.setitem(sys.modules, "faker.providers.person.ar_AA", None)
    known_names.cache_clear()

    with pytest.raises(MissingExtraError, match="privacy"):
        book.learn([Person("Milo")])


def test_numbers_are_stable_and_tell_nothing(book: NameBook, tmp_path: Path) -> None:
    number = book.number("inbox/milodvorak_1234")

    assert number == NameBook(tmp_path / "names.key").number("inbox/milodvorak_1234")
    assert number != NameBook(tmp_path / "other.key").number("inbox/milodvorak_1234")
    assert len(book.number("\ud83d")) == 16


def test_nobody_is_made_anothers_husband_or_wife(tmp_path: Path) -> None:
    men = ("Dvořák", "Svoboda", "Marek", "Beneš", "Fiala", "Kučera", "Horák", "Pokorný", "Šimek")
    women = ("Nováková", "Veselá", "Krejčová", "Urbanová", "Blažková", "Kopecká", "Jelínková")
    for number in range(5):
        book = NameBook(tmp_path / f"{number}.key")
        book.learn(Person(f"Jan {name}") for name in men)
        book.learn(Person(f"Eva {name}") for name in women)
        husbands = {book.invented(f"Jan {name}").split()[1] for name in men}
        wives = {book.invented(f"Eva {name}").split()[1] for name in women}
        assert not {f"{name}ová" for name in husbands} & wives
        assert not {f"{name.removesuffix('ý')}á" for name in husbands if name[-1] == "ý"} & wives


def test_no_man_is_given_a_womans_family_name(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    men = [f"Jan {name}" for name in ("Malý", "Černý", "Krátký", "Veselý", "Tichý", "Starý")]
    men += [f"Petr {stem}ský" for stem in ("Zábor", "Lipov", "Horov", "Brdov", "Polan", "Lužin")]
    book.learn(map(Person, [*men, "Eva Nováková"]))
    families = [book.invented(name).split()[1] for name in men]
    assert not [name for name in families if name.endswith(("ová", "á"))]


def test_a_short_name_has_the_gender_of_the_long_one(tmp_path: Path) -> None:
    women = known_names().women
    for number in range(8):
        book = NameBook(tmp_path / f"{number}.key")
        book.learn([Person("Will Brown")])
        assert fold(book.invented("Will Brown").split()[0]) not in women
