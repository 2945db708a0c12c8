"""Read what the body of a message holds on Meta's HTML pages: text, media, a link, reactions.

A body gives the lines of its reactions as text: only the whole page tells how to read them, which
`ReactionReader` does then. Facts: section 6 of docs/formats.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats.html.text import (
    children,
    class_tokens,
    is_ip_line,
    is_reaction_list,
    text_of,
    walk,
)
from langchain_fbmessenger.exports.records import Attachment, Reaction, Share

if TYPE_CHECKING:
    from collections.abc import Iterable

    from selectolax.lexbor import LexborNode

__all__ = [
    "FOLDERS",
    "MOST_LINKS",
    "Content",
    "Link",
    "ReactionReader",
    "is_post",
    "read_body",
    "read_contents",
    "share_of",
    "shown_reaction",
]

MOST_LINKS = 4  # that are kept, once the shared one is found
_CELLS = 4  # the least that Meta puts into a body: empty, text, media, link
_TEXT_CELL = 1
_POST_CELL = "_2pin"  # bodies of posts, comments and profile pages are made of these

FOLDERS = {
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
# Ranges rather than the property Emoji, which Python's re does not know: digits, "#" and "*" are
# emoji only as keycaps, and letters of any script must not match.
_PICTURE = "[\u00a9\u00ae\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_CHANGES = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"  # variants, skin, flag tags
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|{_PICTURE}{_CHANGES}(?:\u200d{_PICTURE}{_CHANGES})*"
)


class Link(msgspec.Struct, frozen=True, gc=False):
    """A link out of the export: what it shows, what its whole cell shows, what was typed."""

    uri: str
    shown: str
    beside: str
    typed: str


class Content(msgspec.Struct, gc=False):
    """The content of a body; `reactions` are the list's lines as shown: "❤Zoë Brandt".

    `links` lead out of the export: all of them, or the first few if one of them is the `share`.
    """

    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    share: Share | None = None
    reactions: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    def is_empty(self) -> bool:
        """Return whether it holds nothing."""
        return not (self.text or self.attachments or self.share or self.reactions)


def is_post(body: LexborNode) -> bool:
    """Return whether a body is that of a post, a comment or a profile."""
    first = next(children(body), None)
    return first is not None and (first.tag == "table" or _POST_CELL in class_tokens(first))


def read_body(body: LexborNode) -> Content:
    """Read a body, which frames its cells once more."""
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
        cells: All cells, including that of the text.

    Returns:
        What they hold. A link within the typed text is part of the text, not a share.
    """
    text = text_of(text_cell) if text_cell is not None else ""
    media: dict[str, Attachment] = {}  # a thumbnail and the link around it name one file
    reactions: list[str] = []
    links = _Links(text)
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
                    links.add(node, uri, cell)
    return Content(
        text if text.strip() else None,
        tuple(media.values()),
        links.share,
        tuple(reactions),
        tuple(links.found),
    )


class _Links:
    """The links of a body, up to the first few: reading all of them may take long."""

    def __init__(self, text: str) -> None:
        self.found: list[Link] = []
        self.share: Share | None = None
        self._text = text
        self._cell: tuple[LexborNode, str] | None = None

    def add(self, anchor: LexborNode, uri: str, cell: LexborNode) -> None:
        if self.share is not None and len(self.found) >= MOST_LINKS:
            return
        if self._cell is None or self._cell[0] is not cell:
            self._cell = cell, text_of(cell)
        self.found.append(Link(uri, text_of(anchor), self._cell[1], self._text))
        self.share = self.share or share_of(self.found[-1:])


def _is_external(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _is_file(uri: str) -> bool:
    return bool(uri) and not uri.startswith(("#", "//")) and not _SCHEME.match(uri)


def _is_shown_by_link(node: LexborNode, uri: str) -> bool:
    """Return whether a picture is the thumbnail of a linked file or preview of a shared page."""
    above = node.parent
    if above is None or above.tag != "a":
        return False
    link = above.attributes.get("href") or ""
    return _is_file(link) or (_is_external(link) and _is_external(uri))


def _kind(tag: str, uri: str) -> str:
    """Return the kind of a file: voice messages stand in `audio/`, but in a <video> tag."""
    *folders, name = uri.partition("?")[0].split("/")
    for folder in reversed(folders):
        if folder in FOLDERS:
            return FOLDERS[folder]
    known = _EXTENSIONS.get(name.rpartition(".")[2].lower(), "file")
    return known if known == "gif" else _TAGS.get(tag, known)


def share_of(links: Iterable[Link]) -> Share | None:
    """Return the first link that is not part of the typed text, with the text about it."""
    for link in links:
        if link.uri in link.typed or (link.shown and link.shown in link.typed):
            continue
        known = {"", link.uri, link.shown, *link.typed.split("\n")}
        about = [line for line in link.beside.split("\n") if line.strip() not in known]
        return Share(link.uri, "\n".join(about) or None)
    return None


def _reaction_line(item: LexborNode) -> str:
    is_framed = item.child is not None and item.child.is_element_node
    return shown_reaction(item.text(), is_framed=is_framed)


def shown_reaction(text: str, *, is_framed: bool) -> str:
    """Return a reaction without its time.

    Args:
        text: What an item of the list shows.
        is_framed: Whether it stands in an element of its own. Then H4 and I4 have added the time:
            "❤Zoë Brandt (Jun 01, 2025 3:32:01 pm)".
    """
    line = " ".join(text.split())
    if is_framed and line.endswith(")"):
        name, _, time = line.rpartition("(")
        if sum(map(str.isdigit, time)) >= _DIGITS_OF_YEAR:
            return name.rstrip()
    return line


class ReactionReader:
    """Splits the reaction lines of one page: "❤Zoë Brandt" is a heart and who gave it.

    Nothing stands between the two, and a name may begin with an emoji of its own. So the names of
    the page decide first; only for others one emoji is cut off, as Unicode builds emoji (UTS 51).

    Args:
        names: The people of the page, in normal form.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(filter(None, names), key=len, reverse=True)
        self._known: dict[str, Reaction | None] = {}  # few people use few emoji

    def read(self, line: str) -> Reaction | None:
        """Return the reaction that a line shows, None if it does not begin with an emoji."""
        if line not in self._known:
            self._known[line] = self._split(line)
        return self._known[line]

    def _split(self, line: str) -> Reaction | None:
        whole = normal_name(line)
        for name in self._names:
            reaction = whole.removesuffix(name)
            # Letters in front belong to a longer name: "Al" is no actor in "❤Real Al".
            if reaction != whole and reaction and not any(map(str.isalpha, reaction)):
                return Reaction(actor=name, reaction=reaction.strip())
        found = _EMOJI.match(whole)
        if found is None:
            return None
        return Reaction(actor=whole[found.end() :].strip(), reaction=found[0])
