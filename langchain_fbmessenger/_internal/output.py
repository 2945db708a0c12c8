"""Write files at paths that a user names, where a file, a link or a pipe may stand."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import MissingFolderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

__all__ = ["is_stdout", "is_stream", "real_path", "writing"]

_BUFFER = 2**18  # bytes written at once: a line is some 1,000
_MOST_LINKS = 40  # as Linux has it
# Other errors may be of what is read meanwhile.
_OF_WRITING = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EBADF, errno.EPIPE}


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Yield a stream that writes to a path, where something else than a file may stand.

    A file is for its owner alone and replaced in one step: after a failure it is as it was. A link
    stays a link, and its target is written. A pipe, a device or a descriptor of this process (such
    as `/dev/stdout` or a shell's `>(…)`) is written to directly.

    Raises:
        MissingFolderError: The folder of the path does not exist.
        OSError: It cannot be written.
    """
    path = Path(path)
    try:
        if is_stream(path):
            with _stream(path) as stream:
                yield stream
        else:
            with _replacing(real_path(path)) as file:
                yield file
    except OSError as error:
        if error.errno in _OF_WRITING and error.filename is None:
            error.filename = str(path)
        raise


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path without links.

    Raises:
        MissingFolderError: Links form a loop, for which `Path.resolve` raises a RuntimeError.
    """
    real = Path(os.path.realpath(path))
    if real.is_symlink():
        message = f"There is nothing behind {str(path)!r}: its links lead to each other"
        raise MissingFolderError(message)
    return real


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is no regular file, so that it cannot be replaced or read again."""
    with suppress(OSError):
        return _descriptor(path) is not None or not S_ISREG(Path(path).stat().st_mode)
    return False


def is_stdout(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is what this process's standard output goes to."""
    with suppress(OSError, ValueError, AttributeError):  # stdout may be missing, or no system file
        return os.path.samestat(Path(path).stat(), os.fstat(sys.stdout.fileno()))
    return False


def _stream(path: Path) -> IO[bytes]:
    number = _descriptor(path)
    if number is None:
        return path.open("wb")
    # Opened by name, a file would be truncated, and a socket could not be opened.
    return os.fdopen(os.dup(number), "wb")


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """Return the descriptor of this process that a path leads to, if it leads to one.

    Links of descriptors lead further, to names like `pipe:[123]` that the file system lacks.
    """
    own = re.compile(rf"/dev/fd|/proc/{os.getpid()}(/task/\d+)?/fd")
    place = os.path.abspath(path)  # noqa: PTH100 - pathlib has no such form that keeps links
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(place)
        folder = os.path.realpath(folder)
        if name.isdecimal() and own.fullmatch(folder):
            return int(name)
        place = os.path.join(folder, name)  # noqa: PTH118 - see above
        if not os.path.islink(place):  # noqa: PTH114 - see above
            return None
        place = os.path.join(folder, os.readlink(place))  # noqa: PTH115, PTH118 - see above
    return None


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    if not path.parent.is_dir():
        message = f"There is no folder {str(path.parent)!r}"
        raise MissingFolderError(message)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb", buffering=_BUFFER) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
