"""What is one conversation, across parts, folders, archives and exports."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exports import (
    ExportReader,
    LoadReport,
    Message,
    Thread,
    make_selection,
)
from langchain_fbmessenger.testing import HtmlPages, write_export
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

INBOX = "your_facebook_activity/messages/inbox"
CUTOVER = "your_facebook_activity/messages/e2ee_cutover"
HOUR = 3_600_000
START = 1_700_000_000_000


def read(*paths: Path, **options: Any) -> tuple[list, LoadReport]:
    report = LoadReport()
    reader = ExportReader(paths, report, selection=make_selection(**options))
    threads = list(reader.threads())
    loaded = sum(len(thread.messages) for thread in threads)
    assert report.messages_read == loaded + sum(report.messages_skipped.values())
    return threads, report


def texts(threads: list) -> list[list[str]]:
    return [[m.text for m in thread.messages] for thread in threads]


def thread(
    *lines: str, start: int = START, people: tuple[str, ...] = (AL, ZOE), **more: Any
) -> dict:
    """Make a thread, an hour between two messages; the first person's and the last's in turn."""
    senders = (people[-1], people[0])
    messages = [message(senders[n % 2], start + n * HOUR, text) for n, text in enumerate(lines)]
    return thread_json(messages[::-1], people, **more)


def e2ee(*lines: str, start: int, people: tuple[str, ...] = (AL, ZOE), number: int = 1) -> bytes:
    senders = (people[-1], people[0])
    return json.dumps(
        {
            "participants": list(reversed(people)),
            "threadName": f"{people[0]}_{number}",
            "messages": [
                {"senderName": senders[n % 2], "timestamp": start + n * HOUR, "text": text}
                for n, text in enumerate(lines)
            ],
        },
        ensure_ascii=False,
    ).encode()


def test_encrypted_export_goes_on_where_the_cutover_ends(tmp_path: Path) -> None:
    write_thread(tmp_path / "fb" / CUTOVER / "al_1", thread("a", "b"))
    later = write_thread(tmp_path / "e2ee", e2ee("c", "d", start=START + 9 * HOUR), "Al_7.json")
    threads, report = read(tmp_path / "fb", later.parent)
    assert texts(threads) == [["a", "b", "c", "d"]]
    assert (threads[0].id, threads[0].folder, threads[0].source) == (
        "al_1",
        "e2ee_cutover",
        "messenger",
    )
    assert (threads[0].owner, threads[0].participants) == (ZOE, [AL, ZOE])
    assert (report.threads_read, report.threads_joined) == (1, 1)


def test_what_both_exports_hold_is_loaded_once(tmp_path: Path) -> None:
    write_thread(tmp_path / "fb" / CUTOVER / "al_1", thread("a", "b", "c"))
    write_thread(tmp_path / "e2ee", e2ee("b", "c", "d", start=START + HOUR, people=(ZOE, AL)))
    threads, report = read(tmp_path / "fb", tmp_path / "e2ee")
    assert texts(threads) == [["a", "b", "c", "d"]]
    assert report.messages_skipped == {"duplicate": 2}


def test_link_is_a_share_in_one_export_and_the_text_in_the_other(tmp_path: Path) -> None:
    link = "https://example.org/a"
    shares = [message(AL, START + HOUR, share={"link": link})]
    shares += [message(ZOE, START, f"look {link}", share={"link": link})]
    write_thread(tmp_path / "fb" / CUTOVER / "al_1", thread_json(shares))
    write_thread(tmp_path / "e2ee", e2ee(f"look {link}", link, start=START))
    threads, report = read(tmp_path / "fb", tmp_path / "e2ee")
    assert texts(threads) == [[f"look {link}", None]]
    assert report.messages_skipped == {"duplicate": 2}


def test_encrypted_files_with_numbers_are_no_parts(tmp_path: Path) -> None:
    """Two friends of one name: `Al_1` and `Al_2`."""
    write_thread(tmp_path, e2ee("a", start=START, number=1), "Al_1.json")
    write_thread(tmp_path, e2ee("b", start=START, number=2), "Al_2.json")
    threads, _ = read(tmp_path)
    assert sorted(texts(threads)) == [["a"], ["b"]]


def test_of_two_friends_of_one_name_time_tells_whose_chat_goes_on(tmp_path: Path) -> None:
    old, new = START, START + 10_000 * HOUR
    write_thread(tmp_path / "fb" / CUTOVER / "al_111111111111111", thread("old", start=old))
    write_thread(tmp_path / "fb" / CUTOVER / "al_222222222222222", thread("new", start=new))
    write_thread(tmp_path / "e2ee", e2ee("newer", start=new + HOUR), "Al_1.json")
    write_thread(tmp_path / "e2ee", e2ee("older", start=old + HOUR), "Al_2.json")
    threads, _ = read(tmp_path / "fb", tmp_path / "e2ee")
    assert sorted(texts(threads)) == [["new", "newer"], ["old", "older"]]


@pytest.mark.parametrize("zipped", [True, False])
def test_two_exports_of_one_account_give_each_message_once(tmp_path: Path, zipped: bool) -> None:
    """The title of the directory and the number may both change between two exports."""
    files = {
        "facebook-zoe-2023-01-01-aaaaaaaa": ("al_111111111111111", thread("a", "b", "c")),
        "facebook-zoe-2024-01-01-bbbbbbbb": ("al_222222222222222", thread("a", "b", "c", "d")),
    }
    for name, (directory, content) in files.items():
        inner = f"{INBOX}/{directory}"
        if zipped:
            with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
                archive.writestr(f"{inner}/message_1.json", dyi_bytes(content))
        else:
            write_thread(tmp_path / name / inner, content)
    threads, report = read(*sorted(tmp_path.iterdir()))
    assert texts(threads) == [["a", "b", "c", "d"]]
    assert threads[0].id == "al_222222222222222", "as the newest export has it"
    assert (report.threads_joined, report.messages_skipped) == (1, {"duplicate": 3})


def test_parts_of_one_thread_in_two_zips_are_one_session(tmp_path: Path) -> None:
    for part, content in ((1, thread("c", start=START + 5 * HOUR)), (2, thread("a", "b"))):
        path = tmp_path / f"facebook-zoe-2024-05-18-{part}23456ab.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{INBOX}/al_1/message_{part}.json", dyi_bytes(content))
    threads, report = read(tmp_path)
    assert texts(threads) == [["a", "b", "c"]]
    assert report.threads_joined == 0, "it was one thread all along"


def test_people_of_one_name_in_one_folder_stay_apart(tmp_path: Path) -> None:
    write_thread(tmp_path / INBOX / "al_111111111111111", thread("a"))
    write_thread(tmp_path / INBOX / "al_222222222222222", thread("b"))
    assert sorted(texts(read(tmp_path)[0])) == [["a"], ["b"]]


def test_deleted_accounts_are_somebody_else_in_each_thread(tmp_path: Path) -> None:
    for export, name in (("one", "a"), ("two", "b")):
        path = tmp_path / export / INBOX / f"facebookuser_{name * 4}"
        write_thread(path, thread(name, people=("Facebook user", ZOE)))
    assert sorted(texts(read(tmp_path / "one", tmp_path / "two")[0])) == [["a"], ["b"]]


def test_deleted_account_is_known_again_by_the_number_of_its_thread(tmp_path: Path) -> None:
    for export in ("one", "two"):
        path = tmp_path / export / INBOX / "facebookuser_111111111111111"
        write_thread(path, thread("a", people=("Facebook user", ZOE)))
    threads, report = read(tmp_path / "one", tmp_path / "two")
    assert texts(threads) == [["a"]]
    assert report.messages_skipped == {"duplicate": 1}


def test_groups_are_joined_by_title_if_half_the_people_agree(tmp_path: Path) -> None:
    old = thread("a", people=("Al", "Bo", "Cy", ZOE), title="Bread")
    new = thread("b", start=START + 9 * HOUR, people=("Al", "Bo", ZOE), title="Bread")
    other = thread("c", people=("Dee", "Eve", ZOE), title="Bread")
    for name, content in (("one", old), ("two", new), ("three", other)):
        write_thread(tmp_path / name / INBOX / f"bread_{name}", content)
    threads, _ = read(tmp_path / "one", tmp_path / "two", tmp_path / "three")
    assert sorted(texts(threads)) == [["a", "b"], ["c"]]


def test_copy_of_a_group_adds_nothing_twice(tmp_path: Path) -> None:
    number = "1234567890123456"
    group = thread("a", "b", people=("Al", "Bo", ZOE), title="Bread")
    write_thread(tmp_path / INBOX / f"bread_{number}", group)
    copy = {"thread_name": "Bread", "messages": group["messages"]}
    write_thread(tmp_path / "groups/your_group_messages", copy, f"{number}.json")
    threads, report = read(tmp_path)
    assert texts(threads) == [["a", "b"]]
    assert report.messages_skipped == {"duplicate": 2}


def test_copy_of_a_group_that_is_nowhere_else_is_read(tmp_path: Path) -> None:
    copy = {"thread_name": "Bread", "messages": [message(AL, START, "a")]}
    write_thread(tmp_path / "groups/your_group_messages", copy, "1234567890123456.json")
    threads, _ = read(tmp_path)
    assert texts(threads) == [["a"]]
    assert threads[0].is_group


def test_market_chats_are_told_apart_by_their_titles(tmp_path: Path) -> None:
    for export in ("one", "two"):
        write_thread(tmp_path / export / INBOX / "al_1", thread("chat"))
        bike = thread("bike", title=f"{AL} · Bike")
        write_thread(tmp_path / export / INBOX / "albike_2", bike)
    threads, report = read(tmp_path / "one", tmp_path / "two")
    assert sorted(texts(threads)) == [["bike"], ["chat"]]
    assert not any(t.is_group for t in threads)
    assert report.threads_joined == 2


def test_exports_of_two_people_are_not_mixed(tmp_path: Path) -> None:
    """Zoë's view of a chat and Al's: two donors, two owners, two sessions."""
    for owner, other in ((ZOE, AL), (AL, ZOE)):
        write_thread(tmp_path / owner / INBOX / "a_1", thread("a", people=(other, owner)))
        profile = dyi_bytes({"profile_v2": {"name": {"full_name": owner}}})
        write_thread(tmp_path / owner, profile, "profile_information.json")
    threads, _ = read(tmp_path / ZOE, tmp_path / AL)
    assert sorted(t.owner for t in threads) == [AL, ZOE]


def test_reactions_of_a_duplicate_are_kept(tmp_path: Path) -> None:
    for export, emoji in (("one", "❤"), ("two", "😆")):
        content = thread("a")
        content["messages"][0]["reactions"] = [{"actor": AL, "reaction": emoji}]
        write_thread(tmp_path / export / INBOX / "al_1", content)
    threads, _ = read(tmp_path / "one", tmp_path / "two")
    assert {r.reaction for r in threads[0].messages[0].reactions} == {"❤", "😆"}


def test_what_stands_on_two_pages_of_one_minute_is_no_duplicate(tmp_path: Path) -> None:
    """Times of pages are exact to the minute at worst: "ha" and "ha" again are two."""
    ha = [Message(ZOE, START, "ha"), Message(ZOE, START, "ha")]
    pages = Thread("al_1", AL, [AL, ZOE], False, "inbox", "messenger", ZOE, ha)  # noqa: FBT003
    write_export([pages], tmp_path, variant="H3", messages_per_part=1)
    threads, report = read(tmp_path)
    assert texts(threads) == [["ha", "ha"]]
    assert report.files_read == 2


def test_page_and_json_of_one_thread_give_each_message_once(tmp_path: Path) -> None:
    lines = [Message(ZOE, START + 123, "a\nb"), Message(AL, START + 61_456, "c")]
    both = Thread("al_1", AL, [AL, ZOE], False, "inbox", "messenger", ZOE, lines)  # noqa: FBT003
    write_export([both], tmp_path, variant="H3")
    write_export([both], tmp_path, variant="A", layout="2023-2024")
    report = LoadReport()
    zone = timezone(timedelta(hours=-4))
    (thread,) = ExportReader([tmp_path], report, timezone=zone).threads()
    assert [(m.timestamp_ms, m.text) for m in thread.messages] == [
        (START + 123, "a\nb"),
        (START + 61_456, "c"),
    ]
    assert report.messages_skipped == {"duplicate": 2}


def test_what_one_file_repeats_is_no_duplicate(tmp_path: Path) -> None:
    ha = message(ZOE, START, "ha")
    write_thread(tmp_path / INBOX / "al_1", thread_json([ha, ha]))
    write_thread(tmp_path / "two" / INBOX / "al_1", thread_json([ha, ha, ha]))
    threads, report = read(tmp_path)
    assert texts(threads) == [["ha", "ha", "ha"]]
    assert report.messages_skipped == {"duplicate": 2}


@pytest.mark.parametrize(
    ("content", "is_group"),
    [
        (thread("a"), False),
        (thread("a", thread_type="RegularGroup"), True),
        (thread("a", title="Bakers"), True),
        (thread("a", title="Facebook user"), False),
        (thread("a", people=("Al", "Bo", ZOE)), True),
        (thread("a", people=(ZOE,)), False),
        (thread("a", people=("Facebook user", "", ZOE)), True),
    ],
)
def test_groups_are_recognised(tmp_path: Path, content: dict, is_group: bool) -> None:
    write_thread(tmp_path / INBOX / "al_1", content)
    assert read(tmp_path)[0][0].is_group is is_group


def test_folder_that_is_not_chosen_is_counted(tmp_path: Path) -> None:
    write_thread(tmp_path / "messages/inbox/al_1", thread("a"))
    write_thread(tmp_path / "messages/message_requests/bo_1", thread("b", "c", people=("Bo", ZOE)))
    threads, report = read(tmp_path)
    assert texts(threads) == [["a"]]
    assert report.messages_skipped == {"folder not chosen: message_requests": 2}
    assert texts(read(tmp_path, folders=["message_requests"])[0]) == [["b", "c"]]


@pytest.mark.parametrize(
    ("options", "expected", "reason"),
    [
        ({"groups": False}, [["al"]], "group not chosen"),
        ({"threads": ["al_1"]}, [["al"]], "thread not chosen"),
        ({"threads": "BREAD"}, [["bread", "crumbs"]], "thread not chosen"),
        ({"participants": ["bo"]}, [["bread", "crumbs"]], "participants not chosen"),
        ({"since": "2023-11-14T23:00:00+00:00"}, [[], ["crumbs"]], "outside since and until"),
        ({"until": "2023-11-14T23:00:00+00:00"}, [["al"], ["bread"]], "outside since and until"),
    ],
)
def test_what_is_not_chosen_is_counted(
    tmp_path: Path, options: dict, expected: list, reason: str
) -> None:
    write_thread(tmp_path / INBOX / "al_1", thread("al"))
    group = thread("bread", "crumbs", people=("Bo", "Cy", ZOE), title="Bread")
    write_thread(tmp_path / INBOX / "bread_2", group)
    threads, report = read(tmp_path, **options)
    assert texts(threads) == expected
    assert set(report.messages_skipped) == {reason}


def test_number_of_a_thread_counts_before_the_names(tmp_path: Path) -> None:
    """Two friends are called Al; only one of them is in the older export."""
    write_thread(tmp_path / "old" / INBOX / "al_222222222222222", thread("second"))
    write_thread(tmp_path / "new" / INBOX / "al_111111111111111", thread("first"))
    write_thread(tmp_path / "new" / INBOX / "al_222222222222222", thread("second"))
    threads, _ = read(tmp_path / "old", tmp_path / "new")
    assert sorted(texts(threads)) == [["first"], ["second"]]


def test_empty_file_of_the_same_name_replaces_nothing(tmp_path: Path) -> None:
    """Half of the encrypted export's threads hold nothing."""
    write_thread(tmp_path / "fb" / CUTOVER / "al_1", thread("a"))
    write_thread(tmp_path / "e2ee", e2ee(start=START), "Al_3.json")
    write_thread(tmp_path / "e2ee", e2ee("b", start=START + 9 * HOUR), "Al_9.json")
    threads, _ = read(tmp_path / "fb", tmp_path / "e2ee")
    assert [t for t in texts(threads) if t] == [["a", "b"]]


