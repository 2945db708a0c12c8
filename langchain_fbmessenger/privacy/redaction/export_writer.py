"""Write chat sessions as an export in the shape of Meta's JSON: sessions go in, a folder comes out.

`FacebookMessengerChatLoader` reads the same sessions again: the messages, their times, reactions,
shares and the names of their media (not the files), who takes part, and whose the export is. What
is lost is the old format: chats that came from pages or encrypted exports are "messenger" then. An
owner whom the old format did not tell may be found in the copy, by the name that threads share.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.output import real_path
from langchain_fbmessenger.exceptions import InvalidOptionError, MissingFolderError
from langchain_fbmessenger.exports import read_repaired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["staged_folder", "write_export"]

_MEDIA_KEYS = {
    "photo": "photos",
    "video": "videos",
    "audio": "audio_files",
    "file": "files",
    "gif": "gifs",
}
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # of folders, on some system
_LONGEST_NAME = 200  # bytes; file systems take 255
_PROFILE = "personal_information/profile_information/profile_information.json"


@contextmanager
def staged_folder(target: Path, sources: Iterable[Path]) -> Iterator[Path]:
    """Give a folder aside that takes its place when all has gone well, and is gone if not.

    Args:
        target: The folder that is to be; it may exist if it is empty.
        sources: What is read meanwhile, which nothing may be written into.

    Raises:
        InvalidOptionError: It is not empty, or lies within what is read.
        MissingFolderError: There is no folder for it to lie in.
    """
    place = real_path(target)
    for source in map(real_path, sources):
        if place == source or source in place.parents:
            message = f"{target} lies within the export: choose a folder outside of it"
            raise InvalidOptionError(message)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        message = f"{target} is there already and not an empty folder: choose a new one"
        raise InvalidOptionError(message)
    if not place.parent.is_dir():
        message = f"There is no folder {str(target.parent)!r}"
        raise MissingFolderError(message)
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))  # mode 0700
    try:
        yield aside
        if place.exists():
            place.rmdir()
        aside.rename(place)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def write_export(sessions: Iterable[ChatSession], folder: Path) -> int:
    """Write chat sessions of our loaders as an export, for its owner's eyes alone (0700, 0600).

    Args:
        sessions: The sessions, one event per message: merged ones have lost their parts.
        folder: An empty folder. Sessions of several owners become several exports in it.

    Returns:
        How many conversations were written.
    """
    exports: dict[str | None, _Export] = {}
    count = 0
    for session in sessions:
        thread: dict[str, Any] = cast("dict[str, Any]", session)["thread"]
        owner = thread.get("owner")
        if owner not in exports:
            root = folder / f"export_{len(exports) + 1}" if exports else folder
            exports[owner] = _Export(root)
            if owner:
                profile = {"profile_v2": {"name": {"full_name": owner}}}
                _write(root / _PROFILE, profile, folder)
        path, value = exports[owner].placed(thread, session["messages"])
        _write(path, value, folder)
        count += 1
    return count


class _Export:
    """One person's export.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken: set[Path] = set()

    def placed(
        self, thread: dict[str, Any], messages: Iterable[BaseMessage]
    ) -> tuple[Path, dict[str, Any]]:
        """Return where a thread belongs, and what its file holds."""
        service = "instagram" if thread.get("source") == "instagram" else "facebook"
        box = thread.get("folder")
        folder = self._free(self._root / f"your_{service}_activity/messages" / (box or ""), thread)
        value: dict[str, Any] = {
            "participants": [{"name": name} for name in thread["participants"]],
            "messages": [],
            "title": thread["title"],
            "is_still_participant": True,
            "thread_type": "RegularGroup" if thread["is_group"] else "Regular",
        }
        # In Meta's own place, a thread of two with a title of its own is a group.
        is_metas = bool(box) and (thread["is_group"] or _is_titled_by_name(thread))
        if is_metas:
            value["thread_path"] = f"{box}/{folder.name}"
        written = [*map(_message, messages)]
        # Meta writes the newest first. Of a file by hand, equal times leave the order as it is.
        if is_metas or (written and written[0]["timestamp_ms"] != written[-1]["timestamp_ms"]):
            written.reverse()
        value["messages"] = written
        return folder / ("message_1.json" if is_metas else "message.json"), value

    def _free(self, parent: Path, thread: dict[str, Any]) -> Path:
        """Return a folder that no other thread has, on file systems without letter case either."""
        name = _NOT_IN_NAMES.sub("_", thread["id"]).strip(". ") or "thread"
        name = name.encode()[:_LONGEST_NAME].decode(errors="ignore")
        number, path = 1, parent / name
        while Path(str(path).casefold()) in self._taken:
            number += 1
            path = parent / f"{name}_{number}"
        self._taken.add(Path(str(path).casefold()))
        return path


def _is_titled_by_name(thread: dict[str, Any]) -> bool:
    title = comparable_name(thread["title"])
    return title in map(comparable_name, thread["participants"])


def _message(message: BaseMessage) -> dict[str, Any]:
    kwargs = message.additional_kwargs
    event = kwargs["events"][0]
    fields: dict[str, Any] = {
        "sender_name": kwargs["sender"],
        "timestamp_ms": event["message_time"],
    }
    attachments = event.get("attachments") or []
    share = event.get("share") or {}
    # What stands for a message without text was not typed.
    kinds = [one["kind"] for one in attachments] or ["link"] * bool(share)
    if message.content != " ".join(f"[{kind}]" for kind in kinds):
        fields["content"] = message.content
    for one in attachments:
        if one["kind"] in _MEDIA_KEYS:
            fields.setdefault(_MEDIA_KEYS[one["kind"]], []).append({"uri": one["uri"]})
        else:
            fields[one["kind"]] = {"uri": one["uri"]}  # a sticker is one object, not a list
    if share:
        names = {"link": "link", "text": "share_text"}
        fields["share"] = {names[key]: value for key, value in share.items()}
    if reactions := event.get("reactions"):
        fields["reactions"] = [
            {"reaction": one["reaction"], "actor": one["actor"]} for one in reactions
        ]
    return fields


def _write(path: Path, value: dict[str, Any], top: Path) -> None:
    for folder in [*reversed(path.relative_to(top).parents)]:
        (top / folder).mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(_encoded(value))


def _encoded(value: dict[str, Any]) -> bytes:
    r"""Return a file as UTF-8 that every tool reads, or else as Meta writes it.

    In UTF-8, a typed "Ã©" looks like a text that somebody has repaired by halves, and readers would
    go on with that; in Meta's own form (each byte as `\u00XX`) there is nothing to guess.
    """
    raw = msgspec.json.encode(value)
    if read_repaired(raw, lambda repair: _mapped(value, repair)) != value:
        raw = msgspec.json.encode(_mapped(value, lambda text: text.encode().decode("latin-1")))
        escaped = (f"\\u{ord(c):04x}" if c > "\x7f" else c for c in raw.decode())
        raw = "".join(escaped).encode("ascii")
    return msgspec.json.format(raw, indent=1)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value
