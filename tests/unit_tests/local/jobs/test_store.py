from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.jobs.store import Store, sweep
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import EventRecord, FileRecord, JobRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.records import JobStatus


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state.db")
    yield store
    store.close()


def job(number: int) -> JobRecord:
    return JobRecord(id=f"ftjob-{number}", model="m", training_file="f", created_at=0, seed=1)


def event(number: int, job_id: str) -> EventRecord:
    return EventRecord(id=f"ftevent-{number}", job_id=job_id, created_at=0, message="m")


def test_records_survive_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.db")
    first.add(job(1))
    first.update_job("ftjob-1", status="running", metadata={"k": "v"})
    first.close()

    second = Store(tmp_path / "state.db")
    found = second.get(JobRecord, "ftjob-1")
    second.close()

    assert found is not None
    assert (found.status, found.metadata) == ("running", {"k": "v"})


def test_pages_go_from_the_newest_on(store: Store) -> None:
    for number in range(5):
        store.add(job(number))

    first = [record.id for record in store.page(JobRecord, limit=2)]
    second = [record.id for record in store.page(JobRecord, limit=2, after=first[-1])]

    assert first == ["ftjob-4", "ftjob-3"]
    assert second == ["ftjob-2", "ftjob-1"]


def test_events_are_those_of_one_job(store: Store) -> None:
    store.add(event(1, "ftjob-1"))
    store.add(event(2, "ftjob-2"))

    assert [found.id for found in store.page(EventRecord, parent="ftjob-2")] == ["ftevent-2"]


def test_the_oldest_job_is_taken_first(store: Store) -> None:
    for number in range(3):
        store.add(job(number))
        store.update_job(f"ftjob-{number}", status="queued")
    store.update_job("ftjob-0", status="succeeded")

    assert [found.id for found in store.jobs_in("queued")] == ["ftjob-1", "ftjob-2"]


def test_a_job_is_moved_only_from_the_states_given(store: Store) -> None:
    store.add(job(1))

    first: set[JobStatus] = {"validating_files"}
    later: set[JobStatus] = {"running"}

    assert store.move_job("ftjob-1", "cancelled", only_from=first, finished_at=9)
    assert not store.move_job("ftjob-1", "succeeded", only_from=later)
    assert not store.move_job("ftjob-none", "succeeded", only_from=later)
    found = store.get(JobRecord, "ftjob-1")
    assert found is not None
    assert (found.status, found.finished_at) == ("cancelled", 9)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def add_twice() -> None:
        with store.transaction():
            store.add(job(1))
            store.add(job(1))

    with pytest.raises(sqlite3.IntegrityError):
        add_twice()

    assert store.page(JobRecord) == []


def test_a_deleted_record_is_gone(store: Store) -> None:
    store.add(FileRecord(id="file-1", filename="x", bytes=1, created_at=0))
    store.delete(FileRecord, "file-1")

    assert store.get(FileRecord, "file-1") is None


def test_changing_an_unknown_job_fails(store: Store) -> None:
    with pytest.raises(KeyError):
        store.update_job("ftjob-none", status="queued")


def test_what_nothing_names_is_removed_and_all_else_stays(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    store = Store(home.database)
    store.add(FileRecord(id="file-1", filename="x", bytes=1, created_at=0))
    store.add(JobRecord(id="ftjob-1", model="m", training_file="file-1", created_at=0, seed=1))
    for path in (home.files / "file-1", home.files / "file-2"):
        path.write_text("a chat")
    folders = [home.jobs / "ftjob-1", home.jobs / "ftjob-2", home.bases / "converting-x"]
    for folder in [*folders, home.bases / "0123"]:
        folder.mkdir()
        (folder / "weights").touch()

    sweep(home, store)

    assert [path.name for path in home.files.iterdir()] == ["file-1"]
    assert [path.name for path in home.jobs.iterdir()] == ["ftjob-1"]
    assert [path.name for path in home.bases.iterdir()] == ["0123"]
    store.close()
