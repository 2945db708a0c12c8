from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.local.jobs.store import Store
from langchain_fbmessenger.local.jobs.sweep import sweep
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import FileRecord, JobRecord

if TYPE_CHECKING:
    from pathlib import Path


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
