from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.training.shortages import classify_resource_error, is_disk_full

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_too_little_memory_is_told_as_such(error: Exception, tmp_path: Path) -> None:
    failed = classify_resource_error(error, tmp_path)

    assert failed is not None
    assert failed.code == "out_of_memory"
    assert "batch_size" in failed.message


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_told_as_such(error: Exception, tmp_path: Path) -> None:
    failed = classify_resource_error(error, tmp_path)

    assert is_disk_full(error)
    assert failed is not None
    assert failed.code == "insufficient_storage"
    assert str(tmp_path) not in failed.message


def test_other_errors_are_not_told_as_a_shortage(tmp_path: Path) -> None:
    assert classify_resource_error(ValueError("no tensor for lm_head"), tmp_path) is None
    assert (
        classify_resource_error(FileNotFoundError(errno.ENOENT, "No such file"), tmp_path) is None
    )
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
