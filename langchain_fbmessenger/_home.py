"""The state folder: where it is, and how several processes use it without harm.

Clients keep the manifests of their jobs in it and the local server everything that it has, so what
both need stands here.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

__all__ = ["HOME_VARIABLE", "default_home", "locked", "private_folder", "write_private"]

HOME_VARIABLE = "LANGCHAIN_FBMESSENGER_HOME"

_APP = "langchain-fbmessenger"
_LOCK_POLL_SECONDS = 0.05


def default_home() -> Path:
    """Return the state folder: `LANGCHAIN_FBMESSENGER_HOME`, else the platform's place for data."""
    if chosen := os.environ.get(HOME_VARIABLE):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / _APP


def private_folder(path: Path) -> Path:
    """Make a folder, and those up to the state folder where it is in that, for its owner alone.

    Raises:
        OSError: It cannot be made.
    """
    root = default_home()
    if root in path.parents:
        private_folder(path.parent)  # `mkdir` makes parents with the rights that are usual
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path == root:
        path.chmod(0o700)  # it may have been made by somebody else
    return path


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only."""
    aside = path.with_name(f"{path.name}.partial")  # files may differ in their suffix alone
    with contextlib.suppress(FileNotFoundError):
        aside.unlink()
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        aside.replace(path)
    except BaseException:  # a full disk, a folder of that name: what it holds must not stay behind
        aside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(path: Path, *, timeout: float) -> Iterator[bool]:
    """Hold an exclusive lock on a file, if it can be had in time.

    The system lets go of it when the process ends, however it ends.

    Args:
        path: The lock file; it stays behind, empty.
        timeout: Seconds to wait for another holder; 0 tries once.

    Yields:
        Whether the lock is held.
    """
    deadline = time.monotonic() + timeout
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        while not (held := _try_lock(file)) and time.monotonic() < deadline:
            time.sleep(_LOCK_POLL_SECONDS)
        yield held


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
