from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.exports.discovery.layout import scan_paths

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.exports.discovery.layout import FoundFile

THREAD = "your_facebook_activity/messages/inbox/al_1/message_1.json"


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"{}")


def pack(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    return path


def scan(*paths: Path) -> list[FoundFile]:
    return scan_paths(paths).files


@pytest.mark.parametrize(
    ("name", "place", "folder"),
    [
        (THREAD, ("inbox", "al_1"), "inbox"),
        ("messages/e2ee_cutover/al_1/message_1.json", ("e2ee_cutover", "al_1"), "e2ee_cutover"),
        (
            "wrapper/your_instagram_activity/messages/inbox/a_1/message_1.json",
            ("inbox", "a_1"),
            "inbox",
        ),
        ("messages/al_k_9aBcDeFg/message.json", ("al_k_9aBcDeFg",), None),
        ("messages/Milo Dvořák_40.json", ("Milo Dvořák_40",), None),
        ("Milo Dvořák_40.json", ("Milo Dvořák_40",), None),
        ("groups/your_group_messages/123.json", ("your_group_messages", "123"), None),
        (
            "inbox/Harry/messages_albus_harry.json",
            ("inbox", "Harry", "messages_albus_harry"),
            "inbox",
        ),
        ("html/messages.htm", ("html",), None),
        ("messages/12.html", ("12",), None),
        ("a/b/chat.json", ("a", "b", "chat"), None),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_place_of_a_thread_is_the_end_of_its_path(
    tmp_path: Path, name: str, place: tuple[str, ...], folder: str | None, zipped: bool
) -> None:
    root = tmp_path / "messages" if zipped else tmp_path / "root"  # what stands above is chance
    root.mkdir()
    if zipped:
        root = pack(root / "x.zip", name)
    else:
        touch(root, name)
    (found,) = scan(root)
    assert (found.place, found.folder) == (place, folder)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("facebook-zoe-2024-05-18-aaaaaaaa", "facebook-zoe-2024-05-18-bBbBbBbB", True),
        ("facebook-zoe-2024-05-18-aaaaaaaa", "facebook-zoe-2025-05-18-aaaaaaaa", False),
        ("facebook-zoe-2024-05-18-aaaaaaaa", "facebook-al-2024-05-18-aaaaaaaa", False),
        ("facebook-zoe", "facebook-al", False),
        ("instagram-zoe-2024-05-18-aaaaaaaa", "facebook-zoe-2024-05-18-aaaaaaaa", False),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_parts_of_one_download_share_all_but_the_tail(
    tmp_path: Path, one: str, other: str, same: bool, zipped: bool
) -> None:
    for name in (one, other):
        if zipped:
            pack(tmp_path / f"{name}.zip", THREAD)
        else:
            touch(tmp_path / name, THREAD)
    first, second = scan(tmp_path)
    assert (first.export == second.export) is same
    assert first.place == second.place


def test_zip_and_folder_of_one_export_are_one_tree(tmp_path: Path) -> None:
    name = "facebook-zoe-2024-05-18-aaaaaaaa"
    pack(tmp_path / f"{name}.zip", "your_facebook_activity/messages/inbox/al_1/message_2.json")
    touch(tmp_path / name, THREAD)
    first, second = scan(tmp_path)
    assert (first.export, first.place) == (second.export, second.place)
    assert [first.part, second.part] == [1, 2]


def test_parts_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    touch(tmp_path, *(f"inbox/al_1/message_{n}.json" for n in (1, 2, 10, 11)))
    assert [found.part for found in scan(tmp_path)] == [1, 2, 10, 11]


def test_accents_taken_apart_by_a_mac_make_no_other_thread(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", "messages/inbox/Zoë_1/message_1.json")
    pack(tmp_path / "b.zip", "messages/inbox/Zoe\u0308_1/message_2.json")
    first, second = scan(tmp_path)
    assert first.place == second.place == ("inbox", "Zoë_1")


def test_names_that_differ_by_case_are_two_threads(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", "inbox/a_Bc/message_1.json", "inbox/a_bC/message_1.json")
    first, second = scan(path)
    assert first.place != second.place


def test_media_and_notes_of_a_mac_are_left_out(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "inbox/al_1/message_1.json",
        "inbox/al_1/files/sent.json",
        "inbox/al_1/photos/1.jpg",
        "inbox/al_1/._message_1.json",
        "__MACOSX/inbox/al_1/message_1.json",
    )
    (found,) = scan(tmp_path)
    assert found.file.location.name == "message_1.json"
    zipped = pack(tmp_path / "x.zip", "inbox/al_1/files/sent.json", "__MACOSX/inbox/a.json")
    assert scan(zipped) == []


def test_path_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "inbox/al_1/message_1.json")
    assert len(scan(tmp_path, tmp_path / "inbox", tmp_path)) == 1


def test_pages_that_are_no_messages_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "posts/your_posts_1.html", "index.html", "messages/inbox/al_1/message_1.html")
    assert [found.file.location.name for found in scan(tmp_path)] == ["message_1.html"]


def test_page_that_is_given_is_read_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "x.html")
    assert len(scan(tmp_path / "x.html")) == 1


@pytest.mark.parametrize(
    ("below", "given"), [("", False), ("messages", False), ("messages/message_requests", True)]
)
def test_folder_that_was_asked_for_is_known(tmp_path: Path, below: str, given: bool) -> None:
    touch(tmp_path, "messages/message_requests/al_1/message_1.json")
    (found,) = scan(tmp_path / below)
    assert found.folder_is_given is given


def test_relative_paths_are_known_from_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, THREAD)
    monkeypatch.chdir(tmp_path / THREAD.rpartition("/")[0])
    from pathlib import Path as AnyPath

    (found,) = scan(AnyPath())
    assert (found.place, found.folder) == (("inbox", "al_1"), "inbox")
    assert found.export == str(tmp_path)


def test_order_does_not_depend_on_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "a", "c"):
        pack(tmp_path / f"facebook-zoe-2024-05-18-{name * 8}.zip", THREAD)
    forwards = scan(tmp_path)
    walk = os.walk
    monkeypatch.setattr(
        os, "walk", lambda *a, **k: ((f, s, names[::-1]) for f, s, names in walk(*a, **k))
    )
    assert [f.file.location for f in scan(tmp_path)] == [f.file.location for f in forwards]
