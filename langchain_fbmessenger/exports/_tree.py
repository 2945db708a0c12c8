"""Find the files of an export below a path and group the parts of each thread.

Nothing is read here and no name decides what a file is: names only say which files are parts of
one thread, and in which order. Layouts: section 2 of docs/formats.md.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["THREAD_FOLDERS", "ExportTree", "ThreadFiles", "scan_tree", "thread_of_file"]

THREAD_FOLDERS = (
    "inbox",
    "e2ee_cutover",
    "archived_threads",
    "filtered_threads",
    "message_requests",
)
_PART = re.compile(r"messages?(?:_(\d+))?\.json", re.IGNORECASE)
_OWNER_FILES = {"autofill_information.json", "profile_information.json"}
_MEDIA_FOLDERS = {"audio", "files", "gifs", "photos", "stickers_used", "videos"}
_INSTAGRAM = re.compile(r"your_instagram_activity|instagram-.+-\d{4}-\d\d-\d\d-\w+")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class ThreadFiles:
    """The files of one thread, newest part first, as Meta numbers them.

    `name` is the thread directory's name; for a file that is no numbered part, the file's own.
    `folder` is the thread folder above it, or None when there is none.
    """

    name: str
    folder: str | None
    is_instagram: bool
    parts: tuple[Path, ...]


@dataclass
class ExportTree:
    """What was found below a path; `links` lead elsewhere and are not followed."""

    threads: list[ThreadFiles] = field(default_factory=list)
    owner_files: list[Path] = field(default_factory=list)
    html_pages: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    unreadable_folders: list[Path] = field(default_factory=list)


def scan_tree(root: Path) -> ExportTree:
    """Walk a folder and sort its files; one thread's parts stand together.

    Args:
        root: A folder: the export's root, a part of it, or any folder of thread files.

    Returns:
        The files by kind, in an order that does not depend on the file system.
    """
    tree = ExportTree()
    real_root = os.path.realpath(root)

    def note_unreadable(error: OSError) -> None:
        tree.unreadable_folders.append(Path(str(error.filename)))

    for folder, subfolders, names in os.walk(root, onerror=note_unreadable):
        tree.links += [path for name in subfolders if (path := Path(folder, name)).is_symlink()]
        subfolders[:] = sorted(_worth_a_look(Path(folder), subfolders), key=_natural)
        threads: dict[tuple[bool, str], list[Path]] = {}
        for name in sorted(names, key=_natural):
            path = Path(folder, name)
            suffix = path.suffix.lower()
            if suffix not in {".json", ".html", ".htm", ".zip"} or name.startswith("._"):
                continue
            if _leads_out(path, real_root):
                tree.links.append(path)
            elif suffix == ".zip":
                tree.archives.append(path)
            elif suffix != ".json":
                if name.startswith("message") or _thread_folder(path):
                    tree.html_pages.append(path)
            elif name in _OWNER_FILES:
                tree.owner_files.append(path)
            else:
                # A file of its own may have the name of the folder whose parts lie beside it.
                key = bool(_PART.fullmatch(name)), _thread_name(path)
                threads.setdefault(key, []).append(path)
        tree.threads += [_thread_files(name, files) for (_, name), files in threads.items()]
    return tree


def thread_of_file(path: Path) -> ThreadFiles:
    """Return a single file as a thread of its own."""
    return _thread_files(_thread_name(path), [path])


def _worth_a_look(folder: Path, subfolders: list[str]) -> list[str]:
    """Leave out what unpacking on a Mac adds, and the media of a thread: files people have sent."""
    is_thread = folder.absolute().parent.name in THREAD_FOLDERS
    return [
        name
        for name in subfolders
        if name != "__MACOSX" and not (is_thread and name in _MEDIA_FOLDERS)
    ]


def _leads_out(path: Path, real_root: str) -> bool:
    if not path.is_symlink():
        return False
    real = Path(os.path.realpath(path))  # unlike Path.resolve, it bears loops
    return not real.exists() or not real.is_relative_to(real_root)


def _thread_name(path: Path) -> str:
    return path.absolute().parent.name if _PART.fullmatch(path.name) else path.stem


def _thread_files(name: str, files: list[Path]) -> ThreadFiles:
    above = [parent.name for parent in files[0].absolute().parents]
    return ThreadFiles(
        name=name,
        folder=_thread_folder(files[0]),
        is_instagram=any(_INSTAGRAM.fullmatch(name) for name in above),
        parts=tuple(sorted(files, key=_part_number)),
    )


def _thread_folder(path: Path) -> str | None:
    above = (parent.name for parent in path.absolute().parents)
    return next((name for name in above if name in THREAD_FOLDERS), None)


def _part_number(path: Path) -> int:
    # As text, part 10 would come before part 2 and a year would be out of place.
    part = _PART.fullmatch(path.name)
    return int(part[1]) if part and part[1] else 0


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(t), "") if t.isdecimal() else (-1, t) for t in _DIGITS.split(name) if t]
