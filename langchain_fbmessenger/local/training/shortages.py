"""Recognise errors that mean that disk, memory or files ran out, and say what to do."""

from __future__ import annotations

import errno
import shutil
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.training.protocol import Failed

if TYPE_CHECKING:
    from pathlib import Path

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})
_NO_SPACE_WORDS = ("no space left", "disk quota", "os error 28", "file too large", "disk is full")
_NO_MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")
_NEARLY_FULL = 16 * 1024 * 1024

OUT_OF_MEMORY = (
    "The machine has too little memory for this training. Take a smaller base model, a smaller "
    "batch_size or LoRA rank, or end other programs."
)


def classify_resource_error(error: BaseException, folder: Path) -> Failed | None:
    """Return the failure of a job for which disk or memory did not suffice; None for other errors.

    Args:
        error: What was raised; libraries wrap the system's error in words of their own.
        folder: Where the job writes.
    """
    words = str(error).lower()
    if isinstance(error, MemoryError) or any(part in words for part in _NO_MEMORY_WORDS):
        return Failed("out_of_memory", OUT_OF_MEMORY)
    if is_disk_full(error) or (isinstance(error, RuntimeError) and _free(folder) < _NEARLY_FULL):
        free = _free(folder) // 2**20
        msg = f"The disk of the state folder is full ({free} MiB free). Make room and start anew."
        return Failed("insufficient_storage", msg)
    return None


def is_disk_full(error: BaseException) -> bool:
    """Say whether an error means that the disk, a quota or a limit of file sizes is exhausted."""
    return getattr(error, "errno", None) in _NO_SPACE or any(
        part in str(error).lower() for part in _NO_SPACE_WORDS
    )


def is_out_of_files(error: BaseException) -> bool:
    """Say whether an error means that no more files can be opened for now."""
    return getattr(error, "errno", None) in _NO_FILES


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
