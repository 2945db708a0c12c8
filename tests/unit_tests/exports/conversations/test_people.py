"""Who the people of exports are, and what they were called before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.exports import ExportReader, LoadReport, make_selection
from tests.unit_tests.builders import AL, START, ZOE, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

INBOX = "your_facebook_activity/messages/inbox"
NUMBER = "x_111111111111111"


def people(*paths: Path, owner: str | None = None) -> set[Person]:
    reader = ExportReader(paths, LoadReport(), selection=make_selection(threads=[AL]), owner=owner)
    found = reader.people
    assert len(found) == len(set(found))
    return set(found)


def write(folder: Path, name: str, *writers: str, people: tuple[str, ...], **more: object) -> None:
    messages = [message(w, START - n, w) for n, w in enumerate(writers)]
    write_thread(folder / INBOX / name, thread_json(messages, people, **more))


def test_everybody_is_known_whatever_is_chosen(tmp_path: Path) -> None:
    write(tmp_path, "al_1", AL, ZOE, people=(AL, ZOE))
    group = (AL, "Bo", "Facebook User", ZOE)
    write(tmp_path, "trip_2", "Cy who left", people=group, title="Trip")
    assert people(tmp_path) == {Person(n) for n in (AL, ZOE, "Bo", "Cy who left")}


def test_spellings_of_one_name_are_one_person(tmp_path: Path) -> None:
    write(tmp_path, "al_1", AL, people=(AL, ZOE))
    write(tmp_path, "trip_2", "ZOE\u0308  ÅNGSTRÖM", people=(AL, "Bo", ZOE), title="Trip")
    assert people(tmp_path) == {Person(n) for n in (AL, ZOE, "Bo")}


def test_former_name_stands_in_another_state_of_the_thread(tmp_path: Path) -> None:
    for name, start in (("Al Old", "one"), ("Al New", "two")):
        write(tmp_path / start, NUMBER, name, ZOE, people=(name, ZOE))
        messages = [message(name, START + len(start) * (name == "Al New"), "hi")]
        write_thread(tmp_path / start / INBOX / NUMBER, thread_json(messages, (name, ZOE)))
    found = people(tmp_path / "one", tmp_path / "two")
    assert found == {Person("Al New", ("Al Old",)), Person(ZOE)}


def test_deleted_account_is_no_new_name(tmp_path: Path) -> None:
    for name, start in ((AL, "one"), ("Facebook User", "two")):
        messages = [message(name, START + (name != AL), "hi")]
        write_thread(tmp_path / start / INBOX / NUMBER, thread_json(messages, (name, ZOE)))
    assert people(tmp_path / "one", tmp_path / "two") == {Person(AL), Person(ZOE)}


def test_third_writer_in_a_chat_of_two_had_another_name_then(tmp_path: Path) -> None:
    write(tmp_path, "al_1", "Al Old", ZOE, people=(AL, ZOE), title=AL)
    write(tmp_path, "bo_2", ZOE, "Bo", people=("Bo", ZOE), title="Bo")
    assert people(tmp_path) == {Person(AL, ("Al Old",)), Person("Bo"), Person(ZOE)}


def test_third_writer_in_several_chats_is_the_owner(tmp_path: Path) -> None:
    write(tmp_path, "al_1", "Zoë Brandt", ZOE, people=(AL, ZOE), title=AL)
    write(tmp_path, "bo_2", "Zoë Brandt", ZOE, people=("Bo", ZOE), title="Bo")
    expected = {Person(AL), Person("Bo"), Person(ZOE, ("Zoë Brandt",))}
    assert people(tmp_path, owner=ZOE) == expected


def test_who_left_a_group_of_three_is_somebody_else(tmp_path: Path) -> None:
    write(tmp_path, "trip_1", "Bo", ZOE, people=(AL, ZOE), title="Trip")
    write(tmp_path, "al_2", ZOE, people=(AL, ZOE))
    assert people(tmp_path) == {Person(AL), Person("Bo"), Person(ZOE)}


def test_former_name_that_somebody_bears_today_is_a_person_too(tmp_path: Path) -> None:
    write(tmp_path, "al_1", "Bo", ZOE, people=(AL, ZOE), title=AL)
    write(tmp_path, "bo_2", ZOE, "Bo", people=("Bo", ZOE), title="Bo")
    assert people(tmp_path) == {Person(AL, ("Bo",)), Person("Bo"), Person(ZOE)}


def test_name_taken_back_ends(tmp_path: Path) -> None:
    for place, first, second in (("x_1", "Al", "Bo"), ("x_2", "Bo", "Al")):
        for number, name in enumerate((first, second)):
            messages = [message(name, START + number, "hi")]
            folder = tmp_path / str(number) / INBOX / (place[:2] + place[2:] * 15)
            write_thread(folder, thread_json(messages, (name, ZOE)))
    found = people(tmp_path / "0", tmp_path / "1")
    assert {name for person in found for name in person.names} == {"Al", "Bo", ZOE}


@pytest.mark.parametrize("owner", [ZOE, "Somebody who never wrote"])
def test_owner_that_was_given_is_a_person(tmp_path: Path, owner: str) -> None:
    write(tmp_path, "al_1", AL, people=(AL, ZOE))
    assert Person(owner) in people(tmp_path, owner=owner)
