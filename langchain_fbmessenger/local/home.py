"""Local server: the state folder, what lies where in it and who may use it.

The folder holds private chats and what was learnt from them, so nothing in it is readable by
others: the folder is 0700, and the server and its children run with a umask of 0077.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import LocalServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

HOME_VARIABLE = "LANGCHAIN_FBMESSENGER_HOME"
PRIVATE_UMASK = 0o077

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


@dataclass(frozen=True)
class Home:
    """The paths inside a state folder."""

    root: Path

    @classmethod
    def open(cls, root: Path | None) -> Home:
        """Make sure that the folder exists and is private."""
        home = cls((root or default_home()).absolute())
        try:
            for folder in (home.root, home.files, home.jobs, home.bases):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.root.chmod(0o700)
        except OSError as error:
            msg = f"The state folder {home.root} cannot be used ({error.strerror})."
            raise LocalServerError(msg) from error
        return home

    @property
    def files(self) -> Path:
        """Uploaded files, each under its id."""
        return self.root / "files"

    @property
    def jobs(self) -> Path:
        """A folder per job: its spec, log and adapter."""
        return self.root / "jobs"

    @property
    def bases(self) -> Path:
        """Converted base models."""
        return self.root / "bases"

    @property
    def database(self) -> Path:
        """Jobs, events, files and models."""
        return self.root / "state.db"

    @property
    def address(self) -> Path:
        """Where the running server writes its address, key and pid."""
        return self.root / "server.json"

    @property
    def reserve(self) -> Path:
        """Room on the disk that is given up when it is full, so that this can be written down."""
        return self.root / "reserve"

    @property
    def log(self) -> Path:
        """What a server that was started in the background prints."""
        return self.root / "server.log"

    @property
    def server_lock(self) -> Path:
        """Held by the running server."""
        return self.root / "server.lock"

    @property
    def start_lock(self) -> Path:
        """Held by a client while it starts a server."""
        return self.root / "start.lock"


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only."""
    aside = path.with_suffix(".partial")
    with contextlib.suppress(FileNotFoundError):
        aside.unlink()
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    aside.replace(path)


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
