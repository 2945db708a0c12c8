"""The key file: a secret and every invented name. Who has it can tell who is who; nobody else can.

JSON, for its owner alone. Several processes may use one at a time: what is added is added to what
the file holds by then, under a lock beside it (`names.key.lock`, empty), which stays behind.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.home import locked, write_private
from langchain_fbmessenger._internal.output import real_path
from langchain_fbmessenger.exceptions import BusyFileError, InvalidOptionError, MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KeyFile", "changing_key", "new_key", "read_key"]

_KIND = "langchain-fbmessenger names"
_NOTE = "This file turns invented names into real ones. Keep it, and keep it private."
_VERSION = 1
_SECRET_BYTES = 32
_LOCK_SECONDS = 60.0  # thousands of people are written in about one


class KeyFile(msgspec.Struct):
    """What a key file holds.

    Attributes:
        secret: Base64 of random bytes.
        names: Invented names, by parts of real ones as they were first written.
        people: Full names: each person's own, then former ones.
    """

    secret: str
    names: dict[str, str]
    people: list[tuple[str, ...]]
    kind: str = _KIND
    note: str = _NOTE
    version: int = _VERSION

    @property
    def secret_bytes(self) -> bytes:
        """What everything that is made from this key is derived from."""
        return base64.b64decode(self.secret.encode("ascii", "replace"))


def new_key() -> KeyFile:
    """Return a key with a secret of its own, and nobody in it."""
    secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return KeyFile(secret=secret, names={}, people=[])


def read_key(path: Path) -> KeyFile:
    """Return what a key file holds, and shut it to others if it was open to them.

    Raises:
        FileNotFoundError: There is no key file.
        MalformedFileError: The file is not a key file, or of another version.
    """
    try:
        held = json.loads(path.read_bytes())  # not msgspec's reader: names may hold half an emoji
        if isinstance(held, dict) and held.get("kind") == _KIND and held.get("version") != _VERSION:
            message = f"{path} was written by another version of langchain-fbmessenger: update it"
            raise MalformedFileError(message)
        key = msgspec.convert(held, KeyFile)
        is_ours = key.kind == _KIND and len(key.secret_bytes) == _SECRET_BYTES and all(key.people)
    except IsADirectoryError as error:
        message = f"{path} is a folder: name a key file in it"
        raise MalformedFileError(message) from error
    except (UnicodeDecodeError, json.JSONDecodeError, msgspec.ValidationError, RecursionError):
        is_ours = False
    except base64.binascii.Error:  # type: ignore[attr-defined]
        is_ours = False
    if not is_ours:
        message = (
            f"{path} is not a key file of langchain-fbmessenger, or is damaged: restore it from a "
            "copy, or name a file that does not exist yet to make a new key"
        )
        raise MalformedFileError(message)
    with contextlib.suppress(OSError):  # somebody else's file may be theirs to open
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    return key


@contextlib.contextmanager
def changing_key(path: Path) -> Iterator[KeyFile]:
    """Give what the key file holds now, or a new key, and write what becomes of it.

    A symbolic link stays one: it is the file behind it that is locked and written.

    Raises:
        BusyFileError: Another process does not let go of it.
        MalformedFileError: The file is not a key file.
        InvalidOptionError: Its folder does not exist.
    """
    path = real_path(path)
    if not path.parent.is_dir():
        message = f"there is no folder {path.parent} for the key file: make it first"
        raise InvalidOptionError(message)
    with locked(path.with_name(f"{path.name}.lock"), timeout=_LOCK_SECONDS) as is_held:
        if not is_held:
            message = f"{path} has been in use by another process for {_LOCK_SECONDS:.0f} seconds"
            raise BusyFileError(message)
        try:
            key, is_new = read_key(path), False
        except FileNotFoundError:
            key, is_new = new_key(), True
        before = (len(key.names), len(key.people))
        yield key
        if is_new or (len(key.names), len(key.people)) != before:
            # ASCII: half an emoji, which old exports hold, has no place in UTF-8.
            content = json.dumps(msgspec.structs.asdict(key), indent=1)
            write_private(path, content.encode())
