"""What `purge_state` removes, and above all what it does not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import LocalServerError
from langchain_fbmessenger._internal.home import locked
from langchain_fbmessenger.local.jobs.store import Store
from langchain_fbmessenger.local.process import launcher
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.state import Amount, purge_state, survey_state

if TYPE_CHECKING:
    from pathlib import Path

ID = "0123456789abcdef01234567"
KEY = "0" * 64
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="links and rights are POSIX's")


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"chat")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder with something of each kind, as a server and clients leave it."""
    home = Home.open(tmp_path / "home")
    Store(home.database).close()
    put(
        home.root,
        f"files/file-{ID}",
        f"jobs/ftjob-{ID}/spec.json",
        f"jobs/ftjob-{ID}/training.log",
        f"jobs/ftjob-{ID}/adapter/adapter_model.safetensors",
        f"jobs/ftjob-{ID}/epochs/12/adapter_model.safetensors",
        f"jobs/ftjob-{ID}/epochs/24/adapter_model.safetensors",
        f"jobs/ftjob-{ID}/checkpoints/checkpoint-3/state.pt",
        f"adapters/adapter-{ID}/adapter_config.json",
        f"adapters/adapter-{ID}.partial/adapter_config.json",
        f"bases/{ID}/model.safetensors",
        "bases/converting-ab_12/model.safetensors",
        f"manifests/{KEY}-a1b2c3d4.json",
        f"manifests/{KEY}.lock",
        "manifests/write.lock",
        "outgoing/tmpab12_xyz/training.jsonl",
        "fetched/ftjob-9/adapter_config.json",
        "fetched/job-of-somebody/adapter_config.json",
        f"prepared/{KEY}.json",
        f"prepared/ftjob-{ID}.json",
        f"prepared/{KEY[:40]}.0123456789abcdef.partial",
        f"prepared/ftjob-{ID}.json.0123456789abcdef.partial",
        f"evaluations/ftjob-{ID}.jsonl",
        f"evaluations/{KEY}.jsonl",
        "server.log",
        "reserve",
        "server.lock",
        "start.lock",
    )
    return home.root


def test_survey_counts_by_kind_and_changes_nothing(home: Path) -> None:
    before = sorted(home.rglob("*"))
    found = survey_state(home)
    assert {kind: amount.count for kind, amount in found.kinds.items()} == {
        "uploads": 2,
        "jobs": 1,
        "adapters": 7,
        "checkpoints": 1,
        "converted bases": 2,
        "manifests": 3,
        "preparations": 4,
        "answers": 2,
        "logs": 2,
        "database": 2,
    }
    assert found.kinds["uploads"] == Amount(2, 8)
    assert found.foreign == []
    assert sorted(home.rglob("*")) == before


def test_purge_leaves_nothing(home: Path) -> None:
    purged = purge_state(home)
    assert not home.exists()
    assert (purged.stopped_server, purged.failed, purged.foreign) == (False, [], [])
    assert purged.kinds["jobs"].count == 1
    assert purge_state(home).kinds == {}


def test_what_is_not_ours_is_left_and_named(home: Path) -> None:
    theirs = (
        "taxes.pdf",
        "files/file-of-mine",
        "files/thesis/chapter-1",
        "jobs/application.odt",
        f"jobs/ftjob-{ID}.backup",
        "manifests/app.json",
        "bases/army.txt",
        "outgoing/letter.txt",
        "fetched/mail/inbox",
        "prepared/speech.json",
        "evaluations/pupils.jsonl",
    )
    put(home, *theirs)
    purged = purge_state(home)
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert left == set(theirs)
    assert {str(path.relative_to(home)) for path in purged.foreign} == {
        *set(theirs) - {"files/thesis/chapter-1", "fetched/mail/inbox"},
        "files/thesis",
        "fetched/mail",
    }


