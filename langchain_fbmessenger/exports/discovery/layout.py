"""Find the files of one or several exports and tell from their places what belongs together.

Folders, zip archives and lists of both become one tree. Nothing is read here, and no name decides
what a file is: names only say which files are parts of one thread, of which export, and in which
order. Layouts: section 2 of docs/formats.md.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.discovery.files import (
    NOT_A_FILE,
    UNREADABLE,
    ExportFile,
    SkippedFile,
    list_archive,
    list_folder,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

__all__ = [
    "THREAD_FOLDERS",
    "ExportTree",
    "FoundFile",
    "is_archive",
    "scan_paths",
    "tell_downloads_apart",
]

THREAD_FOLDERS = (
    "inbox",
    "e2ee_cutover",
    "archived_threads",
    "filtered_threads",
    "message_requests",
)
# Folders that stand directly below an export's root, by which the root is found: other folders may
# surround it.
_BELOW_ROOT = {
    "your_activity_across_facebook",
    "your_facebook_activity",
    "your_instagram_activity",
    "account_information",
    "personal_information",
    "groups",
    "html",
    "messages",
}
# Python refuses to read numbers of more than 4,300 digits, which a name in an archive may have.
_PART = re.compile(r"messages?(?:_(\d{1,100}))?(?: ?\(\d+\))?\.(?:json|html?)", re.IGNORECASE)
_OWNER_FILES = {
    "autofill_information.json",
    "personal_information.json",
    "profile_information.json",
}
_MEDIA_FOLDERS = {"audio", "files", "gifs", "photos", "stickers_used", "videos"}
# The parts of one download share all but the random tail, zipped or not.
_DATED = re.compile(r"((?:facebook|instagram)-.+-\d{4}-\d\d-\d\d)-\w+(?:\.zip)?", re.IGNORECASE)
_INSTAGRAM = re.compile(r"your_instagram_activity|instagram-.+", re.IGNORECASE)
_DIGITS = re.compile(r"(\d{1,100})")


@dataclass(frozen=True)
class FoundFile:
    """A file with what its place tells.

    `export` tells exports apart, `download` is the folder or archive of one that holds the file.
    `place` is the path of the thread below the export's `messages` folder: files of one place and
    one export are parts of one thread. `part` is their number, 1 the newest; 0 for a file that is
    not numbered. `folder_is_given` tells that the thread folder itself, or something in it, was
    asked for.
    """

    file: ExportFile
    export: str
    download: Path
    place: tuple[str, ...]
    part: int
    folder: str | None
    folder_is_given: bool
    is_instagram: bool


@dataclass
class ExportTree:
    """The files found below the given paths."""

    files: list[FoundFile] = field(default_factory=list)
    owner_files: list[FoundFile] = field(default_factory=list)
    skipped: list[SkippedFile] = field(default_factory=list)


def scan_paths(paths: Iterable[Path]) -> ExportTree:
    """List folders, archives and single files as one tree.

    Args:
        paths: Existing paths: exports, parts of one export, or anything inside them.

    Returns:
        The files by kind, each once, in an order that does not depend on the file system.
    """
    tree = ExportTree()
    seen: set[Path] = set()
    for path in paths:
        # A file may be given twice: by a folder and by itself. But two files of one place below one
        # path are kept: they are two members of an archive that have one name.
        new = [file for file in _list_path(path) if file.location not in seen]
        for file in new:
            seen.add(file.location)
            if isinstance(file, SkippedFile):
                tree.skipped.append(file)
            else:
                _sort_in(file, is_given=file.location == path, tree=tree)
    tree.files.sort(key=_order)
    tree.owner_files.sort(key=lambda found: _natural(str(found.file.location)))
    return tree


def tell_downloads_apart(tree: ExportTree) -> None:
    """Split an export whose downloads hold one part of a thread twice into several exports.

    Two downloads of one day look like the parts of one, until it is seen what is in them.
    """
    parts: dict[str, dict[Path, set[Hashable]]] = {}
    for found in tree.files:
        held = parts.setdefault(found.export, {}).setdefault(found.download, set())
        held.add((found.place, found.part, found.file.suffix))
    others: dict[tuple[str, Path], str] = {}
    for export, downloads in parts.items():
        told_apart: list[set[Hashable]] = []
        for download, held in sorted(downloads.items()):
            number = next((n for n, s in enumerate(told_apart) if not s & held), len(told_apart))
            if number == len(told_apart):
                told_apart.append(set())
            told_apart[number] |= held
            if number:
                others[export, download] = f"{export}#{number}"
    for files in (tree.files, tree.owner_files) if others else ():
        files[:] = [
            replace(found, export=others.get((found.export, found.download), found.export))
            for found in files
        ]


def _order(found: FoundFile) -> tuple[list[list[tuple[int, str]]], int, str]:
    # Files of one place, from several archives, stand in the order of their paths.
    return [_natural(name) for name in found.place], found.part, str(found.file.location)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which 2 comes before 10."""
    return [(int(t), "") if t.isdecimal() else (-1, t) for t in _DIGITS.split(name) if t]


