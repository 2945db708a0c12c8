from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import (
    InvalidOptionError,
    UnknownOwnerError,
    UnknownSenderError,
    map_ai_messages,
    map_ai_messages_in_session,
)
from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople
from tests.unit_tests.builders import session


def types(chat_session: dict) -> list[str]:
    return [m.type for m in chat_session["messages"]]


def test_the_senders_messages_become_the_assistants() -> None:
    given = session("Al: a", "Zoë: b", thread={"id": "t"})
    before = copy.deepcopy(given)
    mapped = map_ai_messages_in_session(given, "Zoë")
    assert types(mapped) == ["human", "ai"]
    assert [m.content for m in mapped["messages"]] == ["a", "b"]
    assert mapped["messages"][1].additional_kwargs == given["messages"][1].additional_kwargs
    assert mapped["thread"] == {"id": "t"}
    assert given == before


def test_id_and_name_are_kept() -> None:
    one = HumanMessage("a", id="7", name="n", additional_kwargs={"sender": "Zoë"})
    (mapped,) = map_ai_messages_in_session({"messages": [one]}, "Zoë")["messages"]
    assert isinstance(mapped, AIMessage)
    assert (mapped.id, mapped.name) == ("7", "n")


@pytest.mark.parametrize("name", ["ZOË", "zoe\u0308", "\u00a0Zoë "])
def test_case_accents_and_white_space_do_not_matter(name: str) -> None:
    assert types(map_ai_messages_in_session(session("Al: a", "Zoë: b"), name)) == ["human", "ai"]


def test_unknown_sender_lists_the_names_seen_most_frequent_first() -> None:
    sessions = [session("Al: a", "Bo: b"), session("Bo: c")]
    with pytest.raises(UnknownSenderError, match=r"'Zoe'.*'Bo', 'Al'") as caught:
        list(map_ai_messages(sessions, "Zoe"))
    assert caught.value.seen == ["Bo", "Al"]
    assert isinstance(caught.value, LookupError)


def test_long_lists_of_names_are_cut() -> None:
    with pytest.raises(UnknownSenderError, match="and 5 more") as caught:
        list(map_ai_messages([session(*(f"P{i}: x" for i in range(25)))], "Zoë"))
    assert len(caught.value.seen) == 25


def test_a_sender_found_in_one_session_may_be_silent_in_others() -> None:
    sessions = [session("Al: a"), session("Zoë: b"), session("Al: c")]
    assert [types(s) for s in map_ai_messages(sessions, "Zoë")] == [["human"], ["ai"], ["human"]]


def test_participant_who_never_wrote_is_known() -> None:
    """In a message request the owner takes part and has never answered."""
    given = session("Al: a", thread={"participants": ["Al", "Zoë"]})
    assert types(map_ai_messages_in_session(given, "zoë")) == ["human"]


def test_nothing_given_is_no_error() -> None:
    assert list(map_ai_messages([], "Zoë")) == []


def test_owner_of_each_session_is_the_sender_by_default() -> None:
    first = session("Al: a", "Zoë: b", thread={"owner": "Zoë"})
    second = session("Al: a", "Zoë: b", thread={"owner": "Al"})
    mapped = list(map_ai_messages([first, second]))
    assert [types(one) for one in mapped] == [["human", "ai"], ["ai", "human"]]
    assert map_ai_messages().invoke([first, second]) == mapped


@pytest.mark.parametrize("thread", [None, {"owner": None}, {"owner": " "}])
def test_session_without_an_owner_is_an_error_that_names_its_people(thread: Any) -> None:
    given = session("Al: a", "Al: b", "Zoë: c", thread=thread)
    with pytest.raises(UnknownOwnerError, match="sender=: 'Al', 'Zoë'") as caught:
        list(map_ai_messages([given]))
    assert isinstance(caught.value, LookupError)
    assert caught.value.seen == ["Al", "Zoë"]


def test_owner_who_is_not_there_is_an_error_at_the_end() -> None:
    with pytest.raises(UnknownSenderError):
        list(map_ai_messages([session("Al: a", thread={"owner": "Zoë"})]))


def test_people_without_a_name_are_never_the_sender() -> None:
    with pytest.raises(ValueError, match="blank"):
        map_ai_messages([session(": a")], " ")
    assert types(map_ai_messages_in_session(session(": a", "Zoë: b"), "zoë")) == ["human", "ai"]


def test_sessions_without_any_sender_are_an_error_too() -> None:
    with pytest.raises(UnknownSenderError, match="none at all"):
        map_ai_messages_in_session({"messages": [HumanMessage("a")]}, "Zoë")


def test_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(UnknownSenderError("Zoë", ["Al"])))  # noqa: S301 - own
    assert (error.sender, error.seen, str(error)) == (
        "Zoë",
        ["Al"],
        str(UnknownSenderError("Zoë", ["Al"])),
    )


@pytest.mark.parametrize("name", ["zoe brandt", "Zoe Brandt", "ZOË BRANDT"])
def test_name_without_its_accents_is_found(name: str) -> None:
    given = session("Milo Dvořák: a", "Zoë Brandt: b")
    assert types(map_ai_messages_in_session(given, name)) == ["human", "ai"]
    assert types(map_ai_messages_in_session(given, "Milo Dvorak")) == ["ai", "human"]


