"""Who has not agreed is not read: not their messages, the answers to them, or their names."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage

from langchain_fbmessenger import (
    ConsentReport,
    Contacts,
    FacebookMessengerChatLoader,
    UnknownSenderError,
    apply_consent,
)
from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople, nicknames_of, people_of
from langchain_fbmessenger.privacy.consent.contacts import Contact
from tests.unit_tests.builders import START, message, session, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

ZOE, MILO, BO, CY = "Zoë Ångström", "Milo Dvořák", "Bo Sun", "Cy Poe"
PEOPLE = (Person(ZOE), Person(MILO, ("Milo Old",)), Person(BO), Person(CY))


def thread(*others: str, **more: Any) -> ThreadWithPeople:
    fields = {
        "id": "x_1",
        "title": ", ".join(others),
        "participants": [*others, ZOE],
        "is_group": len(others) > 1,
        "folder": "inbox",
        "source": "messenger",
        "owner": ZOE,
    }
    return ThreadWithPeople(fields | more, PEOPLE, ((MILO, "Snail"), (BO, "Owl"), ("", "Ghost")))


GROUP = thread(MILO, BO, CY, title="Trip with Milo", id="tripwithmilo_1")


def kept(*lines: str, info: Any = GROUP, **options: Any) -> tuple[list[str], ConsentReport]:
    """Return the lines that are left, as "S: text" with the first letter of the sender."""
    report = ConsentReport()
    given_session = session(*lines, thread=info)
    before = copy.deepcopy(given_session)
    found = list(apply_consent([given_session], report=report, **options))
    assert given_session == before
    assert len(found) + report.sessions_left_out == 1
    messages = [m for one in found for m in one["messages"]]
    assert len(messages) + report.messages_left_out.total() == len(lines) == report.messages
    return [f"{m.additional_kwargs['sender'][0]}: {m.content}" for m in messages], report


def contacts(default: Any = "pseudonymize", **people: Any) -> Contacts:
    names = {"zoe": ZOE, "milo": MILO, "bo": BO, "cy": CY}
    return Contacts(default, {names.get(k, k): Contact(consent=v) for k, v in people.items()})


def test_messages_and_the_answers_to_them_go() -> None:
    lines, report = kept(
        f"{BO}: hi", f"{MILO}: question", f"{MILO}: more", f"{ZOE}: answer", f"{ZOE}: and more",
        f"{BO}: what", f"{ZOE}: nothing", f"{MILO}: bye",
        forget=[MILO],
    )  # fmt: skip
    assert lines == ["B: hi", "B: what", "Z: nothing"]
    assert report.messages_left_out == {
        "by somebody who is left out": 3,
        "answers somebody who is left out": 2,
    }


def test_only_the_run_that_follows_directly_is_an_answer() -> None:
    lines, _ = kept(f"{ZOE}: before", f"{MILO}: a", f"{BO}: b", f"{ZOE}: c", forget=[MILO])
    assert lines == ["Z: before", "Z: c"]


def test_two_people_who_are_left_out_do_not_answer_for_each_other() -> None:
    lines, report = kept(
        f"{MILO}: a",
        f"{BO}: b",
        f"{ZOE}: c",
        f"{CY}: d",
        forget=[MILO],
        contacts=contacts(bo="exclude"),
    )
    assert lines == ["C: d"]
    assert report.messages_left_out["by somebody who is left out"] == 2


def test_chat_with_the_person_alone_goes_as_a_whole() -> None:
    lines, report = kept(f"{ZOE}: hi", f"{MILO}: hi", info=thread(MILO), forget=[MILO])
    assert lines == []
    assert report.messages_left_out == {"in a chat with somebody who is left out": 2}


def test_group_goes_where_everybody_is_left_out() -> None:
    lines, _ = kept(f"{ZOE}: hi", info=thread(MILO, BO), forget=[MILO, BO])
    assert lines == []


def test_session_of_another_loader_has_no_thread() -> None:
    lines, _ = kept(f"{ZOE}: hi", f"{MILO}: x", info=None, forget=[MILO])
    assert lines == [], "two people: one of them is left out"
    lines, _ = kept(f"{ZOE}: hi", f"{BO}: a", f"{MILO}: x", info=None, forget=[MILO])
    assert lines == ["Z: hi", "B: a"]


@pytest.mark.parametrize("name", ["MILO  DVOŘÁK", "Milo Dvor\u030ca\u0301k", "Milo Old"])
def test_spelling_and_former_names_do_not_matter(name: str) -> None:
    lines, _ = kept(f"{MILO}: a", "Milo Old: b", f"{BO}: c", f"{CY}: d", forget=[name])
    assert lines == ["C: d"]


def test_alias_of_the_contacts_counts() -> None:
    told = Contacts(people={"M.": Contact(consent="exclude", aliases=(MILO,))})
    assert kept(f"{MILO}: a", f"{BO}: b", f"{CY}: c", contacts=told)[0] == ["C: c"]


def test_strictest_decision_on_a_name_holds() -> None:
    told = Contacts(
        people={
            MILO: Contact(consent="include"),
            "Another": Contact(consent="exclude", aliases=(MILO,)),
        }
    )
    assert kept(f"{MILO}: a", f"{BO}: b", f"{CY}: c", contacts=told)[0] == ["C: c"]


def test_names_are_taken_out_of_everything_that_stays() -> None:
    said = HumanMessage(
        content="Milo called, Snail said hi, so did Owl",
        additional_kwargs={
            "sender": BO,
            "events": [
                {
                    "message_time": 1,
                    "reactions": [{"actor": MILO, "reaction": "❤"}],
                    "attachments": [{"kind": "photo", "uri": "inbox/tripwithmilo_1/p.jpg"}],
                    "share": {"link": "https://example.org/x", "text": "by Milo Dvořák"},
                },
                {
                    "message_time": 2,
                    "reactions": [
                        {"actor": MILO, "reaction": "❤"},
                        {"actor": ZOE, "reaction": "❤"},
                    ],
                },
            ],
        },
    )
    blocks = HumanMessage(
        content=[{"type": "text", "text": "ask Milo"}, {"type": "image_url", "image_url": "Milo"}],
        additional_kwargs={"sender": ZOE},
    )
    given_session: Any = {"messages": [said, blocks], "thread": GROUP, "own": ["to Milo"]}
    before = copy.deepcopy(given_session)
    report = ConsentReport()
    (found,) = apply_consent([given_session], forget=[MILO], report=report)
    assert given_session == before
    assert found["own"] == ["to [someone]"]
    info = found["thread"]
    assert info["title"] == "Trip with [someone]"
    assert info["participants"] == [BO, CY, ZOE]
    assert list(info) == list(GROUP)
    assert info["id"].startswith("thread_")
    first, second = found["messages"]
    assert first.content == "[someone] called, [someone] said hi, so did Owl"
    assert second.content[0]["text"] == "ask [someone]"
    assert second.content[1] == {"type": "image_url", "image_url": "[someone]"}
    one, other = first.additional_kwargs["events"]
    assert one == {
        "message_time": 1,
        "attachments": [{"kind": "photo", "uri": f"inbox/{info['id']}/p.jpg"}],
        "share": {"link": "https://example.org/x", "text": "by [someone]"},
    }
    assert other["reactions"] == [{"actor": ZOE, "reaction": "❤"}]
    assert report.reactions_left_out == 2
    assert MILO not in {person.name for person in people_of(info)}
    assert nicknames_of(info) == ((BO, "Owl"), ("", "Ghost"))


def test_chat_in_which_nobody_is_named_stays_as_it_is() -> None:
    given_session = session(f"{BO}: Milo", thread=thread(BO))
    (found,) = apply_consent([given_session])
    assert found == given_session
    assert found["messages"][0] is given_session["messages"][0]
    (found,) = apply_consent([given_session], forget=[MILO])
    assert found["messages"][0].content == "[someone]", "the roster knows him"


@pytest.mark.parametrize("folder", ["message_requests", "filtered_threads"])
@pytest.mark.parametrize(
    ("decided", "stays"),
    [
        ({}, False),
        ({"default": "include"}, False),
        ({"milo": "include"}, False),
        ({"bo": "include"}, True),
        ({"bo": "pseudonymize"}, True),
        ({"zoe": "include"}, False),
    ],
)
def test_strangers_are_off_unless_named(folder: str, decided: dict, *, stays: bool) -> None:
    info = thread(BO, folder=folder)
    lines, report = kept(f"{BO}: hi", info=info, contacts=contacts(**decided))
    assert bool(lines) == stays
    reason = {"in a message request or filtered thread": 1}
    assert report.messages_left_out == ({} if stays else reason)


def test_default_may_be_to_leave_out() -> None:
    told = contacts("exclude", bo="include")
    lines, _ = kept(f"{MILO}: a", f"{CY}: Milo?", f"{BO}: Milo?", f"{ZOE}: yes", contacts=told)
    assert lines == ["Z: yes"]
    assert kept(f"{BO}: Milo?", info=thread(BO), contacts=told)[0] == ["B: [someone]?"]


def test_deleted_account_is_nobody_to_ask() -> None:
    lines, _ = kept("Facebook User: a", f"{BO}: b", contacts=contacts("exclude", bo="include"))
    assert lines == ["F: a", "B: b"]


@pytest.mark.parametrize("options", [{"forget": [ZOE]}, {"contacts": contacts(zoe="exclude")}])
def test_owner_cannot_be_left_out(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is the owner of this export"):
        list(apply_consent([session(f"{ZOE}: a", thread=thread(BO))], **options))


@pytest.mark.parametrize(
    "options", [{"forget": ["Mlo"]}, {"contacts": Contacts(people={"Mlo": Contact("exclude")})}]
)
def test_misspelt_name_to_leave_out_is_an_error_at_the_end(options: dict[str, Any]) -> None:
    stream = apply_consent([session(f"{BO}: a", thread=thread(BO))], **options)
    assert next(stream)
    with pytest.raises(UnknownSenderError, match="'Mlo'") as caught:
        next(stream)
    assert MILO in caught.value.seen
    assert list(apply_consent([], **options)) == []


def test_the_owner_is_named_where_nobody_else_may_be() -> None:
    agreed = contacts("exclude", bo="include")
    lines, report = kept(f"{BO}: hi Zoë, where is Cy?", f"{CY}: here", contacts=agreed)
    assert lines == ["B: hi Zoë, where is [someone]?"]
    assert report.mentions >= 1


def test_other_people_of_the_contacts_may_be_elsewhere() -> None:
    _, report = kept(f"{BO}: a", contacts=Contacts(people={"Ivo": Contact("include")}))
    assert report.unknown_people == 1
    assert "1 people of the contacts" in str(report)


@pytest.mark.parametrize("forget", [MILO, [""], [" "], [1]])
def test_names_to_forget_are_checked(forget: Any) -> None:
    with pytest.raises(ValueError, match=r"several names|blank|valid string"):
        apply_consent(forget=forget)


def test_contacts_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "contacts.toml"
    path.write_text(f'[people."{MILO}"]\nconsent = "exclude"\n', encoding="utf-8")
    assert kept(f"{MILO}: a", f"{BO}: b", f"{CY}: c", contacts=path)[0] == ["C: c"]


def test_stage_shows_nobodys_name() -> None:
    told = repr(apply_consent(contacts=contacts(milo="exclude"), forget=[BO]))
    assert MILO not in told
    assert BO not in told


people = st.sampled_from([ZOE, MILO, BO, CY, ""])
texts = st.sampled_from(["hi", "Milo?", "and Bo Sun", ""])


@given(
    st.lists(st.lists(st.tuples(people, texts), max_size=12), max_size=4),
    st.sets(st.sampled_from([MILO, BO, CY])),
)
def test_what_comes_out_and_what_is_counted_is_what_went_in(
    chats: list[list[tuple[str, str]]], left_out: set[str]
) -> None:
    given_sessions = [
        session(*(f"{who}: {text}" for who, text in chat), thread=GROUP) for chat in chats
    ]
    report = ConsentReport()
    found = list(apply_consent(given_sessions, forget=left_out, report=report))
    messages = [m for one in found for m in one["messages"]]
    assert len(messages) + report.messages_left_out.total() == sum(map(len, chats))
    assert report.messages == sum(map(len, chats))
    assert len(found) + report.sessions_left_out == len(chats) == report.sessions
    for one in messages:
        assert one.additional_kwargs["sender"] not in left_out
        assert not any(name.split()[0] in one.content for name in left_out)


def test_forgotten_person_is_nowhere_in_a_loaded_export(tmp_path: Path) -> None:
    inbox = tmp_path / "your_facebook_activity/messages/inbox"
    write_thread(inbox / "milo_1", thread_json([message(MILO, START, "hi")], (MILO, ZOE)))
    lines = [
        message(ZOE, START + 3, "ask Snail or Milo"),
        message(BO, START + 2, "who knows?"),
        message(BO, START + 1, "Bo set the nickname for Milo Dvořák to Snail."),
        message(MILO, START, "me"),
    ]
    write_thread(inbox / "trip_2", thread_json(lines, (MILO, BO, ZOE), title="Milo's trip"))
    loader = FacebookMessengerChatLoader(tmp_path)
    sessions = list(apply_consent(loader.lazy_load(), forget=[MILO]))
    assert len(sessions) == 1
    assert "Milo" not in repr(sessions)
    assert [m.content for m in sessions[0]["messages"]] == ["ask [someone] or [someone]"]


@pytest.mark.parametrize("info", [GROUP, None])
@pytest.mark.parametrize("name", ["milo dvorak", "Milo Dvorák"])
def test_name_to_forget_may_lack_its_accents(name: str, info: Any) -> None:
    said = (f"{MILO}: a", f"{BO}: b", f"{CY}: c", f"{ZOE}: d")
    assert kept(*said, info=info, forget=[name])[0] == ["C: c", "Z: d"]
    told = Contacts(people={name: Contact("exclude")})
    assert kept(*said, info=info, contacts=told)[0] == ["C: c", "Z: d"]
    agreed = Contacts("exclude", {name: Contact("include"), "bo sun": Contact("include")})
    lines, report = kept(f"{MILO}: a", f"{BO}: b", info=info, contacts=agreed)
    assert lines == ["M: a", "B: b"]
    assert report.unknown_people == 0


def test_somebody_met_later_may_be_meant() -> None:
    chats = [session(f"{BO}: a", f"{CY}: x"), session(f"{MILO}: b", f"{BO}: c", f"{CY}: d")]
    found = list(apply_consent(chats, forget=["milo dvorak"]))
    assert [[m.content for m in one["messages"]] for one in found] == [["a", "x"], ["d"]]


def test_of_several_who_may_be_meant_nobody_is_read_and_it_is_an_error() -> None:
    chat = session("Zoë: a", "Zoé: b", "Bo: c", "Cy: d")
    stream = apply_consent([chat], forget=["zoe"])
    assert [m.content for m in next(stream)["messages"]] == ["d"]
    with pytest.raises(UnknownSenderError, match="Did you mean 'Zoé' or 'Zoë'") as caught:
        next(stream)
    assert set(caught.value.suggestions) == {"Zoë", "Zoé"}


def test_each_chat_has_its_own_others() -> None:
    first = session(f"{MILO}: a", f"{BO}: b", f"{ZOE}: ask Milo Poe!")
    second = session("Milo Poe: a", f"{BO}: b", f"{ZOE}: ask Milo Poe!")
    found = apply_consent([first, second, first], forget=[MILO])
    asked = [one["messages"][-1].content for one in found]
    assert asked == ["ask [someone] Poe!", "ask Milo Poe!", "ask [someone] Poe!"]
