"""Damage files as disks, editors and other people's scripts do, so that readers can be tested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DAMAGES", "Damage", "DamageKind", "damage"]

DamageKind = Literal[
    "bom", "crlf", "cut emoji", "deep nesting", "empty", "garbage", "html instead", "huge number",
    "lone surrogate", "nan", "nul bytes", "null message", "raw control", "trailing comma",
    "truncated", "twice", "utf-16", "wrong type", "wrong shape", "zeros",
]  # fmt: skip

_DEEP = 200_000  # a parser that recurses without a bound overflows the stack
_CONTENT = re.compile(rb'("(?:content|text)": ")((?:[^"\\]|\\.)+)(")')
_TIME = re.compile(rb'("timestamp(?:_ms)?": )\d+')
_MESSAGE = re.compile(rb'"messages": \[\s*')


@dataclass(frozen=True)
class Damage:
    """One way in which a file may be broken.

    Attributes:
        about: What happened to the file.
        costs: What a good reader loses at most: `nothing`, one `message`, or the `file`.
        apply: Returns the damaged bytes for a file's bytes.
    """

    about: str
    costs: Literal["nothing", "message", "file"]
    apply: Callable[[bytes], bytes]


def damage(path: str | Path, kind: DamageKind) -> Path:
    """Damage a file in place.

    Args:
        path: The file, of any variant; some kinds need JSON with a message that has text.
        kind: A key of `DAMAGES`.

    Returns:
        The path.

    Raises:
        InvalidOptionError: There is no such kind, or the file has no place for it.

    Example:
        ```python
        from langchain_fbmessenger.testing import damage, sample_threads, write_export

        written = write_export(sample_threads(), "export")
        damage(written.files[0], "truncated")
        ```
    """
    path = Path(path)
    if kind not in DAMAGES:
        message = f"There is no damage {kind!r}. Choose from: {', '.join(sorted(DAMAGES))}."
        raise InvalidOptionError(message)
    before = path.read_bytes()
    after = DAMAGES[kind].apply(before)
    if after == before:
        message = f"{str(path)!r} has no place where {kind!r} could strike."
        raise InvalidOptionError(message)
    path.write_bytes(after)
    return path


def _in_first_text(old: bytes, tail: bytes) -> bytes:
    return _CONTENT.sub(lambda found: found[1] + found[2] + tail + found[3], old, count=1)


def _in_last_text(old: bytes, tail: bytes) -> bytes:
    ends = [found.end(2) for found in _CONTENT.finditer(old)]
    return old[: ends[-1]] + tail + old[ends[-1] :] if ends else old


def _with_first_time(old: bytes, value: bytes) -> bytes:
    return _TIME.sub(lambda found: found[1] + value, old, count=1)


def _before_first_message(old: bytes, item: bytes) -> bytes:
    return _MESSAGE.sub(lambda found: found[0] + item, old, count=1)


DAMAGES: dict[str, Damage] = {
    "bom": Damage("a byte order mark at the start", "nothing", lambda old: b"\xef\xbb\xbf" + old),
    "crlf": Damage("line ends of Windows", "nothing", lambda old: old.replace(b"\n", b"\r\n")),
    "cut emoji": Damage(
        "a text that ends inside an emoji, as Meta shortens it (Instagram)",
        "nothing",
        lambda old: _in_last_text(old, rb"\u00f0\u009f\u0099\u008f\u00f0\u009f"),
    ),
    "deep nesting": Damage(
        "brackets inside brackets", "file", lambda _: b"[" * _DEEP + b"]" * _DEEP
    ),
    "empty": Damage("no byte left", "file", lambda _: b""),
    "garbage": Damage("other bytes", "file", lambda old: bytes(b ^ 0xA5 for b in old)),
    "html instead": Damage(
        "a page that asks to log in, saved under the file's name",
        "file",
        lambda _: b"<!DOCTYPE html><html><body>Log in to continue</body></html>",
    ),
    "huge number": Damage(
        "a time of 400 digits", "message", lambda old: _with_first_time(old, b"9" * 400)
    ),
    "lone surrogate": Damage(
        "half a character outside of the basic plane, escaped",
        "nothing",
        lambda old: _in_first_text(old, rb" \ud83d"),
    ),
    "nan": Damage("a time that is NaN", "message", lambda old: _with_first_time(old, b"NaN")),
    "nul bytes": Damage(
        "NUL bytes after the end, of a disk that was full",
        "file",
        lambda old: old + b"\0" * 4096,
    ),
    "null message": Damage(
        "a message that is null", "nothing", lambda old: _before_first_message(old, b"null, ")
    ),
    "raw control": Damage(
        "a line break inside a string, not escaped",
        "nothing",
        lambda old: _in_first_text(old, b"\n\t!"),
    ),
    "trailing comma": Damage(
        "a comma after the last item, as hand-editing leaves it",
        "file",
        lambda old: re.sub(rb"\s*\}\s*$", b",\n}", old),
    ),
    "truncated": Damage("the last third cut off", "file", lambda old: old[: len(old) * 2 // 3]),
    "twice": Damage("the whole file once more after itself", "file", lambda old: old + old),
    "utf-16": Damage(
        "another encoding", "file", lambda old: old.decode("utf-8", "replace").encode("utf-16")
    ),
    "wrong type": Damage(
        "a time that is an object", "message", lambda old: _with_first_time(old, b'{"a": [1]}')
    ),
    "wrong shape": Damage(
        "an object in place of the list of messages",
        "file",
        lambda _: b'{"participants": [], "messages": {"0": {}}, "title": 5}',
    ),
    "zeros": Damage("as long as before, yet all NUL", "file", lambda old: b"\0" * len(old)),
}
