"""What a loaded thread remembers: it is a plain dict to all but those who ask."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    merge_chat_runs,
    split_chat_sessions,
)
from langchain_fbmessenger._internal.roster import (
    Person,
    ThreadWithPeople,
    changed_thread,
    nicknames_of,
    people_of,
)
from tests.unit_tests.builders import AL, START, ZOE, message, thread_json, write_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIELDS = {"id": "al_1", "title": AL, "participants": [AL, ZOE], "owner": None}
PEOPLE = (Person(AL, ("Alan",)), Person(ZOE))
NICKNAMES = ((AL, "Captain"), ("", "Sunshine"))

COPIES = [
    copy.copy,
    copy.deepcopy,
    lambda thread: thread.copy(),
    lambda thread: pickle.loads(pickle.dumps(thread)),  # noqa: S301 - our own
    changed_thread,
]


@pytest.fixture
def thread() -> ThreadWithPeople:
    return ThreadWithPeople(FIELDS, PEOPLE, NICKNAMES)


def test_loaded_thread_is_a_dict_of_the_contract(thread: ThreadWithPeople) -> None:
    assert thread == FIELDS
    assert not thread != FIELDS  # noqa: SIM202 - a dict has two operators
    assert repr(thread) == repr(FIELDS)
    assert json.dumps(thread) == json.dumps(FIELDS)
    assert list(thread) == list(FIELDS)


@pytest.mark.parametrize("make", COPIES)
def test_copies_remember(thread: ThreadWithPeople, make: Callable[[Any], Any]) -> None:
    copied = make(thread)
    assert copied is not thread
    assert copied == FIELDS
    assert people_of(copied) == PEOPLE
    assert nicknames_of(copied) == NICKNAMES


def test_changed_thread_leaves_the_given_one(thread: ThreadWithPeople) -> None:
    changed = changed_thread(thread, title="Bo")
    assert (changed["title"], thread["title"]) == ("Bo", AL)
    assert people_of(changed) == PEOPLE


@pytest.mark.parametrize("other", [None, {}, FIELDS])
def test_threads_of_other_loaders_know_nobody(other: dict[str, Any] | None) -> None:
    assert people_of(other) == ()
    assert nicknames_of(other) == ()
    assert type(changed_thread(other or {}, id="x")) is dict


def test_names_of_a_person_begin_with_todays() -> None:
    assert PEOPLE[0].names == (AL, "Alan")


def test_every_session_remembers_all_people_through_the_stages(tmp_path: Path) -> None:
    inbox = tmp_path / "your_facebook_activity/messages/inbox"
    requests = tmp_path / "your_facebook_activity/messages/message_requests"
    write_thread(
        inbox / "al_1", thread_json([message(ZOE, START + 1, "b"), message(AL, START, "a")])
    )
    write_thread(inbox / "bo_1", thread_json([message(ZOE, START, "c")], ("Bo", ZOE)))
    # Strangers are not loaded, but may be talked of.
    write_thread(requests / "cy_1", thread_json([message("Cy", START, "d")], ("Cy", ZOE)))
    sessions = FacebookMessengerChatLoader(tmp_path).load()
    road = split_chat_sessions() | merge_chat_runs() | map_ai_messages(sender=ZOE)
    passed = list(road.stream(sessions))
    assert len(passed) == len(sessions) == 2
    for session in (*sessions, *passed):
        found = people_of(session["thread"])
        assert {person.name for person in found} == {AL, "Bo", "Cy", ZOE}
        assert found is people_of(sessions[0]["thread"]), "one tuple, however many threads"
        assert "people" not in session["thread"]
