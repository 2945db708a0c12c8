"""What this package keeps on a machine, and how all of it is removed.

A state folder may be shared by mistake: `LANGCHAIN_FBMESSENGER_HOME=~` is set quickly. So what is
ours is told by its name, down to the ids that the server and its clients give; all else is left
where it is, and named.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from langchain_fbmessenger._internal.home import default_home, locked, state_root
from langchain_fbmessenger._internal.shown import Shown, html_table
from langchain_fbmessenger.exceptions import LocalServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Amount", "PurgedState", "StateSurvey", "purge_state", "survey_state"]

_ID = "[0-9a-f]{24}"
# Files of a job, or of a training file, by its hash; and one of them that was being written.
_OF_JOB = "([0-9a-f]{64}|ftjob-[A-Za-z0-9-]+)"
_PARTIAL = r"([0-9a-f]{40}|ftjob-[A-Za-z0-9.-]+)\.([0-9a-f]{16}\.)?partial"
# By folder, what stands in it by our hand; names that others give are told by what is in them.
_OURS = {
    "files": re.compile(f"file-{_ID}"),
    "jobs": re.compile(f"ftjob-{_ID}"),
    "adapters": re.compile(rf"adapter-{_ID}(\.partial)?"),
    "bases": re.compile(f"{_ID}|converting-.*"),
    "manifests": re.compile(
        r"[0-9a-f]{64}(-[0-9a-f]+)?\.(json|lock)|[0-9a-f]{40}"
        r"\.([0-9a-f]{16}\.)?partial|write\.lock"
    ),
    "outgoing": re.compile("tmp[a-z0-9_]{8}"),
    "incoming": re.compile("tmp[a-z0-9_]{8}"),
    "previews": re.compile("tmp[a-z0-9_]{8}"),
    "fetched": re.compile("ftjob-.*"),
    "prepared": re.compile(rf"{_OF_JOB}\.json|{_PARTIAL}"),
    "evaluations": re.compile(rf"{_OF_JOB}\.(jsonl|html)|{_PARTIAL}"),
}
_FETCHED = "adapter_config.json"
_OF_SERVER = ("files", "jobs", "bases")
"""The folders that each server makes first: without them, a `state.db` is somebody else's."""
_SERVER_FILES = re.compile(
    r"state\.db(-wal|-shm|-journal)?|server\.json(\.([0-9a-f]{16}\.)?partial)?|server\.log|reserve"
)
_SERVER_LOCK = "server.lock"
_LOCKS = ("start.lock", _SERVER_LOCK)
_START_SECONDS = 60.0
_KINDS = {
    "files": "uploads",
    "outgoing": "uploads",
    "incoming": "uploads",
    "previews": "previews",
    "bases": "converted bases",
    "manifests": "manifests",
    "adapters": "adapters",
    "fetched": "adapters",
    "prepared": "preparations",
    "evaluations": "answers",
}
_KINDS_IN_JOB = {"adapter": "adapters", "epochs": "adapters", "checkpoints": "checkpoints"}


@dataclass
class Amount:
    """How many things of a kind there are, and their size."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, repr=False)
class StateSurvey(Shown):
    """What lies in a state folder.

    Attributes:
        root: The folder.
        kinds: What is there, by kind: `uploads`, `jobs`, `adapters`, `checkpoints`, `manifests`,
            `converted bases`, `previews`, `preparations`, `answers`, `logs`, `database`.
        foreign: What is not ours and stays.
    """

    _figures: ClassVar[tuple[str, ...]] = ("root", "things", "bytes", "foreign")

    root: Path
    kinds: dict[str, Amount]
    foreign: list[Path]

    @property
    def things(self) -> int:
        """How many things there are, of all kinds."""
        return sum(amount.count for amount in self.kinds.values())

    @property
    def bytes(self) -> int:
        """The size of all of them."""
        return sum(amount.bytes for amount in self.kinds.values())

    def __str__(self) -> str:
        lines = [f"{what}: {n:,}, {size:,} bytes" for what, n, size in self._rows()]
        return "\n".join([str(self.root), *lines])

    @override
    def _repr_html_(self) -> str:
        return html_table(str(self.root), self._rows(), ("what", "how many", "bytes"))

    @override
    def _rows(self) -> Iterator[tuple[str, int, int]]:
        for kind, amount in sorted(self.kinds.items()):
            yield kind, amount.count, amount.bytes


@dataclass(frozen=True, repr=False)
class PurgedState(StateSurvey):
    """What was removed from a state folder.

    Attributes:
        stopped_server: Whether a running server was ended first.
        failed: What is ours and could not be removed.
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "root",
        "things",
        "bytes",
        "foreign",
        "stopped_server",
        "failed",
    )

    stopped_server: bool = False
    failed: list[Path] = field(default_factory=list)


def survey_state(home: Path | None = None) -> StateSurvey:
    """Say what lies in a state folder, without touching it.

    Args:
        home: The folder; see `default_home`.
    """
    root = default_home() if home is None else state_root(home)
    kinds: dict[str, Amount] = {}
    for entry in _ours(root):
        for kind, size in _things_in(root, entry):
            amount = kinds.setdefault(kind, Amount())
            amount.count += size is None
            amount.bytes += size or 0
    return StateSurvey(root, kinds, list(_foreign(root)))


