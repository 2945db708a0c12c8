from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from langchain_fbmessenger.exports.discovery.files import (
    ExportFile,
    SkippedFile,
    UnreadableFileError,
    list_archive,
    list_folder,
)


def everything(*_: Any) -> bool:
    return True


def make_zip(path: Path, members: dict[str, bytes], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return path


def names(path: Path) -> list[str]:
    found = list_archive(path, everything)
    return [str(f.location.relative_to(path)) for f in found if isinstance(f, ExportFile)]


def reasons(path: Path) -> list[str]:
    return [f.reason for f in list_archive(path, everything) if isinstance(f, SkippedFile)]


def only(path: Path) -> ExportFile:
    (file,) = list_archive(path, everything)
    assert isinstance(file, ExportFile)
    return file


def test_members_are_read_in_place(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"messages/a.json": b"{}", "photos/a.jpg": b"x"})
    file = only(path)
    assert (file.location, file.size) == (path / "messages/a.json", 2)
    assert (file.read(), file.read(1)) == (b"{}", b"{")
    assert list(tmp_path.iterdir()) == [path], "nothing was extracted"


def test_zip64_and_stored_members_are_read(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
        archive.open("a.json", "w", force_zip64=True) as member,
    ):
        member.write(b"[]")
    assert only(path).read() == b"[]"


@pytest.mark.parametrize(
    "name", ["../../etc/a.json", "/etc/a.json", "C:\\a.json", "x/../../a.json"]
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = make_zip(tmp_path / "e.zip", {name: b"{}"})
    assert (names(path), reasons(path)) == ([], ["name that leads out of its zip archive"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("messages\\inbox\\al_1\\message_1.json", "messages/inbox/al_1/message_1.json"),
        ("./messages//a.JSON", "messages/a.JSON"),
        ("CON.json", "CON.json"),
        ("Zoe\u0308_1.json", "Zoë_1.json"),
        ("a" * 300 + ".json", "a" * 300 + ".json"),
    ],
)
def test_odd_names_are_read(tmp_path: Path, name: str, expected: str) -> None:
    assert names(make_zip(tmp_path / "e.zip", {name: b"{}"})) == [expected]


def test_utf8_names_without_the_flag_are_read(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"Zoë_1.json": b"{}"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.index(signature) + offset
        (flags,) = struct.unpack_from("<H", raw, at)
        struct.pack_into("<H", raw, at, flags & ~0x800)
    path.write_bytes(raw)
    assert names(path) == ["Zoë_1.json"]
    assert only(path).read() == b"{}"


def test_names_that_differ_by_case_or_not_at_all_are_all_read(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", b"1")
        archive.writestr("A.json", b"2")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.json", b"3")
    found = [f for f in list_archive(path, everything) if isinstance(f, ExportFile)]
    assert sorted(file.read() for file in found) == [b"1", b"2", b"3"]


def test_links_and_archives_inside_are_counted(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.json")
    link.external_attr = 0o120777 << 16
    path = make_zip(tmp_path / "e.zip", {"inner.zip": b"PK"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert sorted(reasons(path)) == [
        "link that is not followed",
        "zip archive inside a zip archive",
    ]


@pytest.mark.parametrize("size", [0, 2, 60, -40])
def test_cut_archives_are_reported(tmp_path: Path, size: int) -> None:
    path = make_zip(tmp_path / "e.zip", {"a.json": b"{}" * 50})
    path.write_bytes(path.read_bytes()[:size])
    assert reasons(path) == ["broken zip archive"]


def test_damaged_member_is_reported(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"a.json": os.urandom(500), "b.json": b"{}"})
    raw = bytearray(path.read_bytes())
    raw[200] ^= 0xFF
    path.write_bytes(raw)
    bad, good = list_archive(path, everything)
    with pytest.raises(UnreadableFileError, match="broken zip archive"):
        bad.read()  # type: ignore[union-attr]
    assert good.read() == b"{}"  # type: ignore[union-attr]


def test_encrypted_member_is_reported(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"a.json": b"{}"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    path.write_bytes(raw)
    with pytest.raises(UnreadableFileError, match="encrypted"):
        only(path).read()


def test_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"a.json": b"[" + bytes(40 * 2**20)})
    assert path.stat().st_size < 2**17
    with pytest.raises(UnreadableFileError, match="zip bomb"):
        only(path).read()


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.touch()
    os.truncate(path, 600 * 2**20)  # takes no room on the disk
    (file,) = list_folder(tmp_path, everything)
    with pytest.raises(UnreadableFileError, match="size limit"):
        file.read()  # type: ignore[union-attr]


def test_many_archives_are_not_open_at_once(tmp_path: Path) -> None:
    handles = Path("/proc/self/fd")
    before = len(list(handles.iterdir())) if handles.exists() else 0
    files = [only(make_zip(tmp_path / f"{n}.zip", {"a.json": b"{}"})) for n in range(50)]
    if handles.exists():
        assert len(list(handles.iterdir())) - before < 25
    assert all(file.read() == b"{}" for file in files)


def test_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "message_1.json")
    (skipped,) = list_folder(tmp_path, everything)
    assert skipped == SkippedFile(tmp_path / "message_1.json", "device or pipe")


def test_vanished_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="unreadable file"):
        ExportFile(tmp_path / "gone.json", 2, tmp_path).read()


def test_unknown_compression_is_reported(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "e.zip", {"a.json": b"{}"})
    raw = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", raw, raw.index(signature) + offset, 9)  # Deflate64, as on Windows
    path.write_bytes(raw)
    with pytest.raises(UnreadableFileError, match="broken zip archive"):
        only(path).read()
