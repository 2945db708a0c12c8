"""The errors for paths that hold no export, with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import (
    ExportNotFoundError,
    InvalidOptionError,
    MalformedExportError,
)
from langchain_fbmessenger.exports.discovery.files import (
    BROKEN_ARCHIVE,
    ENCRYPTED,
    NESTED_ARCHIVE,
    UNREADABLE,
    ZIP_BOMB,
)
from langchain_fbmessenger.exports.discovery.layout import is_archive
from langchain_fbmessenger.exports.formats.lenient import BROKEN_JSON
from langchain_fbmessenger.exports.hints import hint_of
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.report import LoadReport

__all__ = ["check_paths", "nothing_read_error"]

_HOW_TO_ASK = (
    "An export is the zip, or the folder unpacked from it, that Facebook's Accounts Center gives "
    "you under 'Your information and permissions' > 'Export your information': choose Messages "
    "and the format JSON (HTML is the default). It holds .../messages/inbox/<thread>/"
    "message_1.json. End-to-end encrypted chats are an export of their own: in Messenger, Settings "
    "> Privacy & safety > End-to-end encrypted chats > Message storage > Download secure storage "
    "data (its old address, messenger.com/secure_storage/dyi, may redirect)."
)
_ADVICE = {
    BROKEN_ARCHIVE: "Download the zip again: it was probably cut short.",
    BROKEN_JSON: "Unpack the download again, or ask Meta for a new one.",
    ENCRYPTED: "Unpack the zip with its password and give the folder.",
    NESTED_ARCHIVE: "Unpack the outer zip and give the folder.",
    UNREADABLE: "Check the rights of the file.",
    ZIP_BOMB: "Unpack the zip and give the folder, if you trust it.",
}


def check_paths(paths: Sequence[Path]) -> None:
    """Make sure that there are paths and that each exists.

    Raises:
        ExportNotFoundError: One does not.
        InvalidOptionError: No path is given.
    """
    if not paths:
        message = f"no path of an export was given. {_HOW_TO_ASK}"
        raise InvalidOptionError(message)
    for path in paths:
        try:
            exists = path.exists()
        except (OSError, ValueError):  # a name over the system's limit, or with NUL
            exists = False
        if not exists:
            message = f"There is no file or folder {str(path)!r}. {_HOW_TO_ASK}"
            raise ExportNotFoundError(message, path=path)


def nothing_read_error(
    paths: Sequence[Path], report: LoadReport, others: Sequence[ExportFile] = ()
) -> Exception:
    """Return the error for paths below which no thread could be read.

    Args:
        paths: The paths.
        report: What was found below them.
        others: The files that are no threads: what they lack is told.
    """
    where = ", ".join(repr(str(path)) for path in paths)
    reasons = report.files_lost()
    if reasons:
        found = "; ".join(f"{n} x {reason}" for reason, n in reasons.items())
        advice = " ".join(_ADVICE[reason] for reason in reasons if reason in _ADVICE)
        message = f"No message could be read below {where}. Found: {found}. {advice}"
        first = next(p for p, reason in report.skipped_paths if reason in reasons)
        return MalformedExportError(message.strip(), path=first)
    advice = f"{hint_of(others)} {_HOW_TO_ASK}".strip()
    if len(paths) == 1 and paths[0].is_file() and not is_archive(paths[0]):
        return MalformedExportError(f"{where} is {NOT_A_THREAD}. {advice}", path=paths[0])
    count = report.files_skipped[NOT_A_THREAD]
    found = f"{count} files, none of them a message thread" if count else "nothing to read"
    message = f"No Messenger export below {where}: {found}. {advice}"
    return ExportNotFoundError(message, path=paths[0])