def test_messages_in_common_tell_friends_of_one_name_apart(tmp_path: Path) -> None:
    one, two = (e2ee(*lines, start=START + n) for n, lines in enumerate((("a", "b"), ("c", "d"))))
    for export, files in (("old", (one, two)), ("new", (two, one))):
        for number, raw in enumerate(files):
            write_thread(tmp_path / export, raw, f"Al_{number}.json")
    threads, report = read(tmp_path / "old", tmp_path / "new")
    assert sorted(texts(threads)) == [["a", "b"], ["c", "d"]]
    assert report.messages_skipped == {"duplicate": 4}


def test_seconds_of_2018_are_the_milliseconds_of_later(tmp_path: Path) -> None:
    old = {"sender_name": ZOE, "timestamp": 1_524_567_890, "content": "a"}
    write_thread(tmp_path / "old/messages/al_1234567890", thread_json([old]), "message.json")
    new = thread_json([message(ZOE, 1_524_567_890_123, "a")])
    write_thread(tmp_path / "new" / INBOX / "al_111111111111111", new)
    threads, report = read(tmp_path / "old", tmp_path / "new")
    assert texts(threads) == [["a"]]
    assert threads[0].messages[0].timestamp_ms == 1_524_567_890_123, "the more exact one is kept"
    assert report.messages_skipped == {"duplicate": 1}


