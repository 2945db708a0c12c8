"""Recognise by its content in which of Meta's formats a file is, and decode it.

Bytes go in; the threads that a file holds come out, as outlines or with their messages. The formats
stand at the end. How each is recognised: section 1 of docs/formats.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.exports.formats.dyi import decode_thread_part, outline_thread_part
from langchain_fbmessenger.exports.formats.e2ee import decode_e2ee_thread, outline_e2ee_thread
from langchain_fbmessenger.exports.formats.graph_api import decode_graph_answer
from langchain_fbmessenger.exports.formats.html.pages import (
    decode_page,
    looks_like_html,
    outline_page,
)
from langchain_fbmessenger.exports.formats.instagram_list import (
    decode_instagram_list,
    outline_instagram_list,
)
from langchain_fbmessenger.exports.formats.lenient import BROKEN_JSON, NotAThreadError, load_json
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK
from langchain_fbmessenger.exports.formats.part import Outline, ThreadPart, outline_of
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.formats.html.pages import ZoneOf

__all__ = ["decode_file", "outline_file", "read_bytes"]

_HEAD = 4096
_KEYS_OF_OTHERS = (b'"senderName"', b'"threadName"', b'"created_time"')
_SMALL = 2**20
_METAS_BUG = b"[object Object]"  # all that archived_stories.json holds


def read_bytes(file: ExportFile) -> bytes:
    """Read a file, unless it is large and its first bytes show that it is no JSON and no HTML.

    Raises:
        UnreadableFileError: It cannot be read.
        NotAThreadError: It is no JSON and no HTML.
    """
    if file.size > _SMALL:
        head = file.read(_HEAD)
        if head.strip() and not looks_like_html(head) and not _looks_like_json(head):
            raise NotAThreadError(BROKEN_JSON)
    return file.read()


def outline_file(raw: bytes, zone_of: ZoneOf) -> list[Outline]:
    """Return the outlines of the threads that a file holds.

    Args:
        raw: The bytes of the file.
        zone_of: Chooses the time zone of a page whose times carry none.

    Raises:
        NotAThreadError: The file is broken or holds no thread.
    """
    return _format_of(raw).outline(raw, zone_of)


def decode_file(raw: bytes, zone_of: ZoneOf) -> list[ThreadPart]:
    """Return the threads that a file holds, with their messages; otherwise as `outline_file`."""
    return _format_of(raw).decode(raw, zone_of)


def _format_of(raw: bytes) -> _Format:
    head = raw[:_HEAD]
    if looks_like_html(head):
        return _HTML
    if raw.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] == b"[" and raw.strip() != _METAS_BUG:
        return _INSTAGRAM_LIST
    if b'"sender_name"' in head and not any(key in head for key in _KEYS_OF_OTHERS):
        return _DYI  # nearly every file: the rest need not be looked through
    return _format_by_keys(raw)


def _format_by_keys(raw: bytes) -> _Format:
    # Within a text of JSON the quotes are escaped, so these are true keys, or a whole text: then
    # the decoder finds no thread, and the next one is tried.
    if b'"senderName"' in raw or b'"threadName"' in raw:
        return _E2EE
    if b'"created_time"' in raw and b'"data"' in raw:
        return _GRAPH_API
    if b'"messages"' in raw:
        return _DYI
    return _NO_FORMAT


def _looks_like_json(head: bytes) -> bool:
    return head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in {b"{", b"[", b'"'}


def _decode_e2ee(raw: bytes, zone_of: ZoneOf) -> list[ThreadPart]:
    try:
        return [decode_e2ee_thread(raw)]
    except NotAThreadError:
        return _decode_graph(raw, zone_of)


def _outline_e2ee(raw: bytes, zone_of: ZoneOf) -> list[Outline]:
    try:
        return [outline_e2ee_thread(raw)]
    except NotAThreadError:
        return _outlines_of(_decode_graph(raw, zone_of))


def _decode_graph(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    try:
        return decode_graph_answer(raw)
    except NotAThreadError:
        return [decode_thread_part(raw)]


def _refuse(raw: bytes, _: ZoneOf) -> NoReturn:
    """Raise the error for a file of something else, or for a broken one, which is a loss."""
    if raw.strip() != _METAS_BUG:
        load_json(raw)
    raise NotAThreadError(NOT_A_THREAD)


def _outlines_of(parts: list[ThreadPart]) -> list[Outline]:
    return [outline_of(part, index) for index, part in enumerate(parts)]


class _Format(NamedTuple):
    """The two readers of a format, from bytes to threads with their messages, and to outlines."""

    decode: Callable[[bytes, ZoneOf], list[ThreadPart]]
    outline: Callable[[bytes, ZoneOf], list[Outline]]


_DYI = _Format(
    lambda raw, _: [decode_thread_part(raw)],
    lambda raw, _: [outline_thread_part(raw)],
)
_INSTAGRAM_LIST = _Format(
    lambda raw, _: decode_instagram_list(raw),
    lambda raw, _: outline_instagram_list(raw),
)
_E2EE = _Format(_decode_e2ee, _outline_e2ee)
_GRAPH_API = _Format(
    _decode_graph,
    lambda raw, zone_of: _outlines_of(_decode_graph(raw, zone_of)),
)
_HTML = _Format(
    lambda raw, zone_of: decode_page(raw, zone_of).threads,
    lambda raw, zone_of: _outlines_of(outline_page(raw, zone_of).threads),
)
_NO_FORMAT = _Format(_refuse, _refuse)
