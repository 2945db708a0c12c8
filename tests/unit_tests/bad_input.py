"""Rows of bad input, and what must hold for each of them.

A row is laid next to a healthy thread in one export and loaded; then it is loaded alone, and each
of its files by itself. Secret threads lie outside of the export.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    ExportNotFoundError,
    FacebookMessengerChatLoader,
    MalformedExportError,
    MessengerError,
    SingleFileFacebookMessengerChatLoader,
)
from langchain_fbmessenger.exports.report import NOT_A_THREAD as NO_THREAD
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json, write_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

START = 1_700_000_000_000
INBOX = "your_facebook_activity/messages/inbox"
BAD = f"{INBOX}/al_2222222222/message_1.json"
MILO = "Milo Dvořák"
SECRET = "secret words"  # noqa: S105 - a text
HEALTHY = [
    (MILO, START, "Šárka sent cafés 😂"),
    (ZOE, START + 1, "healthy"),
    (MILO, START + 2, "é"),
]
NAMES = (AL, ZOE, MILO, "al_2222222222", "message", ".json", ".html", ".zip")


@dataclass(frozen=True)
class Case:
    """One row.

    Attributes:
        files: The bytes of a thread's one file, bytes by path, or a function that makes the files
            below a folder.
        kept: The texts that are loaded, in any order.
        lost: `files_skipped` of the report.
        skipped: `messages_skipped` of the report.
        is_thread: Whether it is a thread in spite of all, be it one without messages.
        denied: The name of a file or folder that may not be opened.
    """

    files: bytes | Mapping[str, bytes] | Callable[[Path], object]
    kept: tuple[str, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    is_thread: bool = False
    denied: str | None = None

    def write(self, root: Path) -> None:
        if isinstance(self.files, bytes):
            put(root, {BAD: self.files})
        elif callable(self.files):
            self.files(root)
        else:
            put(root, self.files)

    @property
    def lost_by_fault(self) -> dict[str, int]:
        return {reason: n for reason, n in self.lost.items() if reason != NO_THREAD}


def row(  # noqa: PLR0913 - the columns of a table
    name: str,
    files: bytes | Mapping[str, bytes] | Callable[[Path], object],
    *kept: str,
    lost: str | Mapping[str, int] | None = None,
    skipped: Mapping[str, int] | None = None,
    is_thread: bool = False,
    denied: str | None = None,
    wrong: str | None = None,
) -> Any:
    """Make a row; `wrong` is what the package does not do right yet."""
    lost = {lost: 1} if isinstance(lost, str) else lost or {}
    is_thread = is_thread or bool(kept or skipped)
    marks = [pytest.mark.xfail(strict=True, reason=wrong)] if wrong else []
    case = Case(files, kept, lost, skipped or {}, is_thread, denied)
    return pytest.param(case, id=name, marks=marks)


def put(root: Path, files: Mapping[str, bytes]) -> None:
    for name, raw in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def thread(*messages: Any, **more: Any) -> bytes:
    """Make a file of Al's thread; messages are given oldest first, texts stand for themselves."""
    made = [message(AL, START + n, m) if isinstance(m, str) else m for n, m in enumerate(messages)]
    return dyi_bytes({**thread_json(made[::-1]), **more})


