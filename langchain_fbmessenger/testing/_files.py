"""Build paths, JSON and counts for the writers of all formats.

Facts: docs/formats.md, sections 2 ("file form") and 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Thread
    from langchain_fbmessenger.testing._options import Encoding, Layout, Plan

__all__ = [
    "OutputFile",
    "Tally",
    "below",
    "dyi_json",
    "mojibake",
    "pages_newest_first",
    "plain_json",
    "thread_folder",
]

_HIGH_BYTES = re.compile(rb"[\x80-\xff]")
_ESCAPES = {bytes([byte]): b"\\u00%02x" % byte for byte in range(0x80, 0x100)}
_NON_ASCII = re.compile("[^\x00-\x7f]")


@dataclass(frozen=True)
class OutputFile:
    """A file to be written: its path below the export's root, and its bytes piece by piece."""

    name: str
    chunks: Iterable[bytes]


@dataclass
class Tally:
    """Counts what the writers have written so far."""

    threads: int = 0
    messages: int = 0


def below(*names: str | None) -> str:
    """Return the parts of a path joined, without those that are empty or None."""
    return "/".join(name for name in names if name)


def thread_folder(thread: Thread, layout: Layout) -> str:
    """Return the folder of a thread, below the export's root."""
    return below(layout.messages, layout.folder_of(thread.folder), thread.id)


def pages_newest_first(n_messages: int, plan: Plan) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and stop of each part; 1 is the newest, the last has the remainder.

    An empty thread has one empty part.
    """
    size = plan.messages_per_part
    for number, stop in enumerate(range(n_messages, 0, -size), start=1):
        yield number, max(stop - size, 0), stop
    if n_messages == 0:
        yield 1, 0, 0


def mojibake(text: str) -> str:
    """Return a text encoded twice, as Meta does."""
    return text.encode().decode("latin-1")


def plain_json(value: Any, indent: int = 2) -> bytes:
    """Return JSON as raw UTF-8."""
    return msgspec.json.format(msgspec.json.encode(value), indent=indent)


def dyi_json(value: Any, encoding: Encoding = "untouched") -> bytes:
    """Return JSON as Meta writes it, or as a tool may have left it.

    Args:
        value: The file's object, with proper text.
        encoding: See `Quirks`.

    Returns:
        The bytes of the file, without a byte order mark.
    """
    raw = plain_json(value)
    if encoding == "untouched":  # Meta escapes bytes, not characters: that is all there is to it
        return _HIGH_BYTES.sub(lambda match: _ESCAPES[match[0]], raw)
    if encoding == "raw-mojibake":
        return raw.decode("latin-1").encode()
    if encoding == "ascii":
        return _NON_ASCII.sub(_utf16_escapes, raw.decode()).encode("ascii")
    return raw


def _utf16_escapes(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
