"""Cut Meta's first HTML export into threads and blocks: `messages.htm`, to spring 2018 (H1).

All threads of an account stand in one file, which may be over 100 MB, or in a file each [P]. So
the bytes are cut at the tags that open threads and messages, and only one message is parsed at a
time. No real file could be measured; five parsers and their fixtures agree on the structure:
section 6 of docs/formats.md.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats.html.blocks import (
    Block,
    parse_fragment,
    refuse_cut_messages,
)
from langchain_fbmessenger.exports.formats.html.content import Content, read_contents
from langchain_fbmessenger.exports.formats.html.layouts import LayoutReader
from langchain_fbmessenger.exports.formats.html.text import children, class_tokens, text_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

__all__ = ["find_threads_2018", "is_page_of_2018", "read_blocks_2018", "read_heading_2018"]

_HEADER_TOKENS = {"user", "meta"}
_THREAD = re.compile(rb"<div\b[^<>]*\sclass\s*=\s*[\"']?(?:[\w -]*\s)?thread[\s\"'>]")
_MESSAGE = re.compile(rb"<div\b[^<>]*\sclass\s*=\s*[\"']?(?:[\w -]*\s)?message_header[\s\"'>]")


def is_page_of_2018(raw: bytes) -> bool:
    """Return whether a page has messages of this generation."""
    return b"message_header" in raw and _MESSAGE.search(raw) is not None


def find_threads_2018(raw: bytes) -> list[tuple[int, int]]:
    """Return where each thread begins and ends."""
    starts = [found.start() for found in _THREAD.finditer(raw)]
    if not starts:  # the page of one thread, cut out by hand
        starts = [0]
    return list(zip(starts, [*starts[1:], len(raw)], strict=True))


def read_heading_2018(raw: bytes, start: int, end: int) -> tuple[str | None, list[str] | None]:
    """Return a thread's own title, if any, and the people whom its first text lists.

    From autumn 2017 on, `<h3>Conversation with Al</h3>Participants: Al` names all but the owner
    [P, one parser].
    """
    first = _MESSAGE.search(raw, start, end)
    body = parse_fragment(raw[start : first.start() if first else end])
    thread = next(children(body), None) if body is not None else None
    if thread is None or "thread" not in class_tokens(thread):
        return None, None
    titles = (normal_name(node.text()) for node in children(thread) if node.tag == "h3")
    title = next(titles, "").removeprefix("Conversation with ") or None
    child = thread.child
    while child is not None:
        shown = normal_name(child.text_content or "") if child.is_text_node else ""
        if shown:
            listed = shown.removeprefix("Participants:")
            return title, [name for name in map(normal_name, listed.split(",")) if name]
        child = child.next
    return title, None


def read_blocks_2018(raw: bytes, start: int, end: int) -> list[Block]:
    """Return the messages of a thread, in the order of the file."""
    starts = [found.start() for found in _MESSAGE.finditer(raw, start, end)]
    return _LAYOUTS.read(raw, zip(starts, [*starts[1:], end], strict=False))


def _read_block(raw: bytes) -> list[Block]:
    return list(_read_messages(raw))


def _read_messages(raw: bytes) -> Iterator[Block]:
    """Yield the messages from the opening tag of a header on: one, or several."""
    refuse_cut_messages(raw, b"user")
    body = parse_fragment(raw)
    shown = list(children(body)) if body is not None else []
    headers: list[dict[str, str]] = [{}]
    contents: list[LexborNode] = []
    for number, node in enumerate(takewhile(_is_of_message, shown)):
        found = _headers(node)
        if number == 0:
            headers = found or headers
        elif found and "user" in found[0]:
            yield from _to_blocks(headers, contents)
            headers, contents = found, []
        else:
            contents.append(node)
    yield from _to_blocks(headers, contents)


def _is_of_message(node: LexborNode) -> bool:
    return "footer" not in class_tokens(node)  # the page's end: "Downloaded by …"


def _headers(root: LexborNode) -> list[dict[str, str]]:
    """Return the names and dates in a node; a repeated part begins the next message."""
    headers: list[dict[str, str]] = []
    for node in walk(root):
        for token in _HEADER_TOKENS.intersection(class_tokens(node)):
            if not headers or token in headers[-1]:
                headers.append({})
            headers[-1][token] = node.text().strip()
    return headers


def _to_blocks(headers: list[dict[str, str]], contents: list[LexborNode]) -> Iterator[Block]:
    """Yield a block for each header: of several in a row, each has one piece, the last the rest."""
    for number, header in enumerate(headers):
        end = number + 1 if number + 1 < len(headers) else len(contents)
        yield Block(
            sender=normal_name(header["user"]) if "user" in header else None,
            date=header.get("meta") or None,
            content=_read_contents(contents[number:end]),
        )


def _read_contents(contents: list[LexborNode]) -> Content:
    """Read what follows a header. A <p> in a <p> is two of them for every HTML parser."""
    found = read_contents(None, contents)
    # Line feeds are the text's own here: nothing tells that this generation wrote <br> [inferred].
    texts = (text_of(node, newline="\n").strip() for node in contents if node.tag == "p")
    found.text = "\n".join(filter(None, texts)) or None
    return found


_LAYOUTS = LayoutReader(_read_block)
