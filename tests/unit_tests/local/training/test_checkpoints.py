from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.local.training.checkpoints import (
    checkpoint_of,
    mark_complete,
    newest_checkpoint,
    step_of,
)

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, step: int, *, is_whole: bool) -> Path:
    path = checkpoint_of(folder, step)
    path.mkdir()
    (path / "optimizer.pt").write_bytes(b"x")
    if is_whole:
        mark_complete(path)
    return path


def test_the_newest_whole_checkpoint_is_found_by_its_step(tmp_path: Path) -> None:
    written(tmp_path, 9, is_whole=True)
    newest = written(tmp_path, 100, is_whole=True)

    assert newest_checkpoint(tmp_path) == newest
    assert step_of(newest) == 100


def test_a_half_written_checkpoint_is_passed_over_and_removed(tmp_path: Path) -> None:
    whole = written(tmp_path, 5, is_whole=True)
    half = written(tmp_path, 10, is_whole=False)

    assert newest_checkpoint(tmp_path) == whole
    assert not half.exists()


def test_a_new_job_has_none(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path / "not-there") is None
