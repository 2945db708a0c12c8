"""Read the blocks of a page whose layout is known already, without parsing each of them.

A page has thousands of blocks but few layouts, that is, sequences of tags. The parser reads each
layout once, with a mark in place of every text and every file's name. Its result shows where each
of them goes, and the values of other blocks of the layout are put there. This is no second reader:
the parser alone decides what a block means, and a block that could be read differently from its
layout (a blank of Unicode at an edge, a rare entity, an open tag) is left to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import astuple

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats.html.blocks import ROLE_TOKENS, Block
from langchain_fbmessenger.exports.formats.html.content import (
    MOST_LINKS,
    Content,
    Link,
    share_of,
    shown_reaction,
)
from langchain_fbmessenger.exports.formats.html.shapes import (
    ENDING,
    FIRST_MARK,
    MOST_BYTES,
    Shape,
    shape_of,
)
from langchain_fbmessenger.exports.records import Attachment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LayoutReader"]

_MOST_LAYOUTS = 16  # kept for each number of tags
_MOST_SEEN = 500
_MET_BEFORE = 6  # to learn a layout costs as much as to parse twenty blocks
_MOST_IN_VAIN = 100  # blocks of a page that are examined, beyond the number of known ones
_OF_PLAIN = 3  # texts: sender, date, what was typed

# A class of a block's parts that was only typed counts as well where a block has several messages.
_CLASS = re.compile(b"|".join(ROLE_TOKENS))
_ENTITY = re.compile(r"&(#?\w+;)?")
_ENTITIES = {
    "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#039;": "'", "&#39;": "'",
    "&#064;": "@", "&#64;": "@", "&#123;": "{", "&#125;": "}",
}  # fmt: skip

_MARK = "[\ue000-\uf8ff]"
_MARKED = re.compile(rf"({_MARK})\(0000\)")
_MARKED_TEXT = re.compile(rf"[ \n]*(?:{_MARK}\(0000\)(?:[ \n]+|\Z))*")
_MARKED_LINE = re.compile(rf"(?:{_MARK}\(0000\) ?)*{_MARK}(?P<ending>\(0000\))?")


class _Layout(msgspec.Struct, gc=False):
    """A layout that was parsed: which value is what; `content` has marks instead of values.

    `plain` are the groups of sender, date and text if there is nothing else; `framed` tells for
    each reaction whether it stands in an element; `met` counts blocks.
    """

    pattern: re.Pattern[bytes]
    names: tuple[int, ...]
    sender: int
    date: int
    plain: tuple[int, int, int] | None
    content: Content
    framed: tuple[bool, ...]
    met: int = 0


class LayoutReader:
    """Reads blocks, and remembers layouts, most of which the next page has too.

    Args:
        parse: Parses any block.
    """

    def __init__(self, parse: Callable[[bytes], list[Block]]) -> None:
        self._parse = parse
        # By the number of tags; what is met often stands in front.
        self._known: dict[int, list[_Layout]] = {}
        self._seen: dict[bytes, int] = {}

    def read(self, raw: bytes, spans: Iterable[tuple[int, int]]) -> list[Block]:
        """Return the blocks in parts of a page, exactly as the parser would.

        Args:
            raw: The page.
            spans: Where each part begins and ends.
        """
        blocks: list[Block] = []
        names = _Names()
        looked_at, most = 0, _MOST_IN_VAIN
        for start, end in spans:
            known = self._known.get(raw.count(b"<", start, end), [])
            found = _find(known, raw, start, end)
            block = _fill(*found, names) if found else None
            if block is not None:
                blocks.append(block)
                most += 1
                continue
            part = raw[start:end]
            blocks += self._parse(part)
            if not found and looked_at < most:
                looked_at += 1
                self._learn(part)
        return blocks

    def _learn(self, part: bytes) -> None:
        shape = shape_of(part)
        if shape is None:
            return
        if len(self._seen) > _MOST_SEEN:
            self._seen.clear()
        times = self._seen[shape.pattern] = self._seen.get(shape.pattern, 0) + 1
        if times == _MET_BEFORE and (layout := _parsed(shape, self._parse)) is not None:
            tags = part.count(b"<")
            # A new list: another thread may be going through the old one.
            self._known[tags] = [*self._known.get(tags, [])[: _MOST_LAYOUTS - 1], layout]


def _find(
    known: list[_Layout], raw: bytes, start: int, end: int
) -> tuple[_Layout, re.Match[bytes]] | None:
    if end - start > MOST_BYTES:
        return None
    for at, layout in enumerate(known):
        found = layout.pattern.fullmatch(raw, start, end)
        if found is not None:
            layout.met += 1
            if at and layout.met > known[at - 1].met:
                known[at - 1], known[at] = layout, known[at - 1]
            return layout, found
    return None


def _parsed(shape: Shape, parse: Callable[[bytes], list[Block]]) -> _Layout | None:
    """Parse a layout; None if it shows anything else than its values, one by one."""
    if any(shape.sample.count(token) > 1 for token in ROLE_TOKENS):
        return None
    block, *others = parse(shape.sample)
    sender = _MARKED.fullmatch(block.sender or "")
    date = _MARKED.fullmatch(block.date or "")
    content = block.content
    if sender is None or date is None or content is None or others:
        return None
    lines = [_MARKED_LINE.fullmatch(line) for line in content.reactions]
    shown = [t for link in content.links for t in (link.shown, link.beside, link.typed)]
    is_clear = (
        all(lines)
        and all(map(_MARKED_TEXT.fullmatch, [content.text or "", *shown]))
        # Of a picture from elsewhere, the end of its address tells what it is.
        and not any(a.uri.startswith("http") for a in content.attachments)
        and len(content.links) < MOST_LINKS
    )
    if not is_clear:
        return None
    text = _MARKED.fullmatch(content.text or "")
    is_plain = text and shape.n_texts == _OF_PLAIN and content == Content(content.text)
    return _Layout(
        pattern=re.compile(shape.pattern),
        names=shape.names,
        sender=_group(sender) - 1,
        date=_group(date) - 1,
        plain=(_group(sender), _group(date), _group(text)) if text and is_plain else None,
        content=Content(
            text=_unmarked(content.text) if content.text else None,
            attachments=content.attachments,
            reactions=tuple(map(_unmarked, content.reactions)),
            links=tuple(Link(*map(_unmarked, astuple(link))) for link in content.links),
        ),
        framed=tuple(line is not None and not line["ending"] for line in lines),
    )


def _group(mark: re.Match[str]) -> int:
    return ord(mark[1]) - FIRST_MARK + 1


def _unmarked(text: str) -> str:
    return text.replace(ENDING, "")


class _Names(dict[bytes, "str | None"]):
    """Maps the bytes of a page to senders' names; few people write many messages."""

    def __missing__(self, raw: bytes) -> str | None:
        text = _text(raw)
        name = self[raw] = None if text is None else normal_name(text)
        return name