def purge_state(home: Path | None = None) -> PurgedState:
    """Remove all that this package keeps in a state folder; a running server is ended first.

    Exports, files that were written elsewhere, key files, caches of model hubs and what lies at
    providers are not touched. Links are removed, what they lead to is not.

    Args:
        home: The folder; see `default_home`.

    Returns:
        What was there, what is left, and why.

    Raises:
        LocalServerError: A server of the folder does not end: nothing was removed.
    """
    root = default_home() if home is None else state_root(home)
    has_server = _is_server_folder(root)
    stopped = has_server and _stopped(root)
    with ExitStack() as locks:
        if has_server:
            _keep_servers_out(root, locks)
        found = survey_state(root)
        failed = [path for entry in list(_ours(root)) for path in _removed(entry)]
    # Outside of the block: Windows removes no file that is open.
    if has_server:
        failed += [path for name in _LOCKS for path in _removed(root / name)]
    for folder in (*(root / name for name in _OURS), root):
        with suppress(OSError):  # it is not there, or something is left in it
            folder.rmdir()
    return PurgedState(found.root, found.kinds, found.foreign, stopped, failed)


def _ours(root: Path) -> Iterator[Path]:
    """Give what is ours, but for the locks: files of the root, and entries of its folders."""
    for name, pattern in _OURS.items():
        folder = root / name
        if folder.is_symlink():
            if _is_server_folder(root):
                yield folder
        elif folder.is_dir():
            yield from (path for path in folder.iterdir() if _is_ours(path, pattern))
    if _is_server_folder(root):
        yield from (path for path in root.iterdir() if _SERVER_FILES.fullmatch(path.name))


def _is_ours(path: Path, pattern: re.Pattern[str]) -> bool:
    if pattern.fullmatch(path.name):
        return True
    # Providers name their jobs as they like.
    return path.parent.name == "fetched" and (path / _FETCHED).is_file()


def _foreign(root: Path) -> Iterator[Path]:
    ours = {*_ours(root), *((root / name for name in _LOCKS) if _is_server_folder(root) else ())}
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if path.name in _OURS and path.is_dir() and not path.is_symlink():
            yield from sorted(set(path.iterdir()) - ours)
        elif path not in ours:
            yield path
        elif path.is_symlink():
            yield Path(os.path.realpath(path))  # the link goes, and what it leads to may hold chats


def _is_server_folder(root: Path) -> bool:
    # A folder may have been moved to a larger disk, with a link in its place.
    return all((root / name).is_dir() or (root / name).is_symlink() for name in _OF_SERVER)


def _things_in(root: Path, entry: Path) -> Iterator[tuple[str, int | None]]:
    """Give the kind and the size of each file in what is ours, and None once for each thing."""
    place = entry.relative_to(root).parts
    if place[0] != "jobs" or len(place) == 1:
        kind = "logs" if place[0] == "server.log" else _KINDS.get(place[0], "database")
        yield kind, None
        yield from ((kind, size) for _, size in _files_in(entry))
        return
    yield "jobs", None
    if entry.is_symlink() or not entry.is_dir():  # moved to a larger disk: only the link goes
        yield from (("jobs", size) for _, size in _files_in(entry))
        return
    for name, kind in _KINDS_IN_JOB.items():
        folders = (entry / name,) if name == "adapter" else (entry / name).glob("*")
        yield from ((kind, None) for folder in folders if folder.is_dir())
    for path, size in _files_in(entry):
        within = path.relative_to(entry).parts
        is_log = within[-1].endswith(".log")
        if is_log:
            yield "logs", None
        yield ("logs" if is_log else _KINDS_IN_JOB.get(within[0], "jobs")), size


def _files_in(entry: Path) -> Iterator[tuple[Path, int]]:
    if entry.is_symlink() or not entry.is_dir():
        paths = iter([entry])
    else:
        paths = (path for path in entry.rglob("*") if path.is_symlink() or not path.is_dir())
    for path in paths:
        with suppress(OSError):  # a server that runs has removed it meanwhile
            yield path, path.lstat().st_size


def _removed(path: Path) -> list[Path]:
    """Remove a file, a link or a folder; return what could not be."""
    failed: list[Path] = []
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=lambda _, name, __: failed.append(type(path)(name)))
        return failed
    try:
        path.unlink(missing_ok=True)
    except OSError:
        failed.append(path)
    return failed


def _stopped(root: Path) -> bool:
    from langchain_fbmessenger.local import (
        stop_server,
    )  # where there is no server, none of it is loaded

    return stop_server(root)


def _keep_servers_out(root: Path, locks: ExitStack) -> None:
    """Hold the folder's locks, so that no server starts amid the removal.

    Raises:
        LocalServerError: A server holds one that nobody can reach.
    """
    seconds = {_SERVER_LOCK: 0.0}
    for name in _LOCKS:
        if not locks.enter_context(locked(root / name, timeout=seconds.get(name, _START_SECONDS))):
            message = (
                f"A local server uses the state folder {root} and does not answer: end its process "
                "first. Nothing was removed."
            )
            raise LocalServerError(message)
