"""Read the message blocks of Meta's HTML pages since 2018 (generations H2 to H4, I3, I4).

The bytes from a block's opening tag to the next one's go in, what the block shows comes out; dates
and reactions are still text, for only the whole page tells how to read them. A block is parsed by
itself, so that one which is broken or never closed costs no other. Facts: section 6 of
docs/formats.md.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from selectolax.lexbor import LexborHTMLParser

from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._html_text import (
    children,
    class_tokens,
    is_ip_line,
    is_reaction_list,
    text_of,
    walk,
)
from langchain_fbmessenger.exports.records import Attachment, Share

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

__all__ = ["Block", "Content", "parse_fragment", "read_blocks", "read_contents"]

# The class tokens that tell the parts of a block, whatever their tags.
_ROLES = {
    "_a6-h": "sender",  # these: H3, H4, I3, I4
    "_a6-p": "body",
    "_a6-o": "date",
    "_a72d": "date",
    "_2lel": "sender",  # these: H2
    "_2let": "body",
    "_2lem": "date",
}
_ROLE_TOKENS = [token.encode() for token in _ROLES]
_CELLS = 4  # the least that Meta puts into a body: empty, text, media, link
_TEXT_CELL = 1
_POST_CELL = "_2pin"  # bodies of posts, comments and profile pages are made of these

_FOLDERS = {
    "photos": "photo",
    "videos": "video",
    "audio": "audio",
    "gifs": "gif",
    "files": "file",
    "stickers_used": "sticker",
}
_EXTENSIONS = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "heic", "bmp"), "photo"),
    **dict.fromkeys(("mp4", "mov", "webm", "3gp", "avi", "mkv"), "video"),
    **dict.fromkeys(("aac", "m4a", "mp3", "ogg", "opus", "wav", "amr"), "audio"),
    "gif": "gif",
}
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z\d+.\-]*:")  # "mailto:", "fb-messenger://"
_DIGITS_OF_YEAR = 4
_PLAIN = {"div", "p"}
_TAGS = {"img": "photo", "video": "video", "audio": "audio"}
# The parser's time grows with the square of the depth of open <div>s: 0.2 s for 10,000, 16 s for
# 100,000. A message of 20,000 line breaks, Meta's longest, stays below this number of tags.
_MOST_TAGS = 25_000


class Content(msgspec.Struct, gc=False):
    """What a body holds; `reactions` are the list's lines as shown: "❤Zoë Brandt"."""

    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    share: Share | None = None
    reactions: tuple[str, ...] = ()

    def is_empty(self) -> bool:
        return not (self.text or self.attachments or self.share or self.reactions)


class Block(msgspec.Struct, gc=False):
    """One block of a page. What is None was not there; `header` is the text of a dateless one."""

    sender: str | None
    date: str | None
    content: Content | None
    header: str = ""


def parse_fragment(raw: bytes) -> LexborNode | None:
    """Parse a piece of a page; of a piece with absurdly many tags, the beginning."""
    if raw.count(b"<") > _MOST_TAGS:
        raw = b"<".join(islice(raw.split(b"<", _MOST_TAGS), _MOST_TAGS))
    return LexborHTMLParser(raw.decode("utf-8", errors="replace")).body


def read_blocks(raw: bytes) -> list[Block]:
    """Read a block, from its own opening tag on: one message, or several that stand in it."""
    page = parse_fragment(raw)
    root = next(children(page), None) if page else None
    if page is None or root is None:
        return [Block(None, None, None)]
    if any(raw.count(token) > 1 for token in _ROLE_TOKENS):
        messages = _parts_of_several(page)
    else:
        parts: dict[str, LexborNode] = {}
        for node in children(root):
            _note_role(node, parts)
        if len(parts) < len({*_ROLES.values()}):
            # Some pages wrap the parts once more, or put the date behind the block.
            for node in walk(page):
                _note_role(node, parts)
        messages = [parts]
    blocks = [_to_block(parts) for parts in messages]
    if not any(block.date for block in blocks):
        blocks[0].header = text_of(root)
    return blocks if len(blocks) == 1 else _with_what_they_share(blocks)


def _note_role(node: LexborNode, parts: dict[str, LexborNode]) -> None:
    for token in class_tokens(node):
        if token in _ROLES:
            parts.setdefault(_ROLES[token], node)


def _parts_of_several(page: LexborNode) -> list[dict[str, LexborNode]]:
    """Return the parts of each message in a block: a part that comes again is the next one's."""
    messages: list[dict[str, LexborNode]] = [{}]
    for node in walk(page):
        for role in {_ROLES[token] for token in class_tokens(node) if token in _ROLES}:
            if not _is_within(node, messages[-1].get(role)):  # a date's frame and the date itself
                if role in messages[-1]:
                    messages.append({})
                messages[-1][role] = node
    return [parts for parts in messages if parts.keys() != {"date"}] or [{}]


def _is_within(node: LexborNode, above: LexborNode | None) -> bool:
    while above is not None and node.parent is not None:
        node = node.parent
        if node.mem_id == above.mem_id:
            return True
    return False