def _text(raw: bytes) -> str | None:
    """Return the text that bytes of a page show; None if only the parser can tell."""
    if b"_" in raw and _CLASS.search(raw):
        return None
    text = raw.decode("utf-8", errors="replace")
    if "&" in text:
        try:
            text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
        except KeyError:
            return None
    return text if text == text.strip() else None


def _fill(layout: _Layout, found: re.Match[bytes], names: _Names) -> Block | None:
    """Put the values of a block into its layout; None if one of them may be read otherwise."""
    if layout.plain:
        raw_sender, raw_date, raw_text = found.group(*layout.plain)
        sender, date, text = names[raw_sender], _text(raw_date), _text(raw_text)
        if sender is None or date is None or text is None:
            return None
        return Block(sender, date, Content(text))
    values = found.groups()
    sender, date = names[values[layout.sender]], _text(values[layout.date])
    if sender is None or date is None:
        return None
    shown: dict[int, str] = {}
    for number, value in enumerate(values, FIRST_MARK):
        text = _text(value)
        if text is None:
            return None
        shown[number] = text
    # Whether two files are one is a part of the layout.
    if len({values[number] for number in layout.names}) < len(layout.names):
        return None
    return Block(sender, date, _content(layout, shown))


def _content(layout: _Layout, shown: dict[int, str]) -> Content:
    marked = layout.content
    text = marked.text.translate(shown) if marked.text else None
    lines = (
        shown_reaction(line.translate(shown), is_framed=is_framed)
        for line, is_framed in zip(marked.reactions, layout.framed, strict=True)
    )
    links = tuple(Link(*(part.translate(shown) for part in astuple(link))) for link in marked.links)
    return Content(
        text,
        tuple(Attachment(a.kind, a.uri.translate(shown)) for a in marked.attachments),
        share_of(links),
        tuple(filter(None, lines)),
        links,
    )
