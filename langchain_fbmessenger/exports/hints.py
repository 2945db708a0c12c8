"""Tell of a JSON file that is no thread what in it looks like messages: files in, a sentence out.

People write exports by hand, or have them from other tools, whose keys are other ones. A key may be
somebody's name, so it is only told if it consists of words that stand for messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exports.discovery.files import UnreadableFileError
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError, load_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.discovery.files import ExportFile

__all__ = ["hint_of"]

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
_METAS_OWN = {"sendername", "timestampms"}  # of a message without a text
_WORD_OF_KEYS = re.compile(
    "all|array|chats?|contents?|conversations?|data|dialog(ue)?s?|entries|events|export|history|"
    "items|inbox|json|lines|list|logs?|messages?|msgs?|posts|records|replies|results|rows|texts?|"
    "threads?|transcript|turns|nachrichten|mensajes|mensagens|messaggi|berichten|wiadomosci|zpravy"
)
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+")


def hint_of(files: Iterable[ExportFile]) -> str:
    """Return what the first file that holds messages in another shape should look like, or ""."""
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
            yield f"{_told(key)} looks like the messages. {_EXPECTED}"
    if isinstance(found, dict) and isinstance(found.get("participants"), list):
        others = [key for key, value in _lists(found, _DEEPEST) if key != "participants" and value]
        missing = f"{_told(others[0])} may be the messages" if others else "It has no 'messages'"
        if not others and "messages" in found:
            missing = "What it has under 'messages' is no list"
        yield f"{missing}. {_EXPECTED}"


def _lists(found: Any, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Give the lists in a value, and the key that each stands under, the outer ones first."""
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
    """Tell whether most of some items have a text, and a sender or a time."""
    looked_at = items[:_LOOKED_AT]
    fitting = 0
    for item in looked_at:
        keys = {_plain(key) for key in item} if isinstance(item, dict) else set()
        fitting += bool(keys & _TEXTS and keys & (_SENDERS | _TIMES)) or keys >= _METAS_OWN
    return fitting * 2 > len(looked_at)


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _told(key: str) -> str:
    words = [word.casefold() for word in _WORD.findall(key)]
    is_known = bool(words) and all(map(_WORD_OF_KEYS.fullmatch, words))
    return f"The key {key!r}" if is_known else "One of its keys"
