r"""Undo Meta's double encoding: each UTF-8 byte of a text written as one `\u00XX` escape.

Whether a file needs it is a property of the file, not of one string: a person may really have
typed "Ã©". So a file is read with the rule for untouched downloads first, and where one of its
strings breaks that rule, all of it is read again with the careful one. Rules and counts: section 4
of docs/formats.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["BYTE_ORDER_MARK", "read_repaired", "repaired_texts"]

T = TypeVar("T")
_HIGH_RUN = re.compile("[\x80-\xff]+")
_C1 = re.compile("[\x80-\x9f]")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK = 256
_SEPARATOR = "\0"  # of ASCII, so that no character reaches from one text into the next


class _NotUntouchedError(Exception):
    """A string shows that its file is no untouched download."""


def read_repaired(raw: bytes, read: Callable[[Callable[[str], str]], T]) -> T:
    r"""Read a file with the repair that is right for it.

    Args:
        raw: The file's bytes, without a byte order mark.
        read: Makes the result of the parsed file, given the function that repairs a string. It
            may be called a second time.

    Returns:
        What `read` returned. An untouched download is pure ASCII and all its strings decode: there
        every string is repaired, one whose last character was cut off too. In other files
        (re-saved or hand-made) a string is repaired only if all of it decodes.
    """
    if raw.isascii():
        try:
            return read(_repair_untouched)
        except _NotUntouchedError:
            pass
    return read(_repair_certain)


def repaired_texts(texts: Sequence[str | None], repair: Callable[[str], str]) -> list[str | None]:
    """Return texts repaired, None for those that are not there or empty.

    Args:
        texts: Texts of one file.
        repair: What `read_repaired` gives: whatever it is, a text that decodes becomes that.
    """
    repaired: list[str | None] = []
    try:
        for start in range(0, len(texts), _BLOCK):
            repaired += _decoded(texts[start : start + _BLOCK])
    except UnicodeError:
        return [repair(text) if text else None for text in texts]
    return repaired


def _decoded(texts: Sequence[str | None]) -> list[str | None]:
    """Return texts that all decode: joined ones take half the time, and hide no mistake.

    Raises:
        UnicodeError: One of them does not.
    """
    block = _SEPARATOR.join([text or "" for text in texts])
    if block.isascii():
        return [text or None for text in texts]
    decoded = block.encode("latin-1").decode().split(_SEPARATOR)
    if len(decoded) > len(texts):  # somebody has written the separator
        return [text.encode("latin-1").decode() if text else None for text in texts]
    return [text or None for text in decoded]


def _repair_untouched(text: str) -> str:
    if text.isascii():
        return text
    try:
        encoded = text.encode("latin-1")
        return encoded.decode("utf-8")
    except UnicodeEncodeError:
        raise _NotUntouchedError from None
    except UnicodeDecodeError as error:
        # An incomplete last character was cut off by Meta if the rest holds a whole one. A proper
        # word that ends in an accented letter fails in the same way, with an ASCII rest.
        rest = encoded[: error.start]
        if error.reason != "unexpected end of data" or rest.isascii():
            raise _NotUntouchedError from None
        return rest.decode("utf-8")


def _repair_certain(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return _HIGH_RUN.sub(_repair_run, text)


def _repair_run(run: re.Match[str]) -> str:
    # Replace tables mend some letters of a text and leave others. Nobody types C1 controls, so a
    # run that holds one and decodes is what is left (inferred from one re-saved file).
    if not _C1.search(run[0]):
        return run[0]
    try:
        return run[0].encode("latin-1").decode("utf-8")
    except UnicodeError:
        return run[0]
