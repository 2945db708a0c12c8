"""Make the errors for paths that hold no export, with what to do about it.

People write exports by hand, or have them from other tools, whose keys are other ones: of a JSON
file that is no thread, the error says what in it looks like messages. A key may be a person's name,
so it is only shown if it consists of words that stand for messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
    UnreadableFileError,
)
from langchain_fbmessenger.exports.discovery.layout import is_archive
from langchain_fbmessenger.exports.formats.lenient import BROKEN_JSON, NotAThreadError, load_json
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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

_MOST_FILES, _LARGEST = 50, 2**23
_DEEPEST = 3
_LOOKED_AT = 20
_EXPECTED = (
    'Expected is {"participants": [{"name": …}, …], "messages": [{"sender_name": …, '
    '"timestamp_ms": …, "content": …}, …]}.'
)
_TEXTS = {"content", "text", "message", "body", "msg"}
_SENDERS = {"sendername", "sender", "from", "author", "user", "username", "name", "who", "speaker"}
_TIMES = {"timestampms", "timestamp", "time", "date", "datetime", "createdat", "createdtime"}
_METAS_OWN = {"sendername", "timestampms"}  # keys of a message without text
_WORD_OF_KEYS = re.compile(
    "all|array|chats?|contents?|conversations?|data|dialog(ue)?s?|entries|events|export|history|"
    "items|inbox|json|lines|list|logs?|messages?|msgs?|posts|records|replies|results|rows|texts?|"
    "threads?|transcript|turns|nachrichten|mensajes|mensagens|messaggi|berichten|wiadomosci|zpravy"
)
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+")


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
        others: The files that are no threads; the error says what they lack.
    """
    where = ", ".join(repr(str(path)) for path in paths)
    reasons = report.files_lost()
    if reasons:
        found = "; ".join(f"{n} x {reason}" for reason, n in reasons.items())
        advice = " ".join(_ADVICE[reason] for reason in reasons if reason in _ADVICE)
        message = f"No message could be read below {where}. Found: {found}. {advice}"
        first = next(p for p, reason in report.skipped_paths if reason in reasons)
        return MalformedExportError(message.strip(), path=first)
    advice = f"{_hint_of(others)} {_HOW_TO_ASK}".strip()
    if len(paths) == 1 and paths[0].is_file() and not is_archive(paths[0]):
        return MalformedExportError(f"{where} is {NOT_A_THREAD}. {advice}", path=paths[0])
    count = report.files_skipped[NOT_A_THREAD]
    found = f"{count} files, none of them a message thread" if count else "nothing to read"
    message = f"No Messenger export below {where}: {found}. {advice}"
    return ExportNotFoundError(message, path=paths[0])


def _hint_of(files: Iterable[ExportFile]) -> str:
    """Return what the first file with messages in another shape should look like, or ""."""
    for number, file in enumerate(files):
        if number < _MOST_FILES and file.size <= _LARGEST:
            try:
                found = load_json(file.read())
            except (NotAThreadError, UnreadableFileError):
                continue
            hint = next(_hints(found), "")
            if hint:
                return hint
    return ""


def _hints(found: Any) -> Iterator[str]:
    if isinstance(found, list) and _are_messages(found):
        yield f"A bare list looks like the messages: it belongs under 'messages'. {_EXPECTED}"
    for key, value in _lists(found, 0):
        if _are_messages(value):
            yield f"{_describe_key(key)} looks like the messages. {_EXPECTED}"
    if isinstance(found, dict) and isinstance(found.get("participants"), list):
        others = [key for key, value in _lists(found, _DEEPEST) if key != "participants" and value]
        if others:
            missing = f"{_describe_key(others[0])} may be the messages"
        elif "messages" in found:
            missing = "What it has under 'messages' is no list"
        else:
            missing = "It has no 'messages'"
        yield f"{missing}. {_EXPECTED}"


def _lists(found: Any, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists in a value, and the key that each stands under, the outer ones first."""
    inner = []
    for key, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, list):
            yield key, value
        inner.append(value)
    if isinstance(found, list):
        inner = found[:_LOOKED_AT]
    for value in inner if depth < _DEEPEST else ():
        yield from _lists(value, depth + 1)


def _are_messages(items: list[Any]) -> bool:
    """Return whether most of some items have a text, and a sender or a time."""
    looked_at = items[:_LOOKED_AT]
    fitting = 0
    for item in looked_at:
        keys = {_plain(key) for key in item} if isinstance(item, dict) else set()
        fitting += bool(keys & _TEXTS and keys & (_SENDERS | _TIMES)) or keys >= _METAS_OWN
    return fitting * 2 > len(looked_at)


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _describe_key(key: str) -> str:
    words = [word.casefold() for word in _WORD.findall(key)]
    is_known = bool(words) and all(map(_WORD_OF_KEYS.fullmatch, words))
    return f"The key {key!r}" if is_known else "One of its keys"