def test_loose_parts_of_two_threads_stay_two(tmp_path: Path) -> None:
    """Parts that somebody took out of their folders and put side by side."""
    al = thread("a", thread_path="inbox/al_111111111111111")
    bo = thread("b", people=("Bo", ZOE), thread_path="inbox/bo_222222222222222")
    write_thread(tmp_path, al, "message_1.json")
    write_thread(tmp_path, bo, "message_2.json")
    threads, _ = read(tmp_path)
    assert sorted(texts(threads)) == [["a"], ["b"]]
    assert not any(t.is_group for t in threads)


def test_copy_that_a_browser_has_numbered_adds_nothing(tmp_path: Path) -> None:
    for name in ("message_1.json", "message_1 (1).json"):
        write_thread(tmp_path / INBOX / "al_1", thread("a"), name)
    threads, report = read(tmp_path)
    assert texts(threads) == [["a"]]
    assert report.messages_skipped == {"duplicate": 1}


def test_of_two_encrypted_chats_the_one_with_messages_in_common_goes_on(tmp_path: Path) -> None:
    write_thread(tmp_path / "fb" / CUTOVER / "al_111111111111111", thread("a", "b"))
    stranger = e2ee("stranger", start=START + 9 * HOUR)
    write_thread(tmp_path / "e2ee", stranger, "Al_1.json")
    write_thread(tmp_path / "e2ee", e2ee("a", "b", "c", start=START), "Al_2.json")
    threads, report = read(tmp_path / "fb", tmp_path / "e2ee")
    assert sorted(texts(threads)) == [["a", "b", "c"], ["stranger"]]
    assert report.messages_skipped == {"duplicate": 2}


