"""One chat that lies in two thread folders, as after it was archived."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta, timezone
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports import Message, Thread
from langchain_fbmessenger.testing import write_export

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from langchain_fbmessenger.testing._options import Variant

BOXES = ["inbox", "archived_threads", "message_requests", "filtered_threads"]
START, HOUR = 1_700_000_040_000, 3_600_000
VARIANTS: list[Variant] = ["A", "H2", "H3", "H4"]


def chat(
    name: str,
    folder: str,
    numbers: Sequence[int],
    *,
    people: tuple[str, ...] = ("Milo", "Zoë"),
    text: str = "line",
) -> Thread:
    messages = [Message(people[n % len(people)], START + n * HOUR, f"{text} {n}") for n in numbers]
    is_group = len(people) > 2
    title = "Soup Council" if is_group else people[0]
    return Thread(name, title, list(people), is_group, folder, "messenger", people[-1], messages)


def loaded(*paths: Path) -> list[list[str]]:
    loader = FacebookMessengerChatLoader(
        paths, folders=BOXES, timezone=timezone(timedelta(hours=-4))
    )
    sessions = loader.load()
    report = loader.report
    assert report.messages_read == report.messages_loaded + report.messages_skipped.total()
    return sorted(([m.content for m in s["messages"]] for s in sessions), key=len)


def lines(count: int, text: str = "line", start: int = 0) -> list[str]:
    return [f"{text} {n}" for n in range(start, count)]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("boxes", list(combinations(BOXES, 2)))
@pytest.mark.parametrize("name", ["milo", "milo_5", "milo_1234567890123456"])
@pytest.mark.parametrize("is_one_export", [True, False])
def test_chat_in_two_folders_is_loaded_once(
    tmp_path: Path, variant: Variant, boxes: tuple[str, str], name: str, is_one_export: bool
) -> None:
    first, second = chat(name, boxes[0], range(8)), chat(name, boxes[1], range(5, 12))
    if is_one_export:
        write_export([first], tmp_path / "x", variant=variant)
        write_export([second], tmp_path / "x", variant=variant)
        paths = [tmp_path / "x"]
    else:
        paths = [
            write_export([thread], tmp_path / str(n), variant=variant).path
            for n, thread in enumerate((first, second))
        ]
    assert loaded(*paths) == [lines(12)]
    assert loaded(*paths[::-1]) == [lines(12)]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["milo", "milo_1234567890123456"])
@pytest.mark.parametrize("today", [("Milo", "Kim"), ("Mirek", "Zoë"), ("Mirek", "Kim")])
@pytest.mark.parametrize("is_one_export", [True, False])
def test_people_may_have_got_other_names_meanwhile(
    tmp_path: Path, variant: Variant, name: str, today: tuple[str, str], is_one_export: bool
) -> None:
    """Two exports were unpacked into one folder, or not."""
    old = chat(name, "inbox", range(8))
    new = chat(name, "archived_threads", range(5, 12), people=today)
    places = [tmp_path / "x", tmp_path / ("x" if is_one_export else "y")]
    for place, thread in zip(places, (old, new), strict=True):
        write_export([thread], place, variant=variant, owner_files=False)
    assert loaded(*dict.fromkeys(places)) == [lines(12)]
    (session,) = FacebookMessengerChatLoader(places, folders=BOXES, timezone="UTC").load()
    counts = Counter(message.additional_kwargs["sender"] for message in session["messages"])
    assert counts == {today[0]: 6, today[1]: 6}


@pytest.mark.parametrize(
    "people",
    [("Milo", "Ana", "Zoë"), ("Facebook User", "Zoë"), ("Zoë",), ("Milo", "Zoë")],
)
@pytest.mark.parametrize("length", [3, 200, 1500])
def test_folders_of_one_chat_join_with_any_people_and_length(
    tmp_path: Path, people: tuple[str, ...], length: int
) -> None:
    half = range(length // 2, length)
    write_export(
        [chat("milo", "inbox", range(length), people=people)],
        tmp_path,
        messages_per_part=700,
    )
    write_export([chat("milo", "archived_threads", half, people=people)], tmp_path)
    assert loaded(tmp_path) == [lines(length)]


def test_page_and_json_of_one_chat_may_lie_in_two_folders(tmp_path: Path) -> None:
    write_export([chat("milo", "inbox", range(8))], tmp_path / "a")
    page = [chat("milo", "archived_threads", range(5, 12))]
    write_export(page, tmp_path / "a", variant="H4")
    assert loaded(tmp_path / "a") == [lines(12)]


def test_folders_may_have_two_names(tmp_path: Path) -> None:
    write_export([chat("milo_1", "inbox", range(8))], tmp_path)
    write_export([chat("milo_2", "archived_threads", range(5, 12))], tmp_path)
    assert loaded(tmp_path) == [lines(12)]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "names",
    [("milo", "milo"), ("milo_1", "milo_2"), ("milo_111111111111111", "milo_222222222222222")],
)
@pytest.mark.parametrize("start", [0, 5, 20])
def test_two_chats_of_the_same_people_stay_two(
    tmp_path: Path, variant: Variant, names: tuple[str, str], start: int
) -> None:
    """Two friends of one name: at times the owner writes to both in one minute."""
    first = chat(names[0], "inbox", range(8))
    second = chat(names[1], "archived_threads", range(start, start + 10), text="word")
    write_export([first], tmp_path, variant=variant)
    write_export([second], tmp_path, variant=variant)
    assert loaded(tmp_path) == [lines(8), lines(start + 10, "word", start)]


def test_copies_in_all_folders_are_one(tmp_path: Path) -> None:
    for number, box in enumerate(BOXES):
        write_export([chat("milo", box, range(number, number + 6))], tmp_path)
    assert Counter(loaded(tmp_path)[0]) == Counter(lines(9))
    assert len(loaded(tmp_path)) == 1


@pytest.mark.parametrize("others", [("Al", "Zoë"), ("Al", "Eva", "Zoë")])
def test_one_message_that_two_people_sent_at_one_time_makes_no_chat_of_two(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    """Encrypted chats carry no number, and each may have come in an archive of its own."""
    chats = [chat("milo", "inbox", [0]), chat("al", "inbox", [0], people=others)]
    for number, one in enumerate(chats):
        write_export([one], tmp_path / str(number), variant="B", owner="Zoë")
    paths = [tmp_path / "0", tmp_path / "1"]
    assert len(FacebookMessengerChatLoader(paths).load()) == 2
