"""Find the state folder, and read and write it safely from several processes at once.

Clients keep the manifests of their jobs in it, and the local server everything that it has. No
other module decides where it is, or writes private files in another way.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import MissingFolderError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

__all__ = [
    "HOME_VARIABLE",
    "default_home",
    "expanded",
    "locked",
    "private_folder",
    "replacing",
    "state_root",
    "sweep_partials",
    "temporary_folder",
    "write_private",
]

HOME_VARIABLE = "LANGCHAIN_FBMESSENGER_HOME"

_APP = "langchain-fbmessenger"
_LOCK_POLL_SECONDS = 0.05
_LONGEST_START = 40
"""Characters of a file's name that its partial begins with: of four bytes each, and still a name
that every file system takes."""


def default_home() -> Path:
    """Return the state folder: `LANGCHAIN_FBMESSENGER_HOME`, else the platform's place for data.

    Raises:
        MissingFolderError: The environment names no folder that could be it.
    """
    if chosen := os.environ.get(HOME_VARIABLE):
        return state_root(Path(chosen))
    if sys.platform == "win32":
        base = _absolute("LOCALAPPDATA") or _own_home() / "AppData/Local"
    elif sys.platform == "darwin":
        base = _own_home() / "Library/Application Support"
    else:
        base = _absolute("XDG_DATA_HOME") or _own_home() / ".local/share"
    return base / _APP


def state_root(path: Path) -> Path:
    """Return the absolute path of a folder that the user chose as the state folder.

    Raises:
        MissingFolderError: It cannot be the state folder.
    """
    root = expanded(path).absolute()
    # Made private (0700), the root would shut everybody out of the machine.
    real = Path(os.path.realpath(root))  # "/home/.." is it, too
    if real == real.parent:
        message = f"{root} is the root of the file system, not a state folder: choose another"
        raise MissingFolderError(message)
    return root


def expanded(path: Path) -> Path:
    """Return a path with the home folder that its `~` or `~name` stands for.

    Raises:
        MissingFolderError: There is no such user, or it is no path.
    """
    if "\0" in str(path):
        message = "a path holds a NUL character, which no file's name can"
        raise MissingFolderError(message)
    if path.parts[:1] == ("~",):
        return _own_home().joinpath(*path.parts[1:])
    try:
        return path.expanduser()
    except RuntimeError:
        message = f"{path.parts[0]} in the path {path} is the home folder of an unknown user"
        raise MissingFolderError(message) from None


def _own_home() -> Path:
    """Return the user's home folder: `HOME` if it is usable, else the one that the system knows.

    Raises:
        MissingFolderError: There is neither.
    """
    # An empty one would be the root of the file system, a relative one the working directory.
    homes = [_absolute("USERPROFILE" if sys.platform == "win32" else "HOME")]
    if sys.platform != "win32":
        import pwd

        with contextlib.suppress(KeyError):  # a container's user need not be in the list
            homes.append(Path(pwd.getpwuid(os.getuid()).pw_dir))
    for home in homes:
        if home is not None and home.is_absolute() and home != Path(home.anchor):
            return home
    message = f"this user has no home folder: set {HOME_VARIABLE} to a folder for this package"
    raise MissingFolderError(message)


def _absolute(variable: str) -> Path | None:
    """Return the folder that a variable names, unless it is relative, which the XDG forbids."""
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def private_folder(path: Path, root: Path | None = None) -> Path:
    """Make a folder for its owner alone, and those between it and the state folder.

    Args:
        path: The folder.
        root: The state folder; see `default_home`.

    Raises:
        OSError: It cannot be made, or nothing can be written in it.
    """
    root = default_home() if root is None else root
    if root in path.parents:
        private_folder(path.parent, root)  # `mkdir` makes parents with the rights that are usual
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path == root:
        path.chmod(0o700)  # it may have been made with other rights
    if not os.access(path, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return path


@contextlib.contextmanager
def temporary_folder(place: Path) -> Iterator[Path]:
    """Yield a temporary folder inside another; what killed processes left there is removed.

    Args:
        place: A folder in the state folder: in the system's own, leftovers would stay.

    Raises:
        OSError: It cannot be made.
    """
    with contextlib.ExitStack() as stack:
        with _held(place):  # so that no other process sweeps between the next steps
            _sweep_folders(place)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
            stack.enter_context(_held(folder))
        yield folder


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only.

    Raises:
        OSError: It cannot be written; there is what was there before.
    """
    with replacing(path) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that replaces the one at `path`, for its owner alone, when the block is left.

    Any number of threads and processes may do so at once: each writes a partial of its own, and
    the last to end wins. The partial is removed where the block fails; that of a killed process is
    removed by the next write.

    Raises:
        OSError: It cannot be written; there is what was there before.
    """
    sweep_partials(path)
    aside, file = _new_partial(path)
    try:
        with file:
            yield file
            file.flush()
            if sys.platform != "win32":  # which renames no open file
                aside.replace(path)
        if sys.platform == "win32":
            aside.replace(path)
    except BaseException:  # a full disk, a folder of that name: what it holds must not stay behind
        aside.unlink(missing_ok=True)
        raise


def sweep_partials(path: Path) -> None:
    """Remove the partials of a file whose writers have ended; the others are locked."""
    ours = re.compile(rf"{re.escape(path.name[:_LONGEST_START])}\.([0-9a-f]{{16}}\.)?partial")
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_if_left(path.with_name(entry.name))


def _remove_if_left(partial: Path) -> None:
    with partial.open("r+b") as file:
        if _try_lock(file):
            partial.unlink()


def _new_partial(path: Path) -> tuple[Path, IO[bytes]]:
    """Make a partial beside a file, and hold it locked as long as it is open."""
    while True:
        aside = path.with_name(f"{path.name[:_LONGEST_START]}.{secrets.token_hex(8)}.partial")
        descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        file = os.fdopen(descriptor, "r+b")
        _hold(file)
        if os.fstat(descriptor).st_nlink:
            return aside, file
        file.close()  # another process swept between the two steps


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

    def _hold(file: IO[bytes]) -> None:
        """Do nothing: no file that is open can be removed."""

    @contextlib.contextmanager
    def _held(folder: Path) -> Iterator[None]:
        del folder
        yield

    def _sweep_folders(place: Path) -> None:
        """Do nothing: folders cannot be locked."""

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _hold(file: IO[bytes]) -> None:
        with contextlib.suppress(OSError):  # not every network's file system has locks
            fcntl.flock(file, fcntl.LOCK_EX)

    @contextlib.contextmanager
    def _held(folder: Path) -> Iterator[None]:
        """Hold a folder locked."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _sweep_folders(place: Path) -> None:
        """Remove the temporary folders whose processes have ended; the others are locked."""
        for folder in place.glob("tmp????????"):
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
                finally:
                    os.close(descriptor)