def test_pages_do_not_blur_the_times_of_json(tmp_path: Path) -> None:
    inbox = tmp_path / "your_activity_across_facebook/messages/inbox/al_1"
    minute = START - START % 60_000
    for part, offset in ((1, 50_000), (2, 10_000)):
        said = [message(AL, minute + offset, "ha"), message(ZOE, minute + offset - 9000, "so")]
        write_thread(inbox, thread_json(said), f"message_{part}.json")
    page = Thread("al_1", AL, [AL, ZOE], False, "inbox", "messenger", ZOE, [])  # noqa: FBT003
    page.messages = [Message(AL, minute - 86_400_000, "a day before")]
    write_export([page], tmp_path, variant="H3", html=HtmlPages(dates="us-minutes"))
    threads, _ = read(tmp_path)
    assert texts(threads) == [["a day before", "so", "ha", "so", "ha"]]


@pytest.mark.parametrize("variant", ["D", "F", "H1"])
def test_groups_without_a_title_are_joined_by_their_people(tmp_path: Path, variant: str) -> None:
    lines = [Message(name, START + n * 60_000, name) for n, name in enumerate(("Al", "Bo", ZOE))]
    group = Thread("g", "", ["Al", "Bo", ZOE], True, None, "messenger", ZOE, lines)  # noqa: FBT003
    for name in ("one", "two"):
        write_export([group], tmp_path / name, variant=variant)
    threads, report = read(tmp_path / "one", tmp_path / "two")
    assert len(threads) == 1
    assert report.messages_skipped == {"duplicate": 3}


