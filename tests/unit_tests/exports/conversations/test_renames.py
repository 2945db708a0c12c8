"""People who were renamed between two exports: the newest export's name is everybody's."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader, map_ai_messages
from langchain_fbmessenger._internal.roster import people_of
from langchain_fbmessenger.exports import Call, Message, Reaction, Thread
from langchain_fbmessenger.testing import write_export

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from langchain_fbmessenger.testing._options import Variant

START = 1_700_000_040_000
MINUTE = 60_000
HOUR = 60 * MINUTE
NUMBER = "17841400000000001"
FORMATS: list[Variant] = ["A", "A0", "B", "D", "E", "F", "H1", "H2", "H3", "H4", "I3", "I4"]


def chat(
    *people: str,
    numbers: Iterable[int] = range(10),
    name: str = f"milo_{NUMBER}",
    step: int = HOUR,
    **more: Any,
) -> Thread:
    """Make a thread in which people write in turn, the owner, who stands last, as the second."""
    *others, owner = people
    writers = [others[0], owner, *others[1:]]
    messages = [Message(writers[n % len(writers)], START + n * step, f"line {n}") for n in numbers]
    fields: dict[str, Any] = {
        "title": others[0] if len(people) == 2 else "Soup Council",
        "participants": list(people),
        "is_group": len(people) > 2,
        "folder": "inbox",
        "source": "messenger",
        "owner": owner,
        **more,
    }
    return Thread(id=name, messages=messages, **fields)


def load(*paths: Path, **options: Any) -> tuple[FacebookMessengerChatLoader, list[Any]]:
    loader = FacebookMessengerChatLoader(paths, timezone=timezone(timedelta(hours=-4)), **options)
    sessions = loader.load()
    report = loader.report
    assert report.messages_read == report.messages_loaded + report.messages_skipped.total()
    return loader, sessions


def senders(session: Any) -> dict[str, int]:
    return dict(Counter(m.additional_kwargs["sender"] for m in session["messages"]))


def orders(*paths: Path) -> list[tuple[Path, ...]]:
    return [paths, paths[::-1]]


def write(folder: Path, *threads: Thread, variant: Variant = "A", **options: Any) -> Path:
    return write_export(threads, folder, variant=variant, **options).path


def test_answers_under_an_older_name_are_the_owners(tmp_path: Path) -> None:
    """The case of the issue: of five answers, three stand under the name that the owner had."""
    old = chat("milo", "zoe", numbers=range(6))
    new = chat("milo", "Zoë ✨", numbers=range(10))
    for number, thread in enumerate((old, new)):
        write(tmp_path / "ab"[number], thread, layout="instagram", owner_files=False)
    for paths in orders(tmp_path / "a", tmp_path / "b"):
        loader, (session,) = load(*paths)
        assert senders(session) == {"milo": 5, "Zoë ✨": 5}
        assert loader.owner == session["thread"]["owner"] == "Zoë ✨"
        (mapped,) = map_ai_messages([session])
        assert Counter(m.type for m in mapped["messages"]) == {"ai": 5, "human": 5}
        assert set(session["thread"]["participants"]) == {"milo", "Zoë ✨"}
        assert [p.aliases for p in people_of(session["thread"]) if p.aliases] == [("zoe",)]


@pytest.mark.parametrize("variant", FORMATS)
@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("milo", "zoe"), ("milo", "Zoë ✨")),
        (("milo", "zoe"), ("Milo D.", "zoe")),
        (("milo", "zoe"), ("Milo D.", "Zoë ✨")),
        (("milo", "zoe"), ("Mirek", "Kim")),
        (("milo", "zoe"), ("Milo", "Zoe")),
        (("milo", "ana", "zoe"), ("milo", "ana", "Kim")),
        (("milo", "ana", "zoe"), ("milo", "Bea", "zoe")),
        (("milo", "ana", "zoe"), ("Mirek", "Bea", "zoe")),
        (("milo", "ana", "zoe"), ("Mirek", "Bea", "Kim")),
    ],
)
def test_each_message_is_loaded_once_and_under_todays_name(
    tmp_path: Path, variant: Variant, before: tuple[str, ...], today: tuple[str, ...]
) -> None:
    old = chat(*before, numbers=range(12))
    new = chat(*today, numbers=range(3, 15))
    first = write(tmp_path / "z", old, variant=variant, packaging="zip")
    second = write(tmp_path / "a", new, variant=variant)
    for paths in orders(first, second):
        loader, sessions = load(*paths)
        assert len(sessions) == 1
        assert senders(sessions[0]) == senders_of(chat(*today, numbers=range(15)))
        assert loader.owner in {None, today[-1]}
        assert loader.owner == sessions[0]["thread"]["owner"]
        names = {name for person in people_of(sessions[0]["thread"]) for name in person.names}
        assert {n.casefold() for n in names} == {n.casefold() for n in (*before, *today)}


def senders_of(thread: Thread) -> dict[str, int]:
    return dict(Counter(message.sender for message in thread.messages))


PAGES: list[Variant] = ["H2", "H3", "H4", "I3", "I4"]
NUMBERED: list[Variant] = ["A", *PAGES]


@pytest.mark.parametrize("variant", NUMBERED)
@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("milo", "zoe"), ("milo", "Zoë ✨")),
        (("milo", "zoe"), ("milo", "Kim")),
        (("milo", "zoe"), ("Mirek", "zoe")),
        (("milo", "zoe"), ("Milo D.", "Zoë ✨")),
        (("milo", "ana", "zoe"), ("milo", "ana", "Zoë ✨")),
        (("milo", "ana", "zoe"), ("milo", "Ana 🌱", "zoe")),
    ],
)
def test_number_of_a_thread_tells_who_is_who_where_no_message_is_in_common(
    tmp_path: Path, variant: Variant, before: tuple[str, ...], today: tuple[str, ...]
) -> None:
    old = write(tmp_path / "z", chat(*before, numbers=range(6)), variant=variant)
    new = write(tmp_path / "a", chat(*today, numbers=range(6, 12)), variant=variant)
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert senders(session) == senders_of(chat(*today, numbers=range(12)))
        assert loader.owner == session["thread"]["owner"]


def test_both_were_renamed_and_the_files_name_the_owner(tmp_path: Path) -> None:
    old = write(tmp_path / "z", chat("milo", "zoe", numbers=range(6)))
    new = write(tmp_path / "a", chat("Mirek", "Kim", numbers=range(6, 12)))
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert senders(session) == {"Mirek": 6, "Kim": 6}
        assert (loader.owner, session["thread"]["title"]) == ("Kim", "Mirek")


@pytest.mark.parametrize("start", [5, 10], ids=["overlap", "behind"])
@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("milo", "zoe"), ("milo", "Zoë ✨")),
        (("milo", "zoe"), ("milo", "Kim")),
        (("milo", "zoe"), ("Milo ✨", "zoe")),
        (("milo", "zoe"), ("Milo ✨", "Zoë ✨")),
    ],
)
def test_encrypted_chat_goes_on_under_other_names(
    tmp_path: Path, before: tuple[str, ...], today: tuple[str, ...], start: int
) -> None:
    cutover = chat(*before, name="milo_1", folder="e2ee_cutover")
    old = write(tmp_path / "z", cutover)
    new = write(tmp_path / "a", chat(*today, numbers=range(start, 16)), variant="B")
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert senders(session) == senders_of(chat(*today, numbers=range(16)))
        assert loader.owner == session["thread"]["owner"] == today[-1]
        assert session["thread"]["title"] == today[0]


@pytest.mark.parametrize("today", [("Mirek", "zoe"), ("Mirek", "Kim")])
def test_encrypted_chat_with_the_same_messages_is_the_same(
    tmp_path: Path, today: tuple[str, ...]
) -> None:
    old = write(tmp_path / "z", chat("milo", "zoe", name="milo_1", folder="e2ee_cutover"))
    new = write(tmp_path / "a", chat(*today, numbers=range(5, 16)), variant="B")
    for paths in orders(old, new):
        _, (session,) = load(*paths)
        assert senders(session) == senders_of(chat(*today, numbers=range(16)))


def test_rename_that_one_thread_tells_holds_in_all(tmp_path: Path) -> None:
    """Bo's chat and the group are in the older export only, and Cy's goes on encrypted."""
    old = write(
        tmp_path / "z",
        chat("milo", "zoe"),
        chat("Bo", "zoe", name="bo_123456789012345"),
        chat("milo", "Bo", "zoe", name="soup_123456789012346"),
        chat("Cy", "zoe", name="cy_3", folder="e2ee_cutover"),
    )
    new = write(tmp_path / "a", chat("Mirek", "Kim", numbers=range(5, 16)))
    encrypted = write(tmp_path / "b", chat("Cy", "Kim", numbers=range(20, 26)), variant="B")
    for paths in (*orders(old, new, encrypted), (new, old, encrypted)):
        loader, sessions = load(*paths)
        told = {frozenset(senders(session)) for session in sessions}
        assert told == {
            frozenset(names)
            for names in (("Mirek", "Kim"), ("Bo", "Kim"), ("Mirek", "Bo", "Kim"), ("Cy", "Kim"))
        }
        assert len(sessions) == 4
        assert loader.owner == "Kim"
        assert {s["thread"]["owner"] for s in sessions} == {"Kim"}
        assert {s["thread"]["title"] for s in sessions} == {"Mirek", "Bo", "Cy", "Soup Council"}


def test_name_that_two_had_is_resolved_within_their_threads_only(tmp_path: Path) -> None:
    """One Al is Alan by now; the other is in no newer export, nor is the group of one of them."""
    one, two = "al_111111111111111", "al_222222222222222"
    old = write(
        tmp_path / "z",
        chat("Al", "zoe", name=one),
        chat("Al", "zoe", name=two, numbers=range(20, 30)),
        chat("Al", "Bo", "zoe", name="soup_123456789012346"),
    )
    new = write(tmp_path / "a", chat("Alan", "zoe", name=one, numbers=range(5, 16)))
    _, sessions = load(old, new)
    told = {s["thread"]["id"]: set(senders(s)) for s in sessions}
    assert told == {
        one: {"Alan", "zoe"},
        two: {"Al", "zoe"},
        "soup_123456789012346": {"Al", "Bo", "zoe"},
    }
    people = {p.name: p.aliases for p in people_of(sessions[0]["thread"])}
    assert people == {"Alan": ("Al",), "Al": (), "Bo": (), "zoe": ()}


def test_name_that_somebody_bears_today_is_not_taken_from_others(tmp_path: Path) -> None:
    """Al is Alan by now; there is a new Al, and the old group may have been with either."""
    group = chat("Al", "Bo", "zoe", name="soup_123456789012346")
    one, two = "al_111111111111111", "al_222222222222222"
    old = write(tmp_path / "z", chat("Al", "zoe", name=one), group)
    new = write(
        tmp_path / "a",
        chat("Alan", "zoe", name=one, numbers=range(5, 16)),
        chat("Al", "zoe", name=two, numbers=range(17, 20)),
    )
    _, sessions = load(old, new)
    told = {s["thread"]["id"]: set(senders(s)) for s in sessions}
    assert told[one] == {"Alan", "zoe"}
    assert told[two] == {"Al", "zoe"}
    assert told[group.id] == {"Al", "Bo", "zoe"}


@pytest.mark.parametrize("names", [("zoe", "Zoë", "Zoë ✨"), ("zoe", "Kim", "Zoë Novák")])
@pytest.mark.parametrize("numbers", [[(0, 6), (4, 10), (8, 14)], [(0, 5), (5, 10), (10, 14)]])
def test_chain_of_names_ends_with_the_newest(
    tmp_path: Path, names: tuple[str, ...], numbers: list[tuple[int, int]]
) -> None:
    paths = [
        write(tmp_path / str(9 - n), chat("milo", name, numbers=range(*numbers[n])))
        for n, name in enumerate(names)
    ]
    for order in (*orders(*paths), (paths[1], paths[0], paths[2])):
        loader, (session,) = load(*order)
        assert senders(session) == {"milo": 7, names[-1]: 7}
        assert loader.owner == names[-1]
        (owner,) = (p for p in people_of(session["thread"]) if p.name == names[-1])
        assert set(owner.aliases) == set(names[:-1])


def test_name_that_was_taken_back_is_the_name(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / str(n), chat("milo", name, numbers=range(4 * n, 4 * n + 6)))
        for n, name in enumerate(("zoe", "Kim", "zoe"))
    ]
    for order in orders(*paths):
        loader, (session,) = load(*order)
        assert senders(session) == {"milo": 7, "zoe": 7}
        assert loader.owner == "zoe"
        assert {p.name: p.aliases for p in people_of(session["thread"])}["zoe"] == ("Kim",)


@pytest.mark.parametrize("variant", FORMATS)
@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("milo", "ana", "zoe"), ("ana", "milo", "zoe")),
        (("milo", "ana", "bo", "zoe"), ("bo", "milo", "ana", "zoe")),
    ],
)
def test_names_that_were_exchanged_stay_two_peoples(
    tmp_path: Path, variant: Variant, before: tuple[str, ...], today: tuple[str, ...]
) -> None:
    old = write(tmp_path / "z", chat(*before), variant=variant)
    new = write(tmp_path / "a", chat(*today, numbers=range(3, 15)), variant=variant)
    for paths in orders(old, new):
        _, (session,) = load(*paths)
        expected = chat(*today, numbers=range(15))
        assert [m.additional_kwargs["sender"] for m in session["messages"]] == [
            m.sender for m in expected.messages
        ]


@pytest.mark.parametrize("variant", ["A", "H3", "I4"])
def test_owner_and_friend_may_exchange_their_names(tmp_path: Path, variant: Variant) -> None:
    old = write(tmp_path / "z", chat("milo", "zoe"), variant=variant)
    new = write(tmp_path / "a", chat("zoe", "milo", numbers=range(3, 15)), variant=variant)
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert senders(session) == {"zoe": 8, "milo": 7}
        assert loader.owner == session["thread"]["owner"]
        assert loader.owner in {"milo", None if variant == "I4" else "milo"}


@pytest.mark.parametrize("variant", FORMATS)
@pytest.mark.parametrize("numbers", [range(5, 16), range(10, 16)], ids=["overlap", "behind"])
def test_newest_spelling_is_taken_everywhere(
    tmp_path: Path, variant: Variant, numbers: Sequence[int]
) -> None:
    before, today = ("MILO dvořák", "zoë brandt"), ("Milo Dvořák", "Zoë Brandt")
    old = write(tmp_path / "z", chat(*before), variant=variant)
    new = write(tmp_path / "a", chat(*today, numbers=numbers), variant=variant)
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert set(senders(session)) == set(today)
        assert len(session["messages"]) == 16
        assert loader.owner in {None, today[-1]}
        assert {p.name for p in people_of(session["thread"])} == set(today)


def test_options_take_older_names(tmp_path: Path) -> None:
    old = write(tmp_path / "z", chat("milo", "zoe"))
    other = chat("Bo", "Kim", name="bo_123456789012345", numbers=range(3, 20))
    new = write(tmp_path / "a", chat("Mirek", "Kim", numbers=range(5, 16)), other)
    loader, sessions = load(old, new, owner="ZOE", participants=["Milo"])
    assert [s["thread"]["title"] for s in sessions] == ["Mirek"]
    assert loader.owner == sessions[0]["thread"]["owner"] == "Kim"
    assert len(load(old, new, threads=["milo"])[1]) == 1
    assert len(load(old, new, participants=["zoe"])[1]) == 2
    assert load(old, new, owner="milo")[0].owner == "Mirek"


def test_reactions_and_nicknames_are_todays_peoples(tmp_path: Path) -> None:
    heart = (Reaction("zoe", "❤"), Reaction("milo", "😆"))
    messages = [
        Message("zoe", START, "a", reactions=heart),
        Message("milo", START + HOUR, "milo set your nickname to Sunshine."),
        Message("zoe", START + 2 * HOUR, "zoe set the nickname for milo to Captain."),
    ]
    old = chat("milo", "zoe")
    old.messages[:0] = messages
    newer = (Reaction("Kim", "❤"), Reaction("Mirek", "😆"))
    new = chat("Mirek", "Kim", numbers=range(5, 16))
    new.messages.insert(0, Message("Kim", START, "a", reactions=newer))
    _, (session,) = load(write(tmp_path / "z", old), write(tmp_path / "a", new))
    (event,) = session["messages"][0].additional_kwargs["events"]
    assert [(r["actor"], r["reaction"]) for r in event["reactions"]] == [
        ("Kim", "❤"),
        ("Mirek", "😆"),
    ]
    assert set(session["thread"].nicknames) == {("Kim", "Sunshine"), ("Mirek", "Captain")}


def test_two_peoples_exports_stay_two(tmp_path: Path) -> None:
    """Both write to Al, and to each other."""
    al = chat("Al", "Zoë", name="al_1"), chat("Al", "Bo", name="al_2", numbers=range(20, 30))
    between = chat("Bo", "Zoë", name="bo_3"), chat("Zoë", "Bo", name="zoe_4")
    between[1].messages[:] = between[0].messages
    paths = [write(tmp_path / str(n), al[n], between[n]) for n in range(2)]
    loader, sessions = load(*paths)
    assert loader.owner is None
    assert sorted((s["thread"]["owner"], len(s["messages"])) for s in sessions) == [
        ("Bo", 10),
        ("Bo", 10),
        ("Zoë", 10),
        ("Zoë", 10),
    ]


@pytest.mark.parametrize("people", [("Facebook User", "zoe"), ("milo", "Facebook User", "zoe")])
def test_account_that_is_gone_says_nothing_twice(tmp_path: Path, people: tuple[str, ...]) -> None:
    before = ("ana", "zoe") if len(people) == 2 else ("milo", "ana", "zoe")
    old = write(tmp_path / "z", chat(*before, numbers=range(12)))
    new = write(tmp_path / "a", chat(*people, numbers=range(3, 12)))
    for paths in orders(old, new):
        _, (session,) = load(*paths)
        assert senders(session) == senders_of(chat(*before, numbers=range(12)))


def test_lines_of_meta_with_names_in_them_are_the_same_lines(tmp_path: Path) -> None:
    old, new = chat("milo", "zoe", numbers=range(6)), chat("Mirek", "Kim", numbers=range(3, 9))
    for thread in (old, new):
        other, _ = thread.participants
        line = Message(other, START + 90 * MINUTE, f"{other} called you.", call=Call(62))
        thread.messages.insert(2, line)
    new.messages.sort(key=lambda message: message.timestamp_ms)
    paths = write(tmp_path / "z", old), write(tmp_path / "a", new)
    _, (session,) = load(*paths, keep_system_messages=True)
    assert senders(session) == {"Mirek": 6, "Kim": 4}


def test_two_downloads_of_one_day_are_two_exports(tmp_path: Path) -> None:
    """Parts of one download hold no part of a thread twice."""
    old, new = chat("milo", "zoe", numbers=range(6)), chat("Mirek", "zoe", numbers=range(3, 9))
    paths = [
        write_export([thread], tmp_path / name, packaging="zip", seed=seed).path
        for seed, (name, thread) in enumerate((("z", old), ("a", new)))
    ]
    assert paths[0].name[:22] == paths[1].name[:22]
    _, (session,) = load(*paths)
    assert senders(session) == {"Mirek": 5, "zoe": 4}


def test_few_chats_of_a_newer_export_tell_of_their_own_end(tmp_path: Path) -> None:
    """Of the newer one, a single chat was given; the older one has others that end later."""
    late = chat("Bo", "zoe", name="bo_123456789012345", numbers=range(40))
    old = write(tmp_path / "a", chat("milo", "zoe", numbers=range(6)), late)
    new = write(tmp_path / "z", chat("milo", "Kim", numbers=range(3, 9)))
    for paths in orders(old, new):
        loader, sessions = load(*paths)
        assert [set(senders(s)) for s in sessions] == [{"Bo", "Kim"}, {"milo", "Kim"}]
        assert loader.owner == "Kim"


def test_new_name_is_not_given_to_two_in_one_thread(tmp_path: Path) -> None:
    """Al is Alan by now; in the old group there was an Alan beside Al."""
    group = chat("Al", "Alan", "zoe", name="soup_123456789012346")
    old = write(tmp_path / "z", chat("Al", "zoe"), group)
    new = write(tmp_path / "a", chat("Alan", "zoe", numbers=range(5, 16)))
    _, sessions = load(old, new)
    assert {s["thread"]["title"]: set(senders(s)) for s in sessions} == {
        "Alan": {"Alan", "zoe"},
        "Soup Council": {"Al", "Alan", "zoe"},
    }


@pytest.mark.parametrize("first", ["A", "H4", "D", "B"])
@pytest.mark.parametrize("second", ["A", "H3", "D", "F"])
@pytest.mark.parametrize("step", [HOUR, MINUTE, MINUTE // 60])
def test_exports_may_be_of_two_formats(
    tmp_path: Path, first: Variant, second: Variant, step: int
) -> None:
    """Some do not know the owner, who is called after today's name all the same."""
    old = chat("milo", "ana", "zoe", numbers=range(14), step=step)
    new = chat("Mirek", "ana", "Kim", numbers=range(4, 20), step=step)
    paths = write(tmp_path / "z", old, variant=first), write(tmp_path / "a", new, variant=second)
    loader, (session,) = load(*paths)
    assert senders(session) == {"Mirek": 7, "Kim": 7, "ana": 6}
    assert loader.owner in {"Kim", None}


def test_former_name_that_a_friend_has_taken_is_the_friends(tmp_path: Path) -> None:
    """Aliases find the persona by older names, yet the words of today's bearer stay theirs."""
    old = write(tmp_path / "z", chat("milo", "ana", "zoe", numbers=range(12)))
    new = write(tmp_path / "a", chat("milo", "zoe", "Kim", numbers=range(3, 15)))
    _, (session,) = load(old, new)
    for sender, name in (("Kim", "Kim"), ("zoe", "zoe"), ("ana", "zoe")):
        (mapped,) = map_ai_messages([session], sender=sender)
        answers = [m for m in mapped["messages"] if m.type == "ai"]
        assert {m.additional_kwargs["sender"] for m in answers} == {name}
        assert len(answers) == 5