def check(case: Case, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Check all that must hold for a row."""
    write_thread(folder / "outside/messages/inbox/x_9", thread_json([message(AL, START, SECRET)]))
    beside, alone = folder / "beside", folder / "alone"
    for root in (beside, alone):
        root.mkdir()
        case.write(root)
    healthy = [message(*line) for line in HEALTHY]
    write_thread(
        beside / INBOX / "milo_1111111111",
        thread_json(healthy[::-1], (MILO, ZOE), thread_path="inbox/milo_1111111111"),
    )
    if case.denied:
        _deny(case.denied, patch)
    _check_beside(case, beside)
    _check_alone(case, alone)
    for path in sorted(_listing(alone)):
        # A link that is asked for is meant, wherever it leads.
        if path.suffix and not path.is_dir() and not path.is_symlink():
            _check_file(path)


def _check_beside(case: Case, root: Path) -> None:
    loader, sessions = _load(root)
    (healthy,) = (s for s in sessions if s["thread"]["id"] == "milo_1111111111")
    assert [
        (m.additional_kwargs["sender"], m.additional_kwargs["events"][0]["message_time"], m.content)
        for m in healthy["messages"]
    ] == HEALTHY
    others = [m.content for s in sessions if s is not healthy for m in s["messages"]]
    assert sorted(others) == sorted(case.kept)
    assert loader.report.files_skipped == Counter(case.lost)
    assert loader.report.messages_skipped == Counter(case.skipped)
    assert len(loader.report.skipped_paths) == sum(case.lost.values())


def _check_alone(case: Case, root: Path) -> None:
    if case.is_thread:
        _, sessions = _load(root)
        assert sorted(m.content for s in sessions for m in s["messages"]) == sorted(case.kept)
        return
    with pytest.raises(MessengerError) as caught:
        _load(root)
    assert SECRET not in str(caught.value)
    if case.lost_by_fault:
        assert caught.type is MalformedExportError
        assert all(f"{n} x {reason}" in str(caught.value) for reason, n in case.lost.items())
    else:
        assert caught.type is ExportNotFoundError
        assert "message_1.json" in str(caught.value), "it says what an export looks like"


def _check_file(path: Path) -> None:
    """Whatever a file is, to ask for it is answered with sessions or with an error of ours."""
    for loader in (FacebookMessengerChatLoader, SingleFileFacebookMessengerChatLoader):
        with suppress(ExportNotFoundError, MalformedExportError):
            _load(path, loader)


def _load(path: Path, loader_type: Any = FacebookMessengerChatLoader) -> tuple[Any, list[Any]]:
    """Load, and check what holds for whatever can be loaded."""
    before = _listing(path)
    paths = [path]
    is_single = loader_type is SingleFileFacebookMessengerChatLoader
    loader = loader_type(path if is_single else paths, timezone="UTC")
    with _opened_files() as opened, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sessions = loader.load()
    assert paths == [path]
    assert _listing(path) == before, "nothing was written"
    assert not [(name, mode) for name, mode in opened if set(mode) & set("wax+")]
    # "outside" lies beside the export; the package's own tables are opened, too.
    assert not [name for name, _ in opened if "outside" in Path(os.path.realpath(name)).parts]
    report = loader.report
    assert report.messages_read == report.messages_loaded + sum(report.messages_skipped.values())
    assert report.messages_loaded == sum(len(session["messages"]) for session in sessions)
    texts = [m.content for session in sessions for m in session["messages"]]
    _check_warning(caught, texts, report.files_lost())
    out = [
        {**s, "messages": [(m.content, m.additional_kwargs) for m in s["messages"]]}
        for s in sessions
    ]
    written = json.dumps(out, ensure_ascii=False, allow_nan=False).encode()
    assert SECRET.encode() not in written
    return loader, sessions


def _check_warning(caught: list[Any], texts: list[str], lost: dict[str, int]) -> None:
    shown = [str(warning.message) for warning in caught]
    assert len(shown) == bool(lost)
    for text in shown:
        assert all(f"{n} x {reason}" in text for reason, n in lost.items())
        assert not [name for name in (*NAMES, *filter(None, texts)) if name in text.split()]
        assert os.sep not in text


def _listing(path: Path) -> dict[Path, tuple[int, ...]]:
    """Return all that is to be seen of the files: an access would not show, a change would."""
    found = [path, *(path.rglob("*") if path.is_dir() else ())]
    states = ((p, p.lstat()) for p in found)
    return {p: (s.st_mode, s.st_ino, s.st_size, s.st_mtime_ns) for p, s in states}


def _deny(name: str, patch: pytest.MonkeyPatch) -> None:
    """Refuse to open a file or to list a folder: the rights of files do not bind root."""
    path_open, scandir = Path.open, os.scandir

    def refuse(path: Any) -> None:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))

    def open_or_refuse(self: Path, *args: Any, **kwargs: Any) -> Any:
        refuse(self)
        return path_open(self, *args, **kwargs)

    def scan_or_refuse(path: Any = ".") -> Any:
        refuse(path)
        return scandir(path)

    patch.setattr(Path, "open", open_or_refuse)
    patch.setattr(os, "scandir", scan_or_refuse)


_watching: list[list[tuple[str, str]]] = []


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _watching and event == "open" and isinstance(args[0], str):
        for opened in _watching:
            opened.append((args[0], args[1] or ""))


sys.addaudithook(_watch)  # for good: a hook cannot be taken away, so it sleeps between the rows


@contextmanager
def _opened_files() -> Iterator[list[tuple[str, str]]]:
    """Note each file that Python opens."""
    opened: list[tuple[str, str]] = []
    _watching.append(opened)
    try:
        yield opened
    finally:
        _watching.remove(opened)
