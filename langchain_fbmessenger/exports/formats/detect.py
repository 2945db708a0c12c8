"""Tell by its content in which of Meta's formats a file is, and decode it.

Bytes go in; the threads that a file holds come out, as outlines or with their messages. How each
variant is recognised: section 1 of docs/formats.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.formats.html.pages import HtmlPage, ZoneOf

__all__ = ["decode_file", "outline_file", "read_bytes"]

_HEAD = 4096
_KEYS_OF_OTHERS = (b'"senderName"', b'"threadName"', b'"created_time"')
_SMALL = 2**20
_META_S_SLIP = b"[object Object]"  # all that archived_stories.json holds


def read_bytes(file: ExportFile) -> bytes:
    """Read a file, unless its first bytes show that it is large and nothing that we could read.

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
    decode = _decoder_of(raw)
    if decode is _decode_dyi:
        return [outline_thread_part(raw)]
    if decode is _decode_list:
        return outline_instagram_list(raw)
    if decode is _decode_e2ee:
        try:
            return [outline_e2ee_thread(raw)]
        except NotAThreadError:
            decode = _decode_graph
    parts = (
        _parts_of(outline_page(raw, zone_of)) if decode is _decode_html else decode(raw, zone_of)
    )
    return [outline_of(part, index) for index, part in enumerate(parts)]


def decode_file(raw: bytes, zone_of: ZoneOf) -> list[ThreadPart]:
    """Return the threads that a file holds, with their messages; otherwise as `outline_file`."""
    return _decoder_of(raw)(raw, zone_of)


def _decoder_of(raw: bytes) -> Callable[[bytes, ZoneOf], list[ThreadPart]]:
    head = raw[:_HEAD]
    if looks_like_html(head):
        return _decode_html
    if raw.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] == b"[" and raw.strip() != _META_S_SLIP:
        return _decode_list
    if b'"sender_name"' in head and not any(key in head for key in _KEYS_OF_OTHERS):
        return _decode_dyi  # nearly every file: the rest need not be looked through
    return _decoder_by_keys(raw)


def _decoder_by_keys(raw: bytes) -> Callable[[bytes, ZoneOf], list[ThreadPart]]:
    # Within a text of JSON the quotes are escaped, so these are true keys, or a whole text: then
    # the decoder finds no thread, and the next one is asked.
    if b'"senderName"' in raw or b'"threadName"' in raw:
        return _decode_e2ee
    if b'"created_time"' in raw and b'"data"' in raw:
        return _decode_graph
    if b'"messages"' in raw:
        return _decode_dyi
    return _decode_none


def _looks_like_json(head: bytes) -> bool:
    return head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in {b"{", b"[", b'"'}


def _decode_dyi(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    return [decode_thread_part(raw)]


def _decode_list(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    return decode_instagram_list(raw)


def _decode_e2ee(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    try:
        return [decode_e2ee_thread(raw)]
    except NotAThreadError:
        return _decode_graph(raw, _)


def _decode_graph(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    try:
        return decode_graph_answer(raw)
    except NotAThreadError:
        return [decode_thread_part(raw)]


def _decode_none(raw: bytes, _: ZoneOf) -> list[ThreadPart]:
    """Tell a file of something else from a broken one: the second is a loss, the first is not."""
    if raw.strip() == _META_S_SLIP:
        raise NotAThreadError(NOT_A_THREAD)
    load_json(raw)
    raise NotAThreadError(NOT_A_THREAD)


def _decode_html(raw: bytes, zone_of: ZoneOf) -> list[ThreadPart]:
    return _parts_of(decode_page(raw, zone_of))


def _parts_of(page: HtmlPage) -> list[ThreadPart]:
    return [
        ThreadPart(
            variant=page.generation,
            title=thread.title,
            participants=thread.participants,
            messages=thread.messages,
            found=thread.found,
            skipped=thread.skipped,
            unknown_zones=thread.unknown_zones,
            owner=page.owner,
            precision=page.precision_ms,
        )
        for thread in page.threads
    ]
