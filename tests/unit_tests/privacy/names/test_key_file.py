"""The key file: whose it is, what may be wrong with it, and several users at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.names import NameBook, restore_names
from langchain_fbmessenger.privacy.names.key_file import changing_key, read_key

if TYPE_CHECKING:
    from pathlib import Path

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="rights of files are POSIX's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix_only
def test_the_key_is_its_owners_alone_and_says_what_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "names.key"

    NameBook(path).learn([Person("Milo Dvořák")])

    assert mode(path) == 0o600
    assert mode(tmp_path) == 0o755
    held = json.loads(path.read_text())
    assert held["kind"] == "langchain-fbmessenger names"
    assert "private" in held["note"]
    assert sorted(held["names"]) == ["Dvořák", "Milo"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["names.key", "names.key.lock"]


@posix_only
def test_a_key_that_others_may_read_is_shut(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    NameBook(path)
    path.chmod(0o644)

    NameBook(path)

    assert mode(path) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"secret words",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"kind": "langchain-fbmessenger names", "version": 1, "secret": "secret words"}',
        b'{"version": 1, "secret": "eA==", "names": {}, "people": []}',
        b'{"secret": "%s", "names": {}, "people": [[]]}' % (b"A" * 43 + b"="),
        '{{"secret": "{}", "names": {{}}, "people": []}}'.format("é" * 44).encode(),
    ],
)
def test_another_file_is_an_error_that_quotes_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "names.key"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="not a key file") as caught:
        NameBook(path)

    assert str(path) in str(caught.value)
    assert "secret words" not in str(caught.value)
    assert path.read_bytes() == content


def test_names_that_a_key_has_lost_are_invented_again(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    NameBook(path).learn([Person("Milo Dvořák", ("Milo Novák",))])
    before = json.loads(path.read_text())
    path.write_text(json.dumps(before | {"names": {}}))

    assert restore_names("Milo", key=path) == "Milo"
    assert NameBook(path).invented("Milo Dvořák") == "{Milo} {Dvořák}".format_map(before["names"])
    assert json.loads(path.read_text())["names"].keys() == before["names"].keys()


@posix_only
def test_a_link_to_a_key_stays_a_link(tmp_path: Path) -> None:
    link, path = tmp_path / "here.key", tmp_path / "safe" / "names.key"
    path.parent.mkdir()
    link.symlink_to(path)

    NameBook(link).learn([Person("Milo Dvořák")])

    assert link.is_symlink()
    assert read_key(path).people == [("Milo Dvořák",)]
    assert [*tmp_path.glob("*.lock")] == []


def test_other_versions_folders_and_missing_folders_are_told(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    NameBook(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))

    with pytest.raises(ValueError, match="another version"):
        NameBook(path)
    with pytest.raises(ValueError, match="is a folder"):
        NameBook(tmp_path)
    with pytest.raises(ValueError, match="no folder"):
        NameBook(tmp_path / "none" / "names.key")


def test_the_key_is_written_when_somebody_new_is_met_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    book = NameBook(path)
    book.learn([Person("Milo Dvořák")])
    written = path.stat().st_mtime_ns, path.stat().st_ino

    book.learn([Person("Milo Dvořák")])
    book.invented("milo dvořák")
    NameBook(path)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written

    book.learn([Person("Zoë")])
    assert "Zoë" in read_key(path).names


def test_thousands_of_people_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = NameBook(tmp_path / "names.key")
    writes = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (writes.append(paths), replace(*paths)))

    book.learn(Person(f"Person{chr(97 + i % 26)} Name{chr(97 + i // 26)}") for i in range(300))

    assert len(writes) <= 1


def test_keys_that_differ_in_their_suffix_do_not_meet(tmp_path: Path) -> None:
    with changing_key(tmp_path / "names.a"), changing_key(tmp_path / "names.b"):
        pass

    assert read_key(tmp_path / "names.a").secret != read_key(tmp_path / "names.b").secret


def test_a_key_that_was_replaced_meanwhile_is_told(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    book = NameBook(path)
    path.unlink()

    with pytest.raises(ValueError, match="replaced"):
        book.learn([Person("Milo")])


def _learn(path: Path, names: list[str]) -> dict[str, str]:
    book = NameBook(path)
    for name in names:
        book.learn([Person(name)])
    return {name: book.invented(name) for name in names}


def test_several_processes_lose_nothing_and_agree(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    shared = ["Milo Dvořák", "Jana Nováková", "Zoë Brandt"]
    lists = [[*shared, f"Only{letter} Known"] for letter in "abcd"]

    with multiprocessing.get_context("spawn").Pool(4) as pool:
        books = pool.starmap(_learn, [(path, names) for names in lists])

    book = NameBook(path)
    for names in books:
        assert all(book.invented(real) == invented for real, invented in names.items())
    names = read_key(path).names
    assert len(set(names.values())) == len(names)
