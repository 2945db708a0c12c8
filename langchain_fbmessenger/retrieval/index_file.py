"""An index on disk: one file in a folder of its own, for its owner alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.home import private_folder, write_private
from langchain_fbmessenger.exceptions import MalformedFileError, MissingFolderError
from langchain_fbmessenger.retrieval.index import ExchangeIndex, IndexContent

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_index", "save_index"]

_FILE = "exchanges.msgpack"
_KIND = "langchain-fbmessenger exchanges"
_VERSION = 1
"""Of the file, and of what a word is: numbers of words mean nothing under other rules."""


class _Head(msgspec.Struct):
    """What says whether a file is ours, whatever else stands in it."""

    kind: str
    version: int


class _File(_Head):
    content: IndexContent


def save_index(index: ExchangeIndex, folder: Path) -> None:
    """Write an index into a folder; what was there before is replaced in one step.

    Args:
        index: The index.
        folder: The folder; it is made for its owner alone (0700) if it does not exist. The file
            in it is so in any case (0600).

    Raises:
        MissingFolderError: There is a file of this name.
        OSError: It cannot be written; there is what was there before.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file: an index needs a folder of its own"
        raise MissingFolderError(message)
    if not folder.is_dir():  # one that is here keeps its rights: it may be the user's own
        private_folder(folder, root=folder)
    written = msgspec.msgpack.encode(_File(_KIND, _VERSION, index.content()))
    write_private(folder / _FILE, written)


def load_index(folder: Path) -> ExchangeIndex:
    """Return the index that a folder holds.

    Raises:
        MissingFolderError: It holds none.
        MalformedFileError: The file is damaged, or of another version.
    """
    path = folder / _FILE
    try:
        read = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        message = f"{folder} holds no index: PersonaRetriever.save(folder) makes one"
        raise MissingFolderError(message) from None
    try:
        head = msgspec.msgpack.decode(read, type=_Head)
        if head.kind == _KIND and head.version == _VERSION:
            return ExchangeIndex(msgspec.msgpack.decode(read, type=_File).content)
    except (msgspec.DecodeError, ValueError, KeyError):  # or its parts do not fit each other
        message = f"{path} is not an index of langchain-fbmessenger, or is damaged: make it anew"
    else:
        message = f"{path} was made by another version of langchain-fbmessenger: make it anew"
    raise MalformedFileError(message)
