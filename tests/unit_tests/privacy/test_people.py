"""People are learnt as they are met, but for those who keep their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger import Contacts
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.consent.contacts import Contact
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.people import PeopleMet

if TYPE_CHECKING:
    from pathlib import Path


def test_who_keeps_their_name_is_not_learnt(tmp_path: Path) -> None:
    people = [Person("Milo Dvořák", ("Milo Old",)), Person("Emma Johnson"), Person("Zoë Brown")]
    contacts = Contacts(people={"Emma Johnson": Contact(consent="include")})
    book = NameBook(tmp_path / "names.key")
    PeopleMet(book, ["Zoe Brown"], Decisions(contacts, (), people)).meet(people)

    assert book.invented("Milo Dvořák") != "Milo Dvořák"
    assert book.invented("Milo Old") == book.invented("Milo Dvořák")
    assert book.invented("Emma Johnson") == "Emma Johnson"
    assert book.invented("Zoë Brown") == "Zoë Brown"
