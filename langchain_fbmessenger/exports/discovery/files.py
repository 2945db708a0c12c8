"""List and read the files of an export in place, in folders and in zip archives.

Nothing is ever extracted, so no name inside an archive can lead anywhere. Sizes are bounded before
a file is opened: Meta's largest thread files have 4 MiB, pages of 2018 up to some 100 MiB.
"""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

try:
    from lzma import LZMAError

    _LZMA_ERRORS: tuple[type[Exception], ...] = (LZMAError,)
except ImportError:  # Python may be built without it
    _LZMA_ERRORS = ()

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Buffer

    IsWorthALook = Callable[[Sequence[str], int], bool]

__all__ = ["ExportFile", "SkippedFile", "UnreadableFileError", "list_archive", "list_folder"]

BROKEN_ARCHIVE = "broken zip archive"
ENCRYPTED = "encrypted file in a zip archive"
LINK = "link that is not followed"
NESTED_ARCHIVE = "zip archive inside a zip archive"
NOT_A_FILE = "device or pipe"
TOO_LARGE = "file over the size limit"
UNREADABLE = "unreadable file"
UNREADABLE_FOLDER = "unreadable folder"
UNSAFE_NAME = "name that leads out of its zip archive"
ZIP_BOMB = "suspiciously compressed file (zip bomb)"

_MAX_SIZE = 512 * 2**20
_BOMB_SIZE = 32 * 2**20
_BOMB_RATIO = 200  # texts of chats reach 20, zeros 1,000
_SUFFIXES = {".json", ".html", ".htm", ".zip"}
_DRIVE = re.compile("[A-Za-z]:(?! )")  # groups may well be called "Tour: the second"
_NO_MEMBERS = b"PK\5\6" + bytes(18)
_ARCHIVE_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    ValueError,  # a name that is not in the encoding that it claims
    zipfile.BadZipFile,  # a wrong checksum, overlapping members
    zlib.error,
    *_LZMA_ERRORS,
    EOFError,
    NotImplementedError,  # a compression that Python does not have
    RuntimeError,  # encryption that the flags do not declare
)


class UnreadableFileError(Exception):
    """A file cannot be read; the argument is the reason that reports count."""


@dataclass(frozen=True)
class SkippedFile:
    """A file or folder that is not read, and why."""

    location: Path
    reason: str


@dataclass(frozen=True)
class ExportFile:
    """A JSON or HTML file or an archive, on disk or inside a zip archive.

    `location` is its path; a member's is the archive's path with the member's name below it.
    `container` is the archive, or the folder that was searched.
    """

    location: Path
    size: int
    container: Path
    archive: zipfile.ZipFile | None = None
    member: zipfile.ZipInfo | None = None

    @property
    def suffix(self) -> str:
        """The suffix in lower case: some tools write it in capitals."""
        return self.location.suffix.lower()

    def read(self, size: int = -1) -> bytes:
        """Return the file's bytes, or its first `size`.

        Raises:
            UnreadableFileError: It is too large, encrypted, damaged or may not be read.
        """
        if self.size > _MAX_SIZE:
            raise UnreadableFileError(TOO_LARGE)
        if self.member is not None:
            _check_member(self.member)
        if self.archive is None or self.member is None:
            try:
                with self.location.open("rb") as file:
                    return file.read(size)
            except (OSError, ValueError) as error:  # ValueError: a name with NUL
                raise UnreadableFileError(UNREADABLE) from error
        try:
            with self.archive.open(self.member) as file:
                # Without a size everything is unpacked before it is cut to the size in the headers,
                # which may be false. For an empty member one byte is read, to check its checksum.
                return file.read(size if size >= 0 else max(self.size, 1))
        except _ARCHIVE_ERRORS as error:
            raise UnreadableFileError(_reason_of(error)) from error

    def read_edges(self, size: int) -> tuple[bytes, bytes]:
        """Return the first and the last `size` bytes of a file that is in no archive.

        Raises:
            UnreadableFileError: It is too large or may not be read.
        """
        if self.size > _MAX_SIZE:
            raise UnreadableFileError(TOO_LARGE)
        try:
            with self.location.open("rb", buffering=0) as file:
                head = file.read(size)
                file.seek(-size, os.SEEK_END)
                return head, file.read(size)
        except (OSError, ValueError) as error:
            raise UnreadableFileError(UNREADABLE) from error


def _reason_of(error: Exception) -> str:
    """Return why an archive failed: because it may not be read, or is broken."""
    # Decompressors' errors have no number; EINVAL is a seek to before the archive's beginning.
    is_refused = isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}
    return UNREADABLE if is_refused else BROKEN_ARCHIVE


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & 0x1:
        raise UnreadableFileError(ENCRYPTED)
    ratio = member.file_size / max(member.compress_size, 1)
    if member.file_size > _BOMB_SIZE and ratio > _BOMB_RATIO:
        raise UnreadableFileError(ZIP_BOMB)


