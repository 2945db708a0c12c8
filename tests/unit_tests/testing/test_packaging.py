"""Folders, archives, what lies beside threads, memory, and damage."""

from __future__ import annotations

import hashlib
import json
import re
import tracemalloc
import zipfile
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exports.records import Attachment, Message, Thread
from langchain_fbmessenger.testing import (
    DAMAGES,
    Zips,
    damage,
    iter_sample_threads,
    sample_threads,
    write_export,
)

if TYPE_CHECKING:
    from pathlib import Path


def members(archive: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return opened.infolist()


def thread_with(uri: str) -> Thread:
    message = Message("Ana", 1000, attachments=(Attachment("photo", uri),))
    return Thread("ana_1", "Ana", ["Ana", "Zoë"], False, "inbox", "messenger", "Zoë", [message])  # noqa: FBT003


def test_a_zip_holds_the_files_of_the_folder(tmp_path: Path) -> None:
    folder = write_export(sample_threads(), tmp_path / "folder", wrapper="my export", seed=3)
    written = write_export(
        sample_threads(), tmp_path / "zip", wrapper="my export", seed=3, packaging="zip"
    )
    assert re.fullmatch(r"facebook-zoebrandt-2024-05-18-[A-Za-z0-9]{8}\.zip", written.path.name)
    names = [info.filename for info in members(written.path)]
    assert names == [f.relative_to(tmp_path / "folder").as_posix() for f in folder.files]
    assert all(name.startswith("my export/") for name in names)
    assert written.files == tuple(written.path / name for name in names)
    with zipfile.ZipFile(written.path) as archive:
        for name in names:
            assert archive.read(name) == (tmp_path / "folder" / name).read_bytes()


def test_parts_of_a_zip_share_all_but_the_tail_of_their_names(tmp_path: Path) -> None:
    written = write_export(
        sample_threads(),
        tmp_path,
        packaging="zips",
        messages_per_part=10,
        zips=Zips(parts=4),
        exported_on=date(2025, 1, 2),
        layout="instagram",
    )
    assert len(written.paths) == 4
    assert {p.name[:-12] for p in written.paths} == {"instagram-zoebrandt-2025-01-02-"}
    assert len({p.name for p in written.paths}) == 4
    held = [{info.filename for info in members(path)} for path in written.paths]
    assert all(held)
    assert sum(map(len, held)) == len(set().union(*held)) == len(written.files)
    folders = [{name.rpartition("/")[0] for name in names} for names in held]
    assert set.intersection(*folders), "some thread has parts in every archive"


@pytest.mark.parametrize("compressed", [True, False])
def test_how_members_are_stored(tmp_path: Path, compressed: bool) -> None:
    zips = Zips(compressed=compressed)
    path = write_export(sample_threads(), tmp_path / "a.zip", packaging="zip", zips=zips).path
    kinds = {info.compress_type for info in members(path)}
    assert path == tmp_path / "a.zip"
    assert kinds == {zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED}


def test_zip64_has_its_extra_field(tmp_path: Path) -> None:
    def header(*, zip64: bool) -> bytes:
        path = tmp_path / f"{zip64}.zip"
        write_export(sample_threads(), path, packaging="zip", zips=Zips(zip64=zip64))
        members(path)
        raw = path.read_bytes()
        name_length = int.from_bytes(raw[26:28], "little")
        return raw[30 + name_length : 32 + name_length]

    assert header(zip64=True) == b"\x01\x00"
    assert header(zip64=False) != b"\x01\x00"


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> list[str]:
        path = tmp_path / name
        paths = write_export(sample_threads(), path, packaging="zips", seed=seed).paths
        return [p.name + hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]

    assert digest("1", 5) == digest("2", 5)
    assert digest("3", 6) != digest("4", 5)


def test_media_are_dummies_below_the_root(tmp_path: Path) -> None:
    written = write_export(sample_threads(), tmp_path)
    media = [f for f in written.files if f.suffix != ".json"]
    assert {f.suffix for f in media} >= {".jpg", ".png", ".mp4", ".gif", ".pdf"}
    assert all(f.stat().st_size < 100 for f in media)
    bare = write_export(sample_threads(), tmp_path / "bare", media_files=False)
    assert {f.suffix for f in bare.files} == {".json"}
    encrypted = [thread_with("./media/0f.jpeg")]
    beside = write_export(encrypted, tmp_path / "b", variant="B", layout="e2ee-messages")
    assert beside.files[1] == tmp_path / "b/messages/media/0f.jpeg"
    path = write_export(encrypted, tmp_path / "b.zip", variant="B", packaging="zip").path
    assert [info.filename for info in members(path)] == ["Ana_1.json", "media/0f.jpeg"]


@pytest.mark.parametrize(
    "uri",
    ["../out.jpg", "/etc/out.jpg", "a/../../out.jpg", "https://x.invalid/a", "", "a\\b", "a\0"],
)
def test_no_address_leads_out_of_the_export(tmp_path: Path, uri: str) -> None:
    written = write_export([thread_with(uri)], tmp_path / "root", owner_files=False)
    assert [f.name for f in written.files] == ["message_1.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["root"]


def test_files_that_name_the_owner(tmp_path: Path) -> None:
    write_export(sample_threads(), tmp_path / "1")
    autofill = tmp_path / "1/your_facebook_activity/messages/autofill_information.json"
    profile = tmp_path / "1/personal_information/profile_information/profile_information.json"
    name = "Zoë Brandt".encode().decode("latin-1")
    assert json.loads(autofill.read_bytes())["autofill_information_v2"]["FULL_NAME"] == [name]
    assert json.loads(profile.read_bytes())["profile_v2"]["name"]["full_name"] == name
    write_export(sample_threads(), tmp_path / "2", owner_files=False)
    assert not list((tmp_path / "2").rglob("*information*"))
    write_export(sample_threads(), tmp_path / "3", owner="Ana Oak")
    found = tmp_path / "3/personal_information/profile_information/profile_information.json"
    assert "Ana Oak" in found.read_text()


@pytest.mark.parametrize("variant", ["A", "H3"])
def test_files_that_are_no_threads(tmp_path: Path, variant: Any) -> None:
    bare = write_export(sample_threads(), tmp_path / "1", variant=variant)
    more = write_export(sample_threads(), tmp_path / "2", variant=variant, other_files=True)
    names = {f.name for f in more.files} - {f.name for f in bare.files}
    expected = {"start_here.html"} if variant == "H3" else {"secret_conversations.json"}
    assert names >= expected
    assert more.messages == bare.messages


def test_two_threads_of_one_id_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="an id of its own"):
        write_export([thread_with("a.jpg")] * 2, tmp_path)


@pytest.mark.parametrize("options", [{"variant": "Z"}, {"layout": "x"}, {"packaging": "tar"}])
def test_unknown_options_name_the_known_ones(tmp_path: Path, options: Any) -> None:
    with pytest.raises(ValueError, match="Choose from: "):
        write_export([], tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("variant", ["A", "H1", "D"])
def test_memory_does_not_grow_with_the_number_of_threads(tmp_path: Path, variant: Any) -> None:
    def peak(n_threads: int) -> int:
        threads = islice(iter_sample_threads(n_messages=150), n_threads)
        tracemalloc.start()
        try:
            written = write_export(
                threads, tmp_path / f"{n_threads}.zip", variant=variant, packaging="zip",
                media_files=False,
            )  # fmt: skip
            assert written.threads == n_threads
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2)  # caches fill up once
    assert peak(16) < 1.5 * peak(4)


def json_file(folder: Path) -> Path:
    return write_export(sample_threads(n_threads=1), folder, owner_files=False).files[0]


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_changes_the_file_as_it_says(tmp_path: Path, kind: Any) -> None:
    path = json_file(tmp_path)
    before = path.read_bytes()
    assert damage(path, kind) == path
    after = path.read_bytes()
    assert after != before
    assert DAMAGES[kind].about
    try:
        texts = [m.get("content") for m in json.loads(after)["messages"] if m]
    except (ValueError, RecursionError, TypeError, AttributeError):
        texts = None
    whole = len(json.loads(before)["messages"])
    if DAMAGES[kind].costs == "file":
        assert texts is None or kind == "utf-16"  # which json alone recognises
    elif kind not in {"bom", "raw control", "huge number"}:  # which json takes with an option
        assert texts is not None
        assert len(texts) == whole


def test_damage_that_finds_no_place_is_an_error(tmp_path: Path) -> None:
    (path := tmp_path / "a.json").write_bytes(b"{}")
    with pytest.raises(ValueError, match="no place"):
        damage(path, "lone surrogate")
    with pytest.raises(ValueError, match="Choose from: bom, "):
        damage(path, "rust")  # type: ignore[arg-type]