def test_folder_of_somebody_else_is_not_touched_at_all(tmp_path: Path) -> None:
    """As where LANGCHAIN_FBMESSENGER_HOME names a folder of other things by mistake."""
    theirs = ("state.db", "reserve", "server.log", "server.json", "server.lock", "jobs/cv.odt")
    put(tmp_path, *theirs)
    purged = purge_state(tmp_path)
    assert purged.kinds == {}
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()} == {*theirs}


def test_a_folder_that_is_not_there_is_empty_and_not_made(tmp_path: Path) -> None:
    assert survey_state(tmp_path / "none").kinds == purge_state(tmp_path / "none").kinds == {}
    assert not (tmp_path / "none").exists()


@posix_only
def test_job_moved_elsewhere_is_one_job_whose_link_goes(home: Path, tmp_path: Path) -> None:
    put(tmp_path, "disk/adapter/adapter_model.safetensors")
    job = home / "jobs" / "ftjob-fedcba987654321001234567"
    before = survey_state(home).kinds
    job.symlink_to(tmp_path / "disk")
    after = survey_state(home).kinds
    assert after["jobs"].count == before["jobs"].count + 1
    assert after["adapters"] == before["adapters"]
    purge_state(home)
    assert not home.exists()
    assert (tmp_path / "disk/adapter/adapter_model.safetensors").read_bytes() == b"chat"


@posix_only
def test_links_are_removed_and_never_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    put(outside, "photo.jpg", f"{ID}/model.safetensors")
    (home / "jobs" / f"ftjob-{ID}" / "link").symlink_to(outside)
    (home / "files" / f"file-{ID[::-1]}").symlink_to(outside / "photo.jpg")
    (home / "bases" / f"{ID[::-1]}").symlink_to(outside)
    purged = purge_state(home)
    assert not home.exists()
    assert sorted(path.name for path in outside.rglob("*")) == [
        ID,
        "model.safetensors",
        "photo.jpg",
    ]
    assert purged.failed == []


@posix_only
@pytest.mark.parametrize("is_broken", [False, True])
def test_folder_moved_elsewhere_is_named(home: Path, tmp_path: Path, *, is_broken: bool) -> None:
    moved = tmp_path / "large disk"
    (home / "bases").rename(moved)
    (home / "bases").symlink_to(tmp_path / "gone" if is_broken else moved)
    purged = purge_state(home)
    assert not home.exists()
    assert purged.foreign == [tmp_path / "gone" if is_broken else moved]
    assert (moved / ID / "model.safetensors").exists()


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may do anything")
def test_what_cannot_be_removed_is_named_and_the_rest_is_gone(home: Path) -> None:
    locked_up = home / "jobs" / f"ftjob-{ID}" / "adapter"
    locked_up.chmod(0o500)
    purged = purge_state(home)
    locked_up.chmod(0o700)
    assert locked_up / "adapter_model.safetensors" in purged.failed
    assert not (home / "files").exists()


def test_file_that_cannot_be_removed_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "denied", str(path))

    monkeypatch.setattr(f"{type(home).__module__}.{type(home).__name__}.unlink", refuse)
    purged = purge_state(home)
    assert home / "state.db" in purged.failed
    assert not (home / "jobs").exists()


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00broken"])
def test_broken_database_is_removed_like_a_whole_one(home: Path, content: bytes) -> None:
    (home / "state.db").write_bytes(content)
    (home / "state.db-wal").write_bytes(b"chat")
    purge_state(home)
    assert not home.exists()


@pytest.mark.parametrize("address", [b"", b"{}", b"no json"])
def test_address_of_a_dead_server_does_not_stop_a_purge(home: Path, address: bytes) -> None:
    (home / "server.json").write_bytes(address)
    purge_state(home)
    assert not home.exists()


def test_server_that_does_not_answer_is_in_the_way_and_nothing_goes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_SILENT_TIMEOUT", 0.5)  # it is not going to answer
    with locked(home / "server.lock", timeout=0) as held:
        assert held
        with pytest.raises(LocalServerError, match="does not answer"):
            purge_state(home)
    assert (home / "files" / f"file-{ID}").exists()
    purge_state(home)
    assert not home.exists()