def _to_block(parts: dict[str, LexborNode]) -> Block:
    sender, body, date = (parts.get(role) for role in ("sender", "body", "date"))
    return Block(
        sender=normal_name(sender.text()) if sender else None,
        date=(date.text().strip() or None) if date else None,
        content=_read_body(body) if body is not None and not _is_post(body) else None,
    )


def _with_what_they_share(blocks: list[Block]) -> list[Block]:
    """Give messages under one name that name, and a date to those that have it in common."""
    shares = [block.sender is None for block in blocks]
    for at in range(1, len(blocks)):
        if shares[at]:
            blocks[at].sender = blocks[at - 1].sender
            blocks[at].date = blocks[at].date or blocks[at - 1].date
    for at in range(len(blocks) - 1, 0, -1):
        if shares[at]:
            blocks[at - 1].date = blocks[at - 1].date or blocks[at].date
    return blocks


def _is_post(body: LexborNode) -> bool:
    first = next(children(body), None)
    return first is not None and (first.tag == "table" or _POST_CELL in class_tokens(first))


def _read_body(body: LexborNode) -> Content:
    frame = next(children(body), None)
    cells = list(children(frame)) if frame else []
    if len(cells) >= _CELLS:
        return read_contents(cells[_TEXT_CELL], cells)
    # Not Meta's own structure: the first piece that shows text is the message.
    pieces = []
    for piece in [body] if _has_own_text(body) else children(body):
        inner = [] if _has_own_text(piece) else list(children(piece))
        pieces += inner or [piece]
    shown = (piece for piece in pieces if (text := text_of(piece)) and not is_ip_line(text))
    return read_contents(next(shown, None), [body])


def _has_own_text(node: LexborNode) -> bool:
    child = node.child
    while child is not None:
        if child.is_text_node and (child.text_content or "").strip():
            return True
        child = child.next
    return False


def read_contents(text_cell: LexborNode | None, cells: list[LexborNode]) -> Content:
    """Read the cells of a body.

    Args:
        text_cell: The cell of the typed text, if there is one.
        cells: All cells, that of the text too.

    Returns:
        What they hold. A link within the typed text is part of the text, not a share.
    """
    text = text_of(text_cell) if text_cell is not None else ""
    media: dict[str, Attachment] = {}  # a thumbnail and the link around it name one file
    reactions: list[str] = []
    share = None
    for cell in cells:
        child = cell.child
        if cell.tag in _PLAIN and (child is None or (child.is_text_node and child.next is None)):
            continue  # most cells are empty or plain text
        for node in walk(cell):
            if is_reaction_list(node):
                reactions += filter(None, map(_reaction_line, children(node)))
            elif node.tag in _TAGS:
                uri = node.attributes.get("src") or ""
                if uri and not uri.startswith("data:") and not _is_shown_by_link(node, uri):
                    media.setdefault(uri, Attachment(_kind(node.tag, uri), uri))
            elif node.tag == "a":
                uri = node.attributes.get("href") or ""
                if _is_file(uri):
                    media.setdefault(uri, Attachment(_kind("a", uri), uri))
                elif _is_external(uri):
                    share = share or _share(node, uri, cell, text)
    return Content(text if text.strip() else None, tuple(media.values()), share, tuple(reactions))


def _is_external(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _is_file(uri: str) -> bool:
    return bool(uri) and not uri.startswith(("#", "//")) and not _SCHEME.match(uri)


def _is_shown_by_link(node: LexborNode, uri: str) -> bool:
    """Whether a picture is the thumbnail of a linked file, or the preview of a shared page."""
    above = node.parent
    if above is None or above.tag != "a":
        return False
    link = above.attributes.get("href") or ""
    return _is_file(link) or (_is_external(link) and _is_external(uri))


def _kind(tag: str, uri: str) -> str:
    """Name the kind of a file: voice messages stand in `audio/`, but in a <video> tag."""
    *folders, name = uri.partition("?")[0].split("/")
    for folder in reversed(folders):
        if folder in _FOLDERS:
            return _FOLDERS[folder]
    known = _EXTENSIONS.get(name.rpartition(".")[2].lower(), "file")
    return known if known == "gif" else _TAGS.get(tag, known)


def _share(anchor: LexborNode, link: str, cell: LexborNode, text: str) -> Share | None:
    shown = text_of(anchor)
    if link in text or (shown and shown in text):
        return None
    known = {"", link, shown, *text.split("\n")}
    about = [line for line in text_of(cell).split("\n") if line.strip() not in known]
    return Share(link, "\n".join(about) or None)


def _reaction_line(item: LexborNode) -> str:
    line = " ".join(item.text().split())
    if item.child is not None and item.child.is_element_node and line.endswith(")"):
        # H4 and I4 add the time: "❤Zoë Brandt (Jun 01, 2025 3:32:01 pm)".
        name, _, time = line.rpartition("(")
        if sum(map(str.isdigit, time)) >= _DIGITS_OF_YEAR:
            return name.rstrip()
    return line
