"""The file in which people's decisions stand."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import Contacts, write_contacts
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.consent.contacts import Contact

if TYPE_CHECKING:
    from pathlib import Path

MILO = Person("Milo Dvořák", ("Milo Old",))
ODD = ['Zo"ë\\', "two\nlines", "🦄", "a.b", "[x]", "bell\x07del\x7f", "李"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.toml"


def test_decisions_are_read(path: Path) -> None:
    path.write_text(
        'default = "include"\n[people."Milo Dvořák"]\nconsent = "exclude"\naliases = ["Míla"]\n'
        '[people."Bo Sun"]\n[people."Zoë"]\nconsent = "include"\naliases = ["Zo"]\n',
        encoding="utf-8",
    )
    contacts = Contacts.read(path)
    assert contacts.default == "include"
    assert not contacts.ask_for_pseudonyms
    assert contacts.people["Milo Dvořák"] == Contact(consent="exclude", aliases=("Míla",))
    assert contacts.people["Bo Sun"] == Contact()
    assert contacts.aliases_of("MILO DVOR\u030cA\u0301K") == ("Míla",)
    assert contacts.aliases_of("Nobody") == ()


def test_empty_file_decides_nothing(path: Path) -> None:
    path.write_bytes(b"")
    assert Contacts.read(path) == Contacts()
    assert Contacts().ask_for_pseudonyms, "who was not asked gets an invented name"
    zoe = Contacts(default="include", people={"Zoë": Contact(consent="pseudonymize")})
    assert zoe.ask_for_pseudonyms


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("people = ", "is not a TOML file"),
        ("[people.Zo\xeb]".encode().decode("latin-1"), ": at line 1, column 11;"),
        ("\xff", "is not a TOML file"),
        ('default = "maybe"', "default must be one of include, pseudonymize, exclude"),
        ('[people."Al"]\nconsent = "no"', "consent of 'Al' must be one of include"),
        ('[people."Al"]\nconsent = ["exclude"]', "consent of 'Al' must be one of include"),
        ('[people."Al"]\nconsnt = "exclude"', "unknown key 'consnt' of 'Al'"),
        ('defualt = "include"', "unknown key 'defualt'"),
        ('[people]\nAl = "exclude"', "'Al' must be a table"),
        ('people = ["Al"]', "people must be tables"),
        ('[people."Al"]\naliases = "Alan"', "aliases of 'Al' must be a list"),
        ('[people."Al"]\naliases = [" "]', "aliases of 'Al' must be a list"),
        ('[people." "]', "name is blank"),
        ("[people.Al]\n[people.AL]", "'AL' and 'Al' are one name"),
    ],
)
def test_mistake_is_told_with_file_and_person(path: Path, text: str, told: str) -> None:
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"contacts\.toml") as caught:
        Contacts.read(path)
    assert told in str(caught.value)
    assert "maybe" not in str(caught.value)


def test_missing_file_is_told(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Contacts.read(path)


def test_template_asks_for_everybody_and_decides_nothing(path: Path) -> None:
    people = [MILO, *map(Person, ODD), Person("Zoë")]
    added = write_contacts(path, people, owner="Zoë")
    assert added == ["Milo Dvořák", *ODD]
    contacts = Contacts.read(path)
    assert contacts.default == "pseudonymize"
    assert [*contacts.people] == added
    assert contacts.people["Milo Dvořák"] == Contact(aliases=("Milo Old",))
    assert {contact.consent for contact in contacts.people.values()} == {None}


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_file_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        write_contacts(path, [MILO])
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_new_people_are_added_and_decisions_stay(path: Path) -> None:
    path.write_text(
        '# mine\ndefault = "exclude"\n[people."MILO DVOŘÁK"]\nconsent = "include" # he said so\n'
        'aliases = ["Míla"]',
        encoding="utf-8",
    )
    before = path.read_text(encoding="utf-8")
    assert write_contacts(path, [MILO, Person("Míla"), Person("Bo Sun")]) == ["Bo Sun"]
    assert path.read_text(encoding="utf-8").startswith(before)
    contacts = Contacts.read(path)
    assert contacts.default == "exclude"
    assert contacts.people["MILO DVOŘÁK"].consent == "include"
    assert contacts.people["Bo Sun"] == Contact()
    assert write_contacts(path, [MILO, Person("Bo Sun")]) == []


def test_file_that_cannot_be_added_to_stays(path: Path) -> None:
    text = 'people = {"Al" = {consent = "exclude"}}\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="a table of its own"):
        write_contacts(path, [MILO])
    assert path.read_text(encoding="utf-8") == text


def test_name_that_no_file_can_hold_is_no_crash(path: Path) -> None:
    write_contacts(path, [Person("Al\ud800")])
    assert len(Contacts.read(path).people) == 1


def test_name_of_blanks_is_left_out(path: Path) -> None:
    assert write_contacts(path, [Person("\u2028"), Person("Al")], owner="Zoë") == ["Al"]
    assert [*Contacts.read(path).people] == ["Al"]


def test_byte_order_mark_of_an_editor_does_not_matter(path: Path) -> None:
    path.write_text('[people."Al"]\nconsent = "exclude"\n', encoding="utf-8-sig")
    assert Contacts.read(path).people["Al"].consent == "exclude"
    assert write_contacts(path, [Person("Bo Sun")]) == ["Bo Sun"]
    assert [*Contacts.read(path).people] == ["Al", "Bo Sun"]


def test_person_who_is_named_without_accents_is_not_added_again(path: Path) -> None:
    path.write_text('[people."milo dvorak"]\nconsent = "exclude"\n', encoding="utf-8")
    assert write_contacts(path, [Person("Milo Dvořák"), Person("Bo Sun")]) == ["Bo Sun"]
