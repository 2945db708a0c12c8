"""Whose nickname it is that a line in a chat sets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger._internal.roster import nicknames_of
from langchain_fbmessenger.exports import Message, Messages
from langchain_fbmessenger.exports.conversations.marking import (
    SetNickname,
    mark_system_lines,
    nicknames_of_people,
)
from tests.unit_tests.builders import AL, START, ZOE, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

MILO = "Milo Dvořák"
PEOPLE = [MILO, "Milo Novák", "Ivo Sun", ZOE]
TO_ZOE, TO_MILO, TO_SENDER = ("", "Owl"), (MILO, "Owl"), ("Ivo Sun", "Owl")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"Ivo set the nickname for {MILO} to Owl.", TO_MILO),
        ("Ivo set your nickname to Owl.", TO_ZOE),
        ("Ivo set her own nickname to Owl.", TO_SENDER),
        ("You set your own nickname to Owl.", TO_SENDER),
        ("Ivo hat deinen Spitznamen auf Owl festgelegt.", TO_ZOE),
        (f"Ivo hat den Spitznamen von {MILO} auf Owl festgelegt.", TO_MILO),
        ("Ivo a défini votre pseudo sur Owl.", TO_ZOE),
        ("Ivo a défini son propre pseudo sur Owl.", TO_SENDER),
        ("Ivo configuró tu apodo como Owl.", TO_ZOE),
        (f"Ivo configuró el apodo de {MILO} como Owl.", TO_MILO),
        (f"Ivo definiu o apelido de {MILO} como Owl.", TO_MILO),
        ("Ivo definiu seu apelido como Owl.", TO_ZOE),
        (f"Ivo ustawił(a) pseudonim użytkownika {MILO} na Owl.", TO_MILO),
        ("Ivo ustawił(a) Twój pseudonim na Owl.", TO_ZOE),
        ("Ivo ustawił(a) swój pseudonim na Owl.", TO_SENDER),
        ("Ivo đã đặt biệt danh cho bạn là Owl.", TO_ZOE),
        (f"Ivo nastavil(a) přezdívku uživatele {MILO} na Owl.", TO_MILO),
        ("Ivo nastavil(a) svou přezdívku na Owl.", TO_SENDER),
        (f"Ivo ha impostato il soprannome di {MILO} su Owl.", TO_MILO),
        ("Ivo heeft je bijnaam ingesteld op Owl.", TO_ZOE),
        ("Ivo angav sitt eget smeknamn till Owl.", TO_SENDER),
        (f"Ivo изменила псевдоним {MILO} на Owl.", TO_MILO),
        ("Ivo змінив ваш псевдонім на Owl.", TO_ZOE),
        (f"Ivo beállította {MILO} becenevét: Owl.", TO_MILO),
    ],
)
def test_line_says_whose_nickname_it_is(line: str, expected: tuple[str, str]) -> None:
    languages: Counter[str] = Counter()
    messages = Messages.of([Message("Ivo Sun", START, "hi"), Message("Ivo Sun", START, line)])
    found = mark_system_lines(messages, languages, is_group=False)
    assert found == [expected]
    assert [m.system for m in messages] == [None, "setting"]
    assert languages.total() == 1


@pytest.mark.parametrize(
    "line",
    [
        "Ivo cleared the nickname for Milo.",
        "Ivo ustawił(a) pseudonim",
        "he set the nickname for Milo to Owl.",
        "Ivo set the nickname for Milo to Owl. Funny!\nIsn't it?",
    ],
)
def test_line_without_a_nickname_names_nobody(line: str) -> None:
    messages = Messages.of([Message("Ivo", START, line)])
    assert mark_system_lines(messages, Counter(), is_group=False) == []


@pytest.mark.parametrize(
    ("person", "name"),
    [
        (MILO, MILO),
        ("MILO  DVOR\u030cÁK", MILO),
        ("Ivo", "Ivo Sun"),
        ("Milo", ""),  # there are two
        ("Somebody", ""),
        ("", ZOE),
    ],
)
def test_person_is_found_by_what_the_line_calls_them(person: str, name: str) -> None:
    found = nicknames_of_people([SetNickname(person, "Owl")], PEOPLE, ZOE)
    assert found == ((name, "Owl"),)


def test_person_may_be_called_by_the_nickname_before() -> None:
    found = [SetNickname("Ivo", "Owl"), SetNickname("owl", "Hawk"), SetNickname("Ivo", "Owl")]
    assert nicknames_of_people(found, PEOPLE, ZOE) == (("Ivo Sun", "Owl"), ("Ivo Sun", "Hawk"))


def test_owner_may_be_unknown() -> None:
    assert nicknames_of_people([SetNickname("", "Owl")], PEOPLE, None) == (("", "Owl"),)


def test_loaded_thread_remembers_the_nicknames_set_in_it(tmp_path: Path) -> None:
    inbox = tmp_path / "your_facebook_activity/messages/inbox"
    lines = [
        message(AL, START + 3, "night, Captain"),
        message(AL, START + 2, "Al cleared your nickname."),
        message(AL, START + 1, "Al set your nickname to Captain."),
        message(ZOE, START, "You set the nickname for Al to Snail 🐌."),
    ]
    write_thread(inbox / "al_1", thread_json(lines))
    write_thread(inbox / "bo_2", thread_json([message("Ivo", START, "hi")], ("Ivo", ZOE)))
    loader = FacebookMessengerChatLoader(tmp_path, since="2020-01-01")
    al, bo = loader.load()
    assert nicknames_of(al["thread"]) == ((AL, "Snail 🐌"), (ZOE, "Captain"))
    assert nicknames_of(bo["thread"]) == ()
    assert loader.report.messages_skipped == {"setting": 3}
