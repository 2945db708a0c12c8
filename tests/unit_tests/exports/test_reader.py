from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exceptions import ExportNotFoundError, MalformedExportError
from langchain_fbmessenger.exports import ExportReader, LoadReport, make_selection
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ["inbox", "e2ee_cutover", "archived_threads", "filtered_threads", "message_requests"]


def read(*paths: Path, **options: Any) -> tuple[list, LoadReport]:
    report = LoadReport()
    reader = ExportReader(paths, report, selection=make_selection(**options))
    return list(reader.threads()), report


def one(text: str = "hi", time: int = 1000) -> dict:
    return thread_json([message(ZOE, time, text)])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export's root in the layout of 2024, one thread per folder."""
    for folder in FOLDERS:
        path = tmp_path / "your_facebook_activity" / "messages" / folder / f"al_{len(folder)}"
        write_thread(path, thread_json([message(ZOE, 1000, folder)], (folder, ZOE)))
    return tmp_path


def test_all_five_folders_are_read_when_asked_for(export: Path) -> None:
    threads, report = read(export, folders=FOLDERS)
    assert sorted(t.folder for t in threads) == sorted(FOLDERS)
    assert all(t.messages[0].text == t.folder for t in threads)
    assert (report.files_read, report.threads_read, report.messages_read) == (5, 5, 5)


@pytest.mark.parametrize(
    ("below", "count"),
    [
        ("your_facebook_activity", 3),
        ("your_facebook_activity/messages", 3),
        ("your_facebook_activity/messages/inbox", 1),
        ("your_facebook_activity/messages/message_requests", 1),
        ("your_facebook_activity/messages/filtered_threads/al_16/message_1.json", 1),
        ("your_facebook_activity/messages/inbox/al_5", 1),
        ("your_facebook_activity/messages/inbox/al_5/message_1.json", 1),
    ],
)
def test_any_part_of_an_export_may_be_given(export: Path, below: str, count: int) -> None:
    threads, _ = read(export / below)
    assert len(threads) == count
    assert threads[-1].folder in FOLDERS, "known from above the given path, too"
    assert threads[0].id.startswith("al_")


def test_parts_are_joined_in_numeric_order(tmp_path: Path) -> None:
    """Part 1 is the newest; as text, 10 and 11 would come before 2. All stamps are equal."""
    for part in range(1, 13):
        thread = thread_json([message(ZOE, 1000, f"{part}b"), message(ZOE, 1000, f"{part}a")])
        # Within a part the list must be seen to fall, or it counts as oldest first.
        thread["messages"] = [message(ZOE, 1001, "-"), *thread["messages"]]
        write_thread(tmp_path / "inbox" / "al_1", thread, f"message_{part}.json")
    threads, _ = read(tmp_path)
    assert len(threads) == 1
    found = [m.text for m in threads[0].messages if m.text != "-"]
    assert found == [f"{part}{half}" for part in range(12, 0, -1) for half in "ab"]


def test_hand_made_files_in_one_folder_are_threads_of_their_own(tmp_path: Path) -> None:
    """LangChain's sample: `inbox/<Name>/messages_<First>_<Last>.json`, proper text."""
    for name in ("messages_albus_harry.json", "messages_ron_harry.json"):
        raw = json.dumps(one("café"), ensure_ascii=False).encode()
        write_thread(tmp_path / "inbox" / "Harry", raw, name)
    threads, _ = read(tmp_path)
    assert [t.id for t in threads] == ["messages_albus_harry", "messages_ron_harry"]
    assert {t.messages[0].text for t in threads} == {"café"}


def test_groups_are_recognised_by_type_or_by_number_of_people(tmp_path: Path) -> None:
    write_thread(tmp_path / "two", thread_json([message(ZOE, 1, "x")]))
    write_thread(
        tmp_path / "typed", thread_json([message(ZOE, 1, "x")], thread_type="RegularGroup")
    )
    left = thread_json([message("Cy", 2, "bye"), message(ZOE, 1, "x")])  # Cy is no member now
    write_thread(tmp_path / "left", left)
    assert {t.id: t.is_group for t in read(tmp_path)[0]} == {
        "two": False,
        "typed": True,
        "left": True,
    }


def test_owner_comes_from_the_profile(export: Path) -> None:
    profile = dyi_bytes({"profile_v2": {"name": {"full_name": ZOE}}})
    write_thread(export / "personal_information", profile, "profile_information.json")
    assert {t.owner for t in read(export)[0]} == {ZOE}


def test_instagram_is_recognised_by_its_root(tmp_path: Path) -> None:
    write_thread(tmp_path / "your_instagram_activity/messages/inbox/al_1", one())
    assert read(tmp_path)[0][0].source == "instagram"


