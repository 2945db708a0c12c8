"""Open a file that a user or a model names, only if it is a regular file.

Opening a FIFO waits for a writer, and opening a device may do anything: a folder of a model or an
adapter may hold them, by accident or not.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_JSON = 64 * 1024 * 1024
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


class NotAFileError(OSError):
    """The path names a folder, a device, a FIFO or a socket, not a regular file."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read it, without ever waiting for it.

    Raises:
        FileNotFoundError: Nothing has this name.
        NotAFileError: It is not a regular file.
        OSError: It cannot be read.
    """
    _check(path.stat(), path)
    descriptor = os.open(path, _FLAGS)
    try:
        _check(os.fstat(descriptor), path)  # it may be another one since
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int) -> bytes:
    """Read a regular file of so many bytes at most.

    Raises:
        ValueError: It is larger.
        FileNotFoundError: Nothing has this name.
        NotAFileError: It is not a regular file.
        OSError: It cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        msg = f"{path.name} is larger than {most} bytes"
        raise ValueError(msg)
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Read a model's file that holds a JSON object.

    Raises:
        ValueError: It holds something else.
        FileNotFoundError: Nothing has this name.
        NotAFileError: It is not a regular file.
        OSError: It cannot be read.
    """
    try:
        return msgspec.json.decode(read_regular(path, _LARGEST_JSON), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        msg = f"{path.name} is not valid JSON"
        raise ValueError(msg) from None


def is_regular_or_missing(path: Path) -> bool:
    """Say whether a library may try to open this, by itself."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True
    except OSError:  # such as a link to itself
        return False


def _check(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path.name} is not a regular file"
        raise NotAFileError(msg)