def test_copy_of_a_group_in_which_few_wrote_adds_nothing(tmp_path: Path) -> None:
    group = thread("a", people=("Al", "Bo", "Cy", "Di", ZOE), title="Trip")
    write_thread(tmp_path / INBOX / "trip_123456789012345", group)
    copy = {"thread_name": "Trip", "messages": group["messages"]}
    write_thread(tmp_path / "groups/your_group_messages", copy, "77.json")
    threads, report = read(tmp_path)
    assert texts(threads) == [["a"]]
    assert report.messages_skipped == {"duplicate": 1}


@pytest.mark.parametrize("people", [(ZOE,), ("Facebook user", ZOE)])
def test_threads_of_one_person_are_joined_by_folder_and_messages(
    tmp_path: Path, people: tuple[str, ...]
) -> None:
    for export in ("one", "two"):
        write_thread(tmp_path / export / INBOX / "same_55", thread("a", people=people))
    other = thread("b", start=START + 5 * HOUR, people=people)
    write_thread(tmp_path / "three" / INBOX / "same_55", other)
    threads, _ = read(*(tmp_path / name for name in ("one", "two", "three")))
    assert sorted(texts(threads)) == [["a"], ["b"]]


def test_answers_of_the_graph_api_come_page_by_page(tmp_path: Path) -> None:
    for number in (1, 2):
        lines = [Message(AL, START + number * 60_000, f"page {number}")]
        page = Thread("t", AL, [AL, ZOE], False, None, "graph_api", ZOE, lines)  # noqa: FBT003
        write_export([page], tmp_path / "x", variant="F-conversations")
        file = next((tmp_path / "x").rglob("*.json"))
        file.rename(tmp_path / f"page{number}.json")
    threads, _ = read(tmp_path)
    assert texts(threads) == [["page 1", "page 2"]]


