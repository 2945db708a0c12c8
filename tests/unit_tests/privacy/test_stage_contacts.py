"""Who is to stay under which name: contacts.toml in `pseudonymize_chat_sessions`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_core.messages import HumanMessage

from langchain_fbmessenger import Contacts, pseudonymize_chat_sessions
from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople
from langchain_fbmessenger.privacy.consent.contacts import Contact

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = (Person("Zoë Ångström"), Person("Milo Dvořák", ("Milo Starý",)), Person("Bo Sun"))


def session(*texts: str) -> Any:
    thread = {"participants": [p.name for p in PEOPLE], "owner": "Zoë Ångström", "title": "Soup"}
    messages = [
        HumanMessage(text, additional_kwargs={"sender": "Milo Dvořák", "events": []})
        for text in texts
    ]
    return {"messages": messages, "thread": ThreadWithPeople(thread, PEOPLE)}


def pseudonymized(key: Path, contacts: Any, *texts: str) -> Any:
    return pseudonymize_chat_sessions(key=key, contacts=contacts).invoke(session(*texts))


def test_who_is_included_keeps_all_names(tmp_path: Path) -> None:
    contacts = Contacts(people={"Milo Starý": Contact(consent="include")})
    out = pseudonymized(tmp_path / "names.key", contacts, "Milo Dvořák met Bo Sun")
    first = out["messages"][0]
    assert first.content.startswith("Milo Dvořák met ")
    assert "Bo Sun" not in first.content
    assert first.additional_kwargs["sender"] == "Milo Dvořák"
    assert out["thread"]["participants"][1] == "Milo Dvořák"
    assert "Bo Sun" not in out["thread"]["participants"]
    assert out["thread"]["owner"] not in {"Zoë Ångström", ""}


def test_everybody_may_be_included_but_some(tmp_path: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(
        'default = "include"\n[people."Bo Sun"]\nconsent = "pseudonymize"\naliases = ["Bobek"]\n',
        encoding="utf-8",
    )
    out = pseudonymized(tmp_path / "names.key", file, "Milo told Bobek", "Bobek is Bo Sun")
    assert out["thread"]["participants"][:2] == ["Zoë Ångström", "Milo Dvořák"]
    texts = [message.content for message in out["messages"]]
    assert texts[0].startswith("Milo told ")
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    assert words.isdisjoint({"Bobek", "Bo", "Sun"})


def test_stages_with_equal_contacts_are_equal(tmp_path: Path) -> None:
    contacts = Contacts(people={"Bo Sun": Contact(consent="include")})
    one = pseudonymize_chat_sessions(key=tmp_path / "k", contacts=contacts)
    other = pseudonymize_chat_sessions(key=tmp_path / "k", contacts=contacts)
    assert one == other
    assert "Bo" not in repr(one)