def _list_path(path: Path) -> Iterable[ExportFile | SkippedFile]:
    if not path.is_dir():
        try:
            status = path.stat()
        except OSError:
            return [SkippedFile(path, UNREADABLE)]
        if not stat.S_ISREG(status.st_mode):
            return [SkippedFile(path, NOT_A_FILE)]
        if is_archive(path):
            return list_archive(path, _is_worth_a_look)
        return [ExportFile(path, status.st_size, path.parent)]
    found: list[ExportFile | SkippedFile] = []
    for file in list_folder(path, _is_worth_a_look):
        if isinstance(file, ExportFile) and file.suffix == ".zip":
            found += list_archive(file.location, _is_worth_a_look)
        else:
            found.append(file)
    return found


def is_archive(path: Path) -> bool:
    """Return whether a file is a zip archive, by its name or its bytes."""
    if path.suffix.lower() == ".zip":
        return True
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def _is_worth_a_look(folder: Sequence[str], top: int) -> bool:
    """Return False for what unpacking on a Mac adds, and for the media of threads.

    The first `top` names stand above the given path, so they are no reason to leave it out.
    """
    return "__MACOSX" not in folder[top:] and not any(
        name in _MEDIA_FOLDERS and above in THREAD_FOLDERS
        for number, (above, name) in enumerate(zip(folder, folder[2:], strict=False), start=2)
        if number >= top
    )


def _sort_in(file: ExportFile, *, is_given: bool, tree: ExportTree) -> None:
    name = file.location.name
    if name.startswith("._"):  # a Mac's metadata of another file
        return
    found = _placed(file)
    if name.lower() in _OWNER_FILES:
        tree.owner_files.append(found)
    elif is_given or file.suffix == ".json" or _may_be_page(found):
        tree.files.append(found)


def _may_be_page(found: FoundFile) -> bool:
    # Pages of posts and of messages look alike, so for HTML the place decides.
    location = found.file.location
    return (
        found.folder is not None
        or location.name.lower().startswith("message")
        or location.parent.name in {"messages", "html"}
    )


def _placed(file: ExportFile) -> FoundFile:
    parts = file.location.absolute().parts
    folders = parts[:-1]
    top = len(file.container.absolute().parts)
    # Names above a given folder matter; those above an archive do not.
    names = [(i, name) for i, name in enumerate(folders) if i >= top or not file.member]
    folder_at = max((i for i, name in names if name in THREAD_FOLDERS), default=None)
    markers = {
        i for i, name in names if name in _BELOW_ROOT and (folder_at is None or i < folder_at)
    }
    root = max(markers, default=top if folder_at is None else folder_at)
    below_root = root + 1 if markers else root
    start = below_root if folder_at is None else folder_at
    while root - 1 in markers:  # your_facebook_activity/messages
        root -= 1
    numbered = _PART.fullmatch(parts[-1])
    place = [*folders[start:], *([] if numbered else [file.location.stem])] or [folders[-1]]
    dated = [(m[1].lower(), n) for n, name in enumerate(parts) if (m := _DATED.fullmatch(name))]
    export, depth = dated[-1] if dated else (str(PurePath(*folders[:root])), root - 1)
    return FoundFile(
        file=file,
        export=export,
        download=Path(*parts[: depth + 1]),
        place=tuple(map(_readable, place)),
        part=int(numbered[1]) if numbered and numbered[1] else 0,
        folder=None if folder_at is None else folders[folder_at],
        folder_is_given=folder_at is not None and folder_at < top,
        is_instagram=any(_INSTAGRAM.fullmatch(name) for name in folders),
    )


def _readable(name: str) -> str:
    """Return a name as valid text: places become the ids of threads, which are written to files."""
    # Linux takes any bytes for a name; Python shows those that are no UTF-8 as lone surrogates.
    readable = name.encode("utf-8", "backslashreplace").decode()
    return unicodedata.normalize("NFC", readable)