def test_owner_with_a_new_name_keeps_their_threads(tmp_path: Path) -> None:
    for name, word in (("Zoë Brandt", "a"), ("Zoë Novák", "b")):
        for friend, number in (("Al", "1"), ("Bo", "2")):
            path = tmp_path / name / INBOX / f"x_{number * 15}"
            start = START if word == "a" else START + 9 * HOUR
            write_thread(path, thread(friend + word, start=start, people=(friend, name)))
    threads, _ = read(tmp_path / "Zoë Brandt", tmp_path / "Zoë Novák")
    assert sorted(texts(threads)) == [["Ala", "Alb"], ["Boa", "Bob"]]


def test_export_below_a_folder_of_that_name_is_read(tmp_path: Path) -> None:
    root = tmp_path / "inbox/zoe/files/export"
    write_thread(root / INBOX / "al_1", thread("a"))
    assert texts(read(root)[0]) == [["a"]]
    with zipfile.ZipFile(root / "x.zip", "w") as archive:
        archive.writestr(f"{INBOX}/bo_1/message_1.json", dyi_bytes(thread("b", people=("Bo", ZOE))))
    assert texts(read(root / "x.zip")[0]) == [["b"]]


def test_thread_that_is_asked_for_is_read_from_any_folder(tmp_path: Path) -> None:
    write_thread(tmp_path / "messages/message_requests/al_1", thread("a"))
    write_thread(tmp_path / "messages/inbox/bo_1", thread("b", people=("Bo", ZOE)))
    assert texts(read(tmp_path, threads=[AL])[0]) == [["a"]]


def test_details_of_a_thread_come_from_the_files_that_are_read(tmp_path: Path) -> None:
    number = "al_111111111111111"
    write_thread(tmp_path / "one/messages/inbox" / number, thread("a"))
    later = thread("b", start=START + 9 * HOUR)
    write_thread(tmp_path / "two/messages/filtered_threads" / number, later)
    threads, report = read(tmp_path / "one", tmp_path / "two")
    assert (threads[0].folder, texts(threads)) == ("inbox", [["a"]])
    assert report.messages_skipped == {"folder not chosen: filtered_threads": 1}


def test_left_group_that_lists_only_the_owner_is_a_group(tmp_path: Path) -> None:
    left = [message(AL, START + 1, "Al left the group."), message(AL, START, "bye")]
    write_thread(tmp_path / INBOX / "trip_1", thread_json(left, (ZOE,), title="Trip"))
    threads, _ = read(tmp_path)
    assert threads[0].is_group
    assert [m.system for m in threads[0].messages] == [None, "group event"]


@pytest.mark.parametrize("new_name", ["Facebook User", "Alan"])
def test_friend_with_a_new_name_says_nothing_twice(tmp_path: Path, new_name: str) -> None:
    for name, start in ((AL, START), (new_name, START)):
        path = tmp_path / name / INBOX / "x_111111111111111"
        write_thread(path, thread("a", "b", start=start, people=(name, ZOE)))
    threads, report = read(tmp_path / AL, tmp_path / new_name)
    assert texts(threads) == [["a", "b"]]
    assert report.messages_skipped == {"duplicate": 2}
