"""Outline a large file by its first and last bytes, where it describes its thread.

Reading all of a file only to learn who is in it takes a third of the time of reading it. Its head
lists who takes part, its tail has the title, and the messages at both ends tell the time that it
covers. Who else has written, and how many messages there are, is not known: such an outline is
partial until the file is read (see `conversations/partial`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.formats.dyi import outline_thread_part
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError

if TYPE_CHECKING:
    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.formats.part import Outline

__all__ = ["lists_all", "outline_by_edges"]

LARGE = 2**16
_EDGE = 2**14
_TWO = 2
_MESSAGES = re.compile(rb'"messages"\s*:\s*\[\s*(?=\{\s*"sender_name"\s*:)')
_MESSAGE = re.compile(rb'\{\s*"sender_name"\s*:')
_BLANKS = re.compile(r"\s*")
_object_at = json.JSONDecoder().raw_decode


def outline_by_edges(file: ExportFile, *, is_part: bool) -> Outline | None:
    """Return the partial outline of a file; None if the whole file has to be read.

    Args:
        file: A file that is not a member of an archive, which is unpacked from its beginning.
        is_part: Whether it lies where Meta puts the parts of a thread.

    Raises:
        UnreadableFileError: It cannot be read.
    """
    if file.size < LARGE or file.archive is not None or file.suffix != ".json":
        return None
    head, tail = file.read_edges(_EDGE)
    if not (head.isascii() and tail.isascii()):
        return None  # not an untouched download
    shortened = _without_most_messages(head, tail)
    if shortened is None:
        return None
    try:
        outline = outline_thread_part(shortened)
    except NotAThreadError:
        return None
    is_of_meta = outline.variant == "A" or (is_part and outline.variant == "E")
    if not is_of_meta or len(outline.participants or ()) < _TWO or not outline.title:
        return None
    outline.is_partial = True
    return outline


def _without_most_messages(head: bytes, tail: bytes) -> bytes | None:
    """Return a file with its first and its last message only, as it is but for that."""
    begin = _MESSAGES.search(head)
    start = tail.rfind(b"{", 0, max(0, tail.rfind(b'"sender_name"')))
    if begin is None or start < 0 or not _MESSAGE.match(tail, start):
        return None
    rest = tail[start:].decode()
    try:
        _, end = _object_at(head.decode(), begin.end())
        first = head[begin.end() : end]
        _, end = _object_at(rest)
    except ValueError:
        return None
    after = _BLANKS.match(rest, end)
    if after is None or rest[after.end() : after.end() + 1] != "]":
        return None  # it was not the last message of the list
    return head[: begin.end()] + first + b"," + rest.encode()


def lists_all(file: ExportFile, outline: Outline) -> bool:
    """Return whether all who wrote in a file are participants; False if that is unclear.

    Names are counted as Meta writes them, without decoding what stands between them.

    Raises:
        UnreadableFileError: It cannot be read.
    """
    raw = file.read()
    listed = {
        name.encode(errors="replace").decode("latin-1") for name in outline.participants or ()
    }
    known = [raw.count(f'"sender_name": {json.dumps(name)}'.encode()) for name in listed]
    return sum(known) == raw.count(b'"sender_name"')
