"""Read the threads of an export, one after the other: a path goes in, `Thread` records come out.

This reads the JSON of "Download your information" and files made by hand in its shape. What else
lies below the path is named in the report, and in the error when there is nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import ExportNotFoundError, MalformedExportError
from langchain_fbmessenger.exports._dyi import ThreadPart, decode_thread_part
from langchain_fbmessenger.exports._owner import decode_owner
from langchain_fbmessenger.exports._tree import ExportTree, ThreadFiles, scan_tree, thread_of_file
from langchain_fbmessenger.exports._wire import BROKEN_JSON, NotAThreadError
from langchain_fbmessenger.exports.records import Thread
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.exports.report import LoadReport

__all__ = ["read_thread_file", "read_threads"]

_HTML = "HTML page, not read yet"
_ZIP = "zip archive, not read yet"
_LINK = "link that is not followed"
_UNREADABLE = "unreadable file"
_UNREADABLE_FOLDER = "unreadable folder"

_HOW_TO_ASK = (
    "An export is the folder that Facebook's Accounts Center gives you under 'Your information "
    "and permissions' > 'Export your information': choose Messages and the format JSON (HTML is "
    "the default), and unpack the zip. It holds .../messages/inbox/<thread>/message_1.json."
)
_ADVICE = {
    _ZIP: "Unpack it (all parts into one folder) and give that folder.",
    _HTML: "Ask Meta for the same export again, in the format JSON instead of HTML.",
    BROKEN_JSON: "Unpack the download again, or ask Meta for a new one.",
}


def read_threads(path: Path, report: LoadReport) -> Iterator[Thread]:
    """Read every thread below a path.

    Args:
        path: An export's root, its `messages` folder, one of the thread folders, a thread's own
            folder, or a single file.
        report: Is brought up to date while threads are read.

    Yields:
        The threads that hold messages, in the order of their folders' names.

    Raises:
        ExportNotFoundError: The path does not exist, or there is no thread below it.
        MalformedExportError: There are threads, yet none that can be read.
    """
    if path.is_dir():
        tree = scan_tree(path)
    elif path.exists():
        tree = _tree_of_file(path)
    else:
        message = f"There is no file or folder {str(path)!r}. {_HOW_TO_ASK}"
        raise ExportNotFoundError(message, path=path)
    for paths, reason in (
        (tree.html_pages, _HTML),
        (tree.archives, _ZIP),
        (tree.links, _LINK),
        (tree.unreadable_folders, _UNREADABLE_FOLDER),
    ):
        for skipped in paths:
            report.skip_file(skipped, reason)
    owner = _find_owner(tree, report)
    for files in tree.threads:
        thread = _read_thread(files, owner, report)
        if thread is not None:
            report.threads_read += 1
            yield thread
    if not report.files_read:
        raise _nothing_read_error(path, report)


def read_thread_file(path: Path, report: LoadReport) -> Thread:
    """Read a single file, whatever number of messages it holds.

    Args:
        path: A JSON file of a thread.
        report: Is brought up to date.

    Returns:
        The thread, with the messages of this file only.

    Raises:
        ExportNotFoundError: The file does not exist.
        MalformedExportError: The file is broken or is no message thread.
    """
    if not path.is_file():
        message = f"There is no file {str(path)!r}. {_HOW_TO_ASK}"
        raise ExportNotFoundError(message, path=path)
    thread = _read_thread(thread_of_file(path), None, report)
    if thread is None:
        reason = report.skipped_paths[0][1]
        message = f"No message could be read from {str(path)!r}: {reason}. {_advice([reason])}"
        raise MalformedExportError(message.strip(), path=path)
    report.threads_read += 1
    return thread


def _tree_of_file(path: Path) -> ExportTree:
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return ExportTree(archives=[path])
    if suffix in {".html", ".htm"}:
        return ExportTree(html_pages=[path])
    return ExportTree(threads=[thread_of_file(path)])


def _find_owner(tree: ExportTree, report: LoadReport) -> str | None:
    for path in tree.owner_files:
        try:
            owner = decode_owner(path.read_bytes())
        except OSError:
            report.skip_file(path, _UNREADABLE)
            continue
        if owner:
            return owner
    return None


def _read_thread(files: ThreadFiles, owner: str | None, report: LoadReport) -> Thread | None:
    parts: list[ThreadPart] = []
    for path in files.parts:
        try:
            part = decode_thread_part(path.read_bytes())
        except NotAThreadError as error:
            report.skip_file(path, str(error))
        except OSError:
            report.skip_file(path, _UNREADABLE)
        else:
            report.files_read += 1
            report.messages_read += part.found
            report.messages_skipped.update(part.skipped)
            parts.append(part)
    return _join_parts(files, parts, owner) if parts else None


def _join_parts(files: ThreadFiles, parts: list[ThreadPart], owner: str | None) -> Thread:
    newest = parts[0]
    # Oldest part first, so that the stable sort leaves equal stamps of two parts in true order.
    messages = [message for part in reversed(parts) for message in part.messages]
    messages.sort(key=lambda message: message.timestamp_ms)
    senders = dict.fromkeys(message.sender for message in messages if message.sender)
    participants = list(senders) if newest.participants is None else newest.participants
    people = {name for name in (*participants, *senders) if name}
    thread_folder = (newest.thread_path or "").partition("/")[0]
    return Thread(
        id=files.name,
        title=newest.title or ", ".join(name for name in participants if name != owner),
        participants=participants,
        is_group=newest.declared_group or len(people) > 2,  # noqa: PLR2004 - two people chat
        folder=files.folder or thread_folder or None,
        source="instagram" if files.is_instagram else "messenger",
        owner=owner,
        messages=messages,
    )


def _nothing_read_error(path: Path, report: LoadReport) -> Exception:
    reasons = report.files_lost()
    if reasons:
        found = "; ".join(f"{n} x {reason}" for reason, n in reasons.items())
        message = (
            f"No message could be read below {str(path)!r}. Found: {found}. {_advice(reasons)}"
        )
        first = next(p for p, reason in report.skipped_paths if reason in reasons)
        return MalformedExportError(message.strip(), path=first)
    others = report.files_skipped[NOT_A_THREAD]
    found = f"{others} JSON files, none of them a message thread" if others else "nothing to read"
    message = f"No Messenger export below {str(path)!r}: {found}. {_HOW_TO_ASK}"
    return ExportNotFoundError(message, path=path)


def _advice(reasons: Iterable[str]) -> str:
    return " ".join(_ADVICE[reason] for reason in reasons if reason in _ADVICE)
