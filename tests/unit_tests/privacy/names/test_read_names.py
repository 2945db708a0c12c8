# ruff: noqa: RUF001 - letters that look alike
"""Participants whose names hold what nobody sees, or letters of another font: one person each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from langchain_fbmessenger import (
    Contacts,
    apply_consent,
    map_ai_messages,
    pseudonymize_chat_sessions,
    restore_names,
)
from langchain_fbmessenger._internal.names import comparable_name, find_person, plain_name
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.consent import write_contacts
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.key_file import new_key

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

SPELLINGS = [
    "Mi\u00adlo Dvořák",
    "M\u200bilo Dvořák",
    "\u2066Milo Dvořák\u2069",
    "Milo\ufeff Dvořák\u200e",
    "Ｍｉｌｏ Dvořák",
    "𝓜𝓲𝓵𝓸 Dvořák",
    "𝐌𝐢𝐥𝐨\u200d 𝐃𝐯𝐨r\u030c\u00e1𝐤",
]


def session(name: str, text: str) -> ChatSession:
    messages = [
        HumanMessage(text, additional_kwargs={"sender": name}),
        HumanMessage("Milo?", additional_kwargs={"sender": "Zoë Brandt"}),
        HumanMessage("ask Milo Dvořák", additional_kwargs={"sender": "Bo Sun"}),
    ]
    thread = {"id": "t", "title": name, "participants": [name, "Zoë Brandt", "Bo Sun"]}
    return cast("ChatSession", {"messages": messages, "thread": thread | {"is_group": True}})


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_participant_is_one_person_with_who_is_mentioned(tmp_path: Path, name: str) -> None:
    key = tmp_path / "names.key"

    (made,) = pseudonymize_chat_sessions([session(name, f"{name}, Milo")], key=key)

    invented = NameBook(key).invented("Milo Dvořák")
    given_name = invented.split()[0]
    texts = [plain_name(str(message.content)) for message in made["messages"]]
    assert texts == [f"{invented}, {given_name}", f"{given_name}?", f"ask {invented}"]
    assert made["messages"][0].additional_kwargs["sender"] == invented
    assert cast("Any", made)["thread"]["participants"][0] == invented
    assert [restore_names(text, key=key) for text in texts] == [
        "Milo Dvořák, Milo",
        "Milo?",
        "ask Milo Dvořák",
    ]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("told", ["Milo Dvořák", "milo dvorak", *SPELLINGS[:2]])
def test_a_typed_name_names_its_person(tmp_path: Path, name: str, told: str) -> None:
    sessions = [session(name, "hi")]

    (kept,) = pseudonymize_chat_sessions(sessions, key=tmp_path / "k", keep=[told])
    (left,) = apply_consent(sessions, forget=[told])
    (persona,) = map_ai_messages(sessions, sender=told)

    assert kept["messages"][0].additional_kwargs["sender"] == name
    assert "Milo Dvořák" in kept["messages"][2].content
    assert [m.content for m in left["messages"]] == ["ask [someone]"]
    assert [m.type for m in persona["messages"]] == ["ai", "human", "human"]


@pytest.mark.parametrize("name", SPELLINGS)
def test_contacts_and_people_are_told_by_any_spelling(tmp_path: Path, name: str) -> None:
    contacts = tmp_path / "contacts.toml"
    contacts.write_text('[people."Milo Dvořák"]\nconsent = "include"\n', encoding="utf-8")

    added = write_contacts(contacts, [Person(name), Person("Zoë Brandt")])
    (made,) = pseudonymize_chat_sessions(
        [session(name, "hi")], key=tmp_path / "names.key", contacts=Contacts.read(contacts)
    )
    (other,) = pseudonymize_chat_sessions(
        [session("Ida Berg", f"{name} Milo")], key=tmp_path / "other.key", people=[name]
    )

    assert added == ["Zoë Brandt"]
    assert made["messages"][0].additional_kwargs["sender"] == name
    assert "Milo" not in str(other["messages"][0].content)


def test_nicknames_are_read_likewise(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    book.learn([Person("Milo Dvořák")])
    finder = book.finder(
        [("Milo Dvořák", "Cap\u00adtain"), ("", "𝓓𝓻𝓪𝓰𝓸𝓷 King"), ("", "小\u200b龙")]
    )
    text = "Captain, Dragon King 和小龙去"
    assert [text[one.start : one.end] for one in finder.find(text)] == [
        "Captain",
        "Dragon King",
        "小龙",
    ]


@pytest.mark.parametrize("name", ["👩\u200d🦰", "🏳️\u200d🌈", "\u3164", "\u200b", "K\u200b8"])
def test_a_name_without_words_is_one(tmp_path: Path, name: str) -> None:
    book = NameBook(tmp_path / "names.key")
    book.learn([Person(name), Person("Milo")])
    invented = book.invented(name)
    assert invented.isalpha()
    assert book.people == 2
    assert restore_names(f"@{invented}!", key=tmp_path / "names.key") == f"@{plain_name(name)}!"


def test_a_key_of_an_earlier_version_stays_good(tmp_path: Path) -> None:
    """Back then a soft hyphen parted a name: "Mi" and "lo" were words of their own."""
    path = tmp_path / "names.key"
    key = new_key()
    key.people.append(("Mi\u00adlo Dvořák",))
    key.names |= {
        "Mi": "Jonas",
        "lo": "Petra",
        "Dvořák": "Havel",
        "𝓩𝓸𝓮": "Ingrid",
        "Milena": "Klara",
    }
    held = {name: getattr(key, name) for name in key.__struct_fields__}
    path.write_text(json.dumps(held), encoding="utf-8")

    assert restore_names("Jonas\u00adpetra Havel, Ingrid, Klara", key=path) == (
        "Mi\u00adlo Dvořák, 𝓩𝓸𝓮, Milena"
    )
    book = NameBook(path)
    invented = book.invented("Milo Dvořák")
    assert invented.endswith(" Havel")
    assert book.invented("Mi\u00adlo Dvořák") == invented
    assert restore_names(invented, key=path) == "Milo Dvořák"
    assert json.loads(path.read_text())["names"].items() >= key.names.items()


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_person_who_is_looked_for_is_found(name: str) -> None:
    people = [[name], ["Milena Dvořák"], ["Zoë"]]
    assert find_person("Milo Dvořák", people) == (name,)
    assert find_person(name, [["Milo Dvořák"], ["Zoë"]]) == ("Milo Dvořák",)


@given(st.text(min_size=1))
def test_no_name_is_read_as_nothing(name: str) -> None:
    assert plain_name(name)
    assert comparable_name(plain_name(name)) == comparable_name(name)


def test_emoji_that_differ_are_different_names() -> None:
    assert comparable_name("👩\u200d🦰") != comparable_name("👩")
    assert comparable_name("\u3164") != comparable_name("\u200b")
