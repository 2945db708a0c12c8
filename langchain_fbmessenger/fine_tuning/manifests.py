"""Remember each job on this machine: hashes, settings and figures, never chats.

A manifest finds a job again where its provider does not, and says later what a model was made of.
Each is a JSON file in the state folder that only its owner can read (0600).
"""

from __future__ import annotations

import logging
import platform
import time
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.home import (
    HOME_VARIABLE,
    default_home,
    locked,
    private_folder,
    write_private,
)
from langchain_fbmessenger._version import __version__
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.losses import (
    LossPoint,  # noqa: TC001  # msgspec evaluates the annotations
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FileEntry", "Manifest", "Manifests", "state_folder", "versions"]

_WRITE_LOCK_S = 30.0
_logger = logging.getLogger(__name__)


class FileEntry(msgspec.Struct, kw_only=True):
    """A file of a job: what it was, without its words."""

    role: str
    sha256: str
    bytes: int
    examples: int
    id: str | None = None


class Manifest(msgspec.Struct, kw_only=True):
    """What is remembered of a job.

    Attributes:
        key: What identifies the job, see `job_key`.
        attempt: Tells submits of the same job apart.
        provider: As `FineTuner(provider=...)` takes it.
        host: Where it was sent to.
        metadata: What travels with the job where the provider keeps it: its system prompt.
    """

    key: str
    attempt: str
    provider: str
    host: str
    model: str
    files: list[FileEntry]
    settings: dict[str, Any]
    metadata: dict[str, str]
    versions: dict[str, str]
    created_at: int = msgspec.field(default_factory=lambda: int(time.time()))
    job_id: str | None = None
    status: str | None = None
    fine_tuned_model: str | None = None
    finished_at: int | None = None
    losses: list[LossPoint] = []
    keep_files: bool = False
    files_deleted: bool = False

    @property
    def file_ids(self) -> list[str]:
        """The ids of the files that were uploaded."""
        return [file.id for file in self.files if file.id is not None]


class Manifests:
    """The manifests of a state folder.

    Raises:
        FineTuningError: The folder cannot be used.
    """

    def __init__(self) -> None:
        self._folder = state_folder("manifests")

    @contextmanager
    def submitting(self, key: str, *, timeout: float) -> Iterator[None]:
        """Let one process at a time submit the job of that key.

        Raises:
            FineTuningError: Another process has not finished in time.
        """
        with locked(self._folder / f"{key}.lock", timeout=timeout) as held:
            if not held:
                message = f"another process has been submitting this very job for {timeout:g} s"
                raise FineTuningError(message, code="locked")
            yield

    def with_key(self, key: str) -> list[Manifest]:
        """Return the manifests of a key, newest first."""
        found = [one for one in self._all(f"{key}-*.json") if one.key == key]
        return sorted(found, key=lambda one: one.created_at, reverse=True)

    def of_job(self, job_id: str, provider: str) -> Manifest | None:
        """Return the manifest of a job, if it was submitted from here."""
        for one in self._all("*.json"):
            if (one.job_id, one.provider) == (job_id, provider):
                return one
        return None

    def write(self, manifest: Manifest) -> None:
        """Write a manifest, all of it or nothing."""
        path = self._path(manifest)
        with locked(self._folder / "write.lock", timeout=_WRITE_LOCK_S):
            write_private(path, msgspec.json.format(msgspec.json.encode(manifest)))

    def remove(self, manifest: Manifest) -> None:
        """Delete a manifest."""
        self._path(manifest).unlink(missing_ok=True)

    def _path(self, manifest: Manifest) -> Path:
        return self._folder / f"{manifest.key}-{manifest.attempt}.json"

    def _all(self, pattern: str) -> Iterator[Manifest]:
        for path in sorted(self._folder.glob(pattern)):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Manifest)
            except (OSError, msgspec.DecodeError):
                _logger.warning("a manifest cannot be read and is skipped: %s", path.name)


def state_folder(name: str) -> Path:
    """Return a folder within the state folder, made if it is not there.

    Raises:
        FineTuningError: It cannot be made.
    """
    try:
        return private_folder(default_home() / name)
    except OSError as error:
        message = (
            f"the state folder cannot be written to ({error.strerror}): set {HOME_VARIABLE} to a "
            "folder that can"
        )
        raise FineTuningError(message, code="no_state_folder") from error


def versions() -> dict[str, str]:
    """Return the versions that a job is made with."""
    found = {"langchain-fbmessenger": __version__, "python": platform.python_version()}
    for package in ("openai", "langchain-openai"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