def test_exact_name_wins_where_two_differ_by_accents() -> None:
    given = session("Zoë: a", "Zoe: b")
    assert types(map_ai_messages_in_session(given, "zoe")) == ["human", "ai"]
    assert types(map_ai_messages_in_session(given, "zoë")) == ["ai", "human"]
    with pytest.raises(UnknownSenderError, match="Several people may be 'Zoé'") as caught:
        map_ai_messages_in_session(given, "Zoé")
    assert caught.value.suggestions == ["Zoë", "Zoe"]


def test_near_names_are_suggested() -> None:
    with pytest.raises(UnknownSenderError, match="Did you mean 'Zoë Brandt'") as caught:
        map_ai_messages_in_session(session("Zoë Brandt: a", "Al: b"), "Zoe")
    assert caught.value.suggestions == ["Zoë Brandt"]


def test_somebody_else_who_turns_up_later_is_an_error() -> None:
    """Nothing is known of the people of other loaders' sessions but what has passed."""
    stream = map_ai_messages([session("Zoë: a"), session("Zoe: b")], "zoe")
    assert types(next(stream)) == ["ai"]
    with pytest.raises(UnknownSenderError, match="Did you mean 'Zoë' or 'Zoe'"):
        next(stream)


RENAMED = (Person("Zoë ✨", ("zoe", "Zoe B")), Person("Milo"), Person("Milo Old"))


def renamed(*lines: str) -> Any:
    return session(*lines, thread=ThreadWithPeople({"participants": ["Zoë ✨", "Milo"]}, RENAMED))


@pytest.mark.parametrize("name", ["zoe", "Zoe B", "Zoë ✨", "zoë"])
def test_any_of_a_persons_names_stands_for_all(name: str) -> None:
    given = renamed("zoe: a", "Milo: b", "Zoë ✨: c", "Zoe B: d")
    assert types(map_ai_messages_in_session(given, name)) == ["ai", "human", "ai", "ai"]


def test_former_name_is_known_where_nobody_has_written_under_it() -> None:
    assert types(map_ai_messages_in_session(renamed("Zoë ✨: a", "Milo: b"), "zoe")) == [
        "ai",
        "human",
    ]


def test_owner_of_today_is_the_owner_of_old_messages() -> None:
    given = renamed("zoe: a", "Milo: b")
    given["thread"]["owner"] = "Zoë ✨"
    assert types(map_ai_messages_in_session(given)) == ["ai", "human"]


@pytest.mark.parametrize("several", [["Al", "zoe"], ("zoe", "Al"), {"Al", "Zoë"}])
def test_several_senders_all_become_the_assistant(several: Any) -> None:
    given = session("Al: a", "Bo: b", "Zoë: c")
    assert types(map_ai_messages_in_session(given, several)) == ["ai", "human", "ai"]
    stage = map_ai_messages(sender=several)
    assert isinstance(stage.sender, tuple)
    assert pickle.loads(pickle.dumps(stage)) == stage  # noqa: S301 - own
    assert hash(stage) == hash(map_ai_messages(sender=stage.sender))


def test_each_of_several_senders_must_occur() -> None:
    with pytest.raises(UnknownSenderError, match="'Cy'"):
        map_ai_messages_in_session(session("Al: a", "Zoë: b"), ["Al", "Cy"])
    for wrong in ([], [""], ["Al", " "]):
        with pytest.raises(ValueError, match="blank"):
            map_ai_messages(sender=wrong)
    with pytest.raises(ValueError, match="sender"):
        map_ai_messages(sender=[1])  # type: ignore[list-item]


@pytest.mark.parametrize("wrong", [7, True, b"Al", {"Al": 1}, [None], ["Al", 7], [("Al",)]])
def test_sender_that_is_no_name_is_a_clear_error(wrong: Any) -> None:
    with pytest.raises(InvalidOptionError, match=r"^the sender is a person's name, or a list of"):
        map_ai_messages(sender=wrong)


def test_stages_of_the_same_people_are_equal() -> None:
    stages = [map_ai_messages(sender=one(["Zoë", "Al"])) for one in (list, tuple, iter)]
    assert stages == [stages[0]] * 3
    names = [f"Person {number}" for number in range(40)]
    of_sets = {map_ai_messages(sender=group).sender for group in ({*names}, {*names[::-1]})}
    assert of_sets == {tuple(sorted(names))}


def test_error_for_a_changed_option_does_not_quote_it() -> None:
    stage: Any = map_ai_messages(sender="Al")
    with pytest.raises(InvalidOptionError, match="frozen") as caught:
        stage.sender = "Zoë Ångström"
    assert "Zo" not in str(caught.value)
    assert stage.sender == "Al"


def test_all_who_may_be_meant_are_suggested_also_when_they_come_late() -> None:
    sessions = [session("Zoë: a", "Al: b"), session("Zoé: c", "Al: d")]
    with pytest.raises(UnknownSenderError, match="Several people may be 'zoe'") as caught:
        list(map_ai_messages(sessions, "zoe"))
    assert caught.value.suggestions == ["Zoë", "Zoé"]