def test_corrupt_file_costs_nothing_but_itself(export: Path) -> None:
    inbox = export / "your_facebook_activity/messages/inbox"
    write_thread(inbox / "al_5", b'{"participants": [', "message_2.json")
    write_thread(inbox / "bo_1", b"\x00\x01")
    write_thread(inbox.parent, b"{}", "messaging_settings.json")
    threads, report = read(export)
    assert len(threads) == 3
    assert report.files_skipped == {"broken JSON": 2, "not a message thread": 1}
    assert {p.parent.name for p, _ in report.skipped_paths} == {"al_5", "bo_1", "messages"}


def test_parts_keep_participants_of_people_who_left(tmp_path: Path) -> None:
    write_thread(tmp_path, {"messages": [message("Cy", 2, "a"), message(AL, 1, "b")]})
    assert sorted(read(tmp_path)[0][0].participants) == [AL, "Cy"]


def test_missing_path_says_how_to_get_an_export(tmp_path: Path) -> None:
    with pytest.raises(ExportNotFoundError, match="JSON") as caught:
        read(tmp_path / "nowhere")
    assert isinstance(caught.value, FileNotFoundError)
    assert "nowhere" in str(caught.value)


def test_empty_folder_and_folder_of_other_files(tmp_path: Path) -> None:
    with pytest.raises(ExportNotFoundError, match="nothing to read"):
        read(tmp_path)
    write_thread(tmp_path, b"{}", "settings.json")
    with pytest.raises(ExportNotFoundError, match="1 files, none of them a message thread"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("facebook-zoe.zip", b"PK", r"broken zip archive.*Download the zip again"),
        ("inbox/al_1/message_1.json", b"{", "broken JSON.*again"),
    ],
)
@pytest.mark.parametrize("as_file", [True, False])
def test_what_cannot_be_read_is_named_with_advice(
    tmp_path: Path, name: str, raw: bytes, words: str, as_file: bool
) -> None:
    path = write_thread((tmp_path / name).parent, raw, name.rpartition("/")[2])
    with pytest.raises(MalformedExportError, match=words) as caught:
        read(path if as_file else tmp_path)
    assert caught.value.path == path


def test_link_out_of_the_export_is_not_followed(tmp_path: Path) -> None:
    outside = write_thread(tmp_path / "outside", one("secret"))
    write_thread(tmp_path / "export/inbox/al_1", one())
    (tmp_path / "export/inbox/al_1/message_2.json").symlink_to(outside)
    threads, report = read(tmp_path / "export")
    assert [m.text for t in threads for m in t.messages] == ["hi"]
    assert report.files_skipped == {"link that is not followed": 1}


def test_links_to_folders_and_loops_are_counted(tmp_path: Path) -> None:
    write_thread(tmp_path / "export/inbox/al_1", one())
    (tmp_path / "export/inbox/bo_1").symlink_to(tmp_path)
    loop = tmp_path / "export/loop.json"
    loop.symlink_to(loop)
    threads, report = read(tmp_path / "export")
    assert len(threads) == 1
    assert report.files_skipped == {"link that is not followed": 2}


def test_files_that_people_sent_and_what_a_mac_adds_are_no_part_of_the_export(
    tmp_path: Path,
) -> None:
    thread = tmp_path / "inbox/al_1"
    write_thread(thread, one())
    for path in (thread / "files", thread / "photos", tmp_path / "__MACOSX"):
        write_thread(path, one("sent"))
    write_thread(thread, b"\x00\x05\x16\x07", "._message_1.json")
    threads, report = read(tmp_path)
    assert [m.text for t in threads for m in t.messages] == ["hi"]
    assert report.files_skipped == {}


def test_file_with_the_name_of_its_folder_is_a_thread_of_its_own(tmp_path: Path) -> None:
    write_thread(tmp_path / "chats", one("part"), "messages.json")
    write_thread(tmp_path / "chats", one("own"), "chats.json")
    threads, _ = read(tmp_path)
    assert sorted(m.text or "" for t in threads for m in t.messages) == ["own", "part"]
    assert len(threads) == 2


def test_unreadable_folder_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_thread(tmp_path / "a", one())
    write_thread(tmp_path / "b", one())
    scandir = os.scandir

    def refuse_b(path: str) -> Any:
        if os.fspath(path).endswith("b"):
            raise PermissionError(13, "no", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse_b)
    threads, report = read(tmp_path)
    assert len(threads) == 1
    assert report.files_skipped == {"unreadable folder": 1}


def test_unreadable_file_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_thread(tmp_path / "a", one())
    bad = write_thread(tmp_path / "b", one())
    whole = type(bad).open

    def refuse(path: Path, *args: Any) -> Any:
        if path == bad:
            raise PermissionError
        return whole(path, *args)

    monkeypatch.setattr(type(bad), "open", refuse)
    threads, report = read(tmp_path)
    assert len(threads) == 1
    assert report.files_skipped == {"unreadable file": 1}