def list_folder(root: Path, is_worth_a_look: IsWorthALook) -> Iterator[ExportFile | SkippedFile]:
    """Walk a folder; links out of it are not followed.

    Args:
        root: The folder.
        is_worth_a_look: Tells whether to go into a folder, given the names of its path and how many
            of them stand above `root`.

    Yields:
        The JSON, HTML and zip files, and what was skipped, in no particular order.
    """
    real_root = os.path.realpath(root)
    top = len(root.absolute().parts)
    unreadable: list[SkippedFile] = []

    def note_unreadable(error: OSError) -> None:
        unreadable.append(SkippedFile(Path(str(error.filename)), UNREADABLE_FOLDER))

    for folder, subfolders, names in os.walk(root, onerror=note_unreadable):
        # Links to folders may form loops; Meta makes none.
        yield from (
            SkippedFile(path, LINK)
            for name in subfolders
            if (path := Path(folder, name)).is_symlink()
        )
        subfolders[:] = [
            name for name in subfolders if is_worth_a_look(Path(folder, name).absolute().parts, top)
        ]
        for name in names:
            if Path(name).suffix.lower() in _SUFFIXES:
                yield _file_on_disk(Path(folder, name), root, real_root)
    yield from unreadable


def _file_on_disk(path: Path, root: Path, real_root: str) -> ExportFile | SkippedFile:
    try:
        if path.is_symlink():
            real = Path(os.path.realpath(path))  # unlike Path.resolve, it takes loops
            if not real.exists() or not real.is_relative_to(real_root):
                return SkippedFile(path, LINK)
        status = path.stat()
    except OSError:
        return SkippedFile(path, UNREADABLE)
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, NOT_A_FILE)  # reading a pipe would never end
    return ExportFile(path, status.st_size, root)


def list_archive(path: Path, is_worth_a_look: IsWorthALook) -> Iterator[ExportFile | SkippedFile]:
    """List a zip archive, whose members can be read until the archive's last reference is gone.

    Args:
        path: The archive; ZIP64 is fine.
        is_worth_a_look: As in `list_folder`, here of the folder that a member lies in.

    Yields:
        The JSON and HTML members, and what was skipped, in no particular order.
    """
    try:
        archive = _Archive(_ReopenedFile(path))
    except _ARCHIVE_ERRORS as error:
        yield SkippedFile(path, _reason_of(error))
        return
    members = archive.filelist
    # The directory of a real export lists some 100,000 photos: 100 MB that are not needed.
    archive.filelist = []
    archive.NameToInfo = {}
    top = len(path.absolute().parts)
    for member in members:
        name = _member_name(member)
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if not parts or name.endswith("/") or Path(parts[-1]).suffix.lower() not in _SUFFIXES:
            continue
        location = path.joinpath(*parts)
        if name.startswith("/") or ".." in parts or _DRIVE.match(name):
            yield SkippedFile(path / name.strip("/"), UNSAFE_NAME)
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield SkippedFile(location, LINK)
        elif is_worth_a_look(location.absolute().parts[:-1], top):
            if location.suffix.lower() == ".zip":
                yield SkippedFile(location, NESTED_ARCHIVE)
            else:
                yield ExportFile(location, member.file_size, path, archive, member)


def _member_name(member: zipfile.ZipInfo) -> str:
    name = member.filename
    if not member.flag_bits & 0x800:
        # Not declared as UTF-8, so it was read as cp437; but most tools write UTF-8 anyway.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    # One part of an export may come from a Mac, which decomposes accents.
    return unicodedata.normalize("NFC", name).replace("\\", "/")


class _ReopenedFile(io.RawIOBase):
    """A file that is open only while it is read: hundreds of exports may be given at once."""

    def __init__(self, path: Path, size: int | None = None) -> None:
        self.path = path
        if size is None:
            with path.open("rb") as file:  # zipfile reports a file without access as broken
                size = os.fstat(file.fileno()).st_size
        self.size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))  # as files on disk have it
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        with self.path.open("rb", buffering=0) as file:
            file.seek(self._position)
            count = file.readinto(buffer)
        self._position += count
        return count


class _Archive(zipfile.ZipFile):
    """An archive; a copy in another process reads the members that are known here, and no others.

    To list the members of a real export once more takes a second and 100 MB.
    """

    def __init__(self, file: _ReopenedFile) -> None:
        super().__init__(io.BufferedReader(file))
        self._file = file

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self._file.path, self._file.size)


def _reopened(path: Path, size: int) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(_NO_MEMBERS))
    archive.fp = io.BufferedReader(_ReopenedFile(path, size))
    return archive
