"""Find and read the message blocks of Meta's HTML pages since 2018 (generations H2 to H4, I3, I4).

Tags are found by their classes in the bytes of a page, without parsing it. The bytes from a block's
opening tag to the next one's go in, what the block shows comes out; dates and reactions are still
text, for only the whole page tells how to read them. A block is parsed by itself, so that one which
is broken or never closed costs no other. Facts: section 6 of docs/formats.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from selectolax.lexbor import LexborHTMLParser

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats.html.content import Content, is_post, read_body
from langchain_fbmessenger.exports.formats.html.text import children, class_tokens, text_of, walk
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

__all__ = [
    "ROLE_TOKENS",
    "UNKNOWN_HTML",
    "Block",
    "classes_at",
    "opening_tags",
    "parse_fragment",
    "read_blocks",
    "refuse_cut_messages",
]

UNKNOWN_HTML = "HTML page of an unknown layout"

_OPENING_TAG = re.compile(
    rb"<[a-zA-Z][\w-]*\b[^<>]*?\sclass\s*=\s*"
    rb"(?:\"(?P<double>[^\"<>]*)\"|'(?P<single>[^'<>]*)'|(?P<bare>[^\s\"'<>]+))"
)
_LONGEST_TAG = 1000
_TRIES = 3
_NO_MARKUP = re.compile(
    rb"<(?=[!sStTnNiI])(?:!--.*?(?:-->|\Z)"
    rb"|(?i:(script|style|template|noscript|textarea|iframe)\b.*?(?:</\1\s*>|\Z)))",
    re.DOTALL,
)

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
_TWO = 2
ROLE_TOKENS = [token.encode() for token in _ROLES]
_BODY_TOKENS = [token.encode() for token, role in _ROLES.items() if role == "body"]
# The parser's time grows with the square of the depth of open <div>s: 0.2 s for 10,000, 16 s for
# 100,000. A message of 20,000 line breaks, Meta's longest, stays below this number of tags.
_MOST_TAGS = 25_000


def opening_tags(raw: bytes, token: bytes) -> list[int]:
    """Return where tags with a class begin, without those in comments, scripts and the like."""
    starts: list[int] = []
    at = raw.find(token)
    hidden = [found.span() for found in _NO_MARKUP.finditer(raw)] if at >= 0 else []
    while at >= 0:
        start = raw.rfind(b"<", max(0, at - _LONGEST_TAG), at)
        if start >= 0 and token in classes_at(raw, start):
            # Mostly, the first or the second tag is equal to all that follow.
            same = _same_tags(raw, start, token) if len(starts) < _TRIES else []
            if same:
                starts += same
                break
            starts.append(start)
        at = raw.find(token, at + len(token))
    return [start for start in starts if not _is_hidden(start, hidden)] if hidden else starts


def _same_tags(raw: bytes, start: int, token: bytes) -> list[int]:
    """Return where a tag occurs, itself included, if no other tag has the class."""
    tag = raw[start : raw.find(b">", start, start + _LONGEST_TAG) + 1]
    if tag.count(token) != 1 or raw.count(token, start) != raw.count(tag, start):
        return []
    return [found.start() for found in re.compile(re.escape(tag)).finditer(raw, start)]


def classes_at(raw: bytes, start: int) -> list[bytes]:
    """Return the classes of the tag that begins at a position."""
    tag = _OPENING_TAG.match(raw, start)
    return (tag["double"] or tag["single"] or tag["bare"] or b"").split() if tag else []


def _is_hidden(start: int, hidden: list[tuple[int, int]]) -> bool:
    before = bisect_left(hidden, (start, 0)) - 1
    return before >= 0 and start < hidden[before][1]


class Block(msgspec.Struct, gc=False):
    """One block of a page; None for missing parts. `header` is the text of a block without date."""

    sender: str | None
    date: str | None
    content: Content | None
    header: str = ""


def parse_fragment(raw: bytes) -> LexborNode | None:
    """Parse a piece of a page, or only its beginning if it has absurdly many tags."""
    if raw.count(b"<") > _MOST_TAGS:
        raw = b"<".join(islice(raw.split(b"<", _MOST_TAGS), _MOST_TAGS))
    return LexborHTMLParser(raw.decode("utf-8", errors="replace")).body


def read_blocks(raw: bytes) -> list[Block]:
    """Read a block, from its opening tag on: one message, or several inside it.

    Raises:
        NotAThreadError: It holds several in an unknown order, and too many to be parsed.
    """
    if all(raw.count(token) < _TWO for token in ROLE_TOKENS):
        return _read_piece(raw, is_several=False)
    # Cut where the first part of each message begins: one block may hold all of a page.
    starts = (opening_tags(raw, token) for token in ROLE_TOKENS)
    cuts = min(filter(None, starts), default=[0])
    pieces = zip([0, *cuts[1:]], [*cuts[1:], len(raw)], strict=True)
    return [
        block for start, end in pieces for block in _read_piece(raw[start:end], is_several=True)
    ]


def refuse_cut_messages(raw: bytes, token: bytes) -> None:
    """Refuse a piece with several messages of which the last would be lost without a count.

    Args:
        raw: The piece.
        token: A class that each message has.

    Raises:
        NotAThreadError: It has more tags than are parsed.
    """
    if raw.count(b"<") > _MOST_TAGS and len(opening_tags(raw, token)) > 1:
        raise NotAThreadError(UNKNOWN_HTML)


def _read_piece(raw: bytes, *, is_several: bool) -> list[Block]:
    for token in _BODY_TOKENS if is_several else ():
        refuse_cut_messages(raw, token)
    page = parse_fragment(raw)
    root = next(children(page), None) if page else None
    if page is None or root is None:
        return [Block(None, None, None)]
    if is_several:
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
    return blocks if len(blocks) == 1 else _with_shared_parts(blocks)


def _note_role(node: LexborNode, parts: dict[str, LexborNode]) -> None:
    for token in class_tokens(node):
        if token in _ROLES:
            parts.setdefault(_ROLES[token], node)


def _parts_of_several(page: LexborNode) -> list[dict[str, LexborNode]]:
    """Return the parts of each message in a block; a repeated part begins the next message."""
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
        content=read_body(body) if body is not None and not is_post(body) else None,
    )


def _with_shared_parts(blocks: list[Block]) -> list[Block]:
    """Fill in names and dates that several messages of a block share."""
    shares = [block.sender is None for block in blocks]
    for at in range(1, len(blocks)):
        if shares[at]:
            blocks[at].sender = blocks[at - 1].sender
            blocks[at].date = blocks[at].date or blocks[at - 1].date
    for at in range(len(blocks) - 1, 0, -1):
        if shares[at]:
            blocks[at - 1].date = blocks[at - 1].date or blocks[at].date
    return blocks
