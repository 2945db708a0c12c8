"""Describe the state folder: what lies where in it, and who may use it.

The folder holds private chats and what was learnt from them, so nothing in it is readable by
others: the folder is 0700, and the server and its children run with a umask of 0077.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  # a field's type

from langchain_fbmessenger._internal.home import (
    HOME_VARIABLE,
    default_home,
    locked,
    private_folder,
    state_root,
    write_private,
)
from langchain_fbmessenger.exceptions import LocalServerError, MissingFolderError

__all__ = [
    "HOME_VARIABLE",
    "PRIVATE_UMASK",
    "UNFINISHED_BASE",
    "Home",
    "JobFolder",
    "default_home",
    "locked",
    "write_private",
]

PRIVATE_UMASK = 0o077
UNFINISHED_BASE = "converting-"
"""How the folder of a base begins while it is being converted."""


@dataclass(frozen=True)
class JobFolder:
    """The paths inside the folder of a job; the job's own child has `Path()` as root."""

    root: Path

    @property
    def spec(self) -> Path:
        """What the training child is to do."""
        return self.root / "training.json"

    @property
    def log(self) -> Path:
        """What the training child prints."""
        return self.root / "training.log"

    @property
    def lock(self) -> Path:
        """Held by the training child."""
        return self.root / "training.lock"

    @property
    def checkpoints(self) -> Path:
        """What training goes on from when it was cut off."""
        return self.root / "checkpoints"

    @property
    def epochs(self) -> Path:
        """The adapters of the last epochs, each in a folder named by its step."""
        return self.root / "epochs"

    @property
    def adapter(self) -> Path:
        """The adapter that the job has made."""
        return self.root / "adapter"


@dataclass(frozen=True)
class Home:
    """The paths inside a state folder."""

    root: Path

    @classmethod
    def open(cls, root: Path | None) -> Home:
        """Make sure that the folder exists, is private and can be written to.

        Raises:
            LocalServerError: It cannot be used.
        """
        home = cls.at(root)
        try:
            for folder in (home.root, home.files, home.jobs, home.bases, home.incoming):
                private_folder(folder, home.root)
        except OSError as error:
            msg = f"The state folder {home.root} cannot be used ({error.strerror})."
            raise LocalServerError(msg) from error
        return home

    @classmethod
    def at(cls, root: Path | None) -> Home:
        """Say where things are, without making anything.

        Raises:
            LocalServerError: A state folder cannot be there.
        """
        try:
            return cls(default_home() if root is None else state_root(root))
        except MissingFolderError as error:
            msg = f"The state folder cannot be used: {error}."
            raise LocalServerError(msg) from None

    @property
    def files(self) -> Path:
        """Uploaded files, each under its id."""
        return self.root / "files"

    @property
    def jobs(self) -> Path:
        """A folder per job; see `JobFolder`."""
        return self.root / "jobs"

    def job(self, job_id: str) -> JobFolder:
        """Return the folder of a job."""
        return JobFolder(self.jobs / job_id)

    @property
    def adapters(self) -> Path:
        """Adapters that were trained elsewhere, a folder each."""
        return self.root / "adapters"

    def name_of(self, path: Path) -> str:
        """Return the name by which records remember what lies in the folder."""
        return path.relative_to(self.root).as_posix()

    @property
    def bases(self) -> Path:
        """Converted base models."""
        return self.root / "bases"

    @property
    def incoming(self) -> Path:
        """Uploads while they arrive."""
        return self.root / "incoming"

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
