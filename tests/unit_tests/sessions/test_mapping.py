from __future__ import annotations

import copy
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import (
    UnknownOwnerError,
    UnknownSenderError,
    map_ai_messages,
    map_ai_messages_in_session,
)
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
    import pickle

    error = pickle.loads(pickle.dumps(UnknownSenderError("Zoë", ["Al"])))  # noqa: S301 - own
    assert (error.sender, error.seen, str(error)) == (
        "Zoë",
        ["Al"],
        str(UnknownSenderError("Zoë", ["Al"])),
    )
