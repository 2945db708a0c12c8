"""Mark checkpoints that are whole, and find the newest of them.

`transformers.Trainer` writes a checkpoint file by file. A process that is killed meanwhile leaves
a folder that looks like one, so a mark is written when all of it is on the disk.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = "checkpoint-"
_MARK = "complete"


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest whole checkpoint in a folder, and remove what was left half-written."""
    whole: list[Path] = []
    for path in folder.glob(f"{_PREFIX}*"):
        if (path / _MARK).exists():
            whole.append(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
    return max(whole, key=step_of, default=None)


def checkpoint_of(folder: Path, step: int) -> Path:
    """Return where Trainer writes the checkpoint of a step."""
    return folder / f"{_PREFIX}{step}"


def step_of(checkpoint: Path) -> int:
    """Return the optimizer steps that a checkpoint has behind it."""
    return int(checkpoint.name.removeprefix(_PREFIX))


def mark_complete(checkpoint: Path) -> None:
    """Say that a checkpoint is whole, once the disk has it: a power cut must not fake one."""
    for path in checkpoint.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    (checkpoint / _MARK).touch()
