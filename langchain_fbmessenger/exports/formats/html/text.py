"""Walk the nodes of a parsed piece of HTML, and read the text that a person typed out of it.

Nothing here recurses: pages with thousands of nested tags exist, if only as attacks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

__all__ = ["children", "class_tokens", "is_ip_line", "is_reaction_list", "text_of", "walk"]

_BLOCKS = frozenset(["div", "p", "li", "ul", "ol", "table", "tr", "td", "section", "footer"])
# Players hold a line for browsers that have none: "Click for video:".
_WITHOUT_TEXT = frozenset(["script", "style", "template", "noscript", "video", "audio", "svg"])
_REACTIONS = frozenset(["_a6-q", "_tqp"])
_DATES = frozenset(["_a6-o", "_a72d", "_2lem"])  # within a text only where tags were left open
_IP_LINE = re.compile(r"IP Address: [\da-fA-F.:]+")
_INDENT = re.compile(r"\s*\n\s*")
# Stand for white space that was not typed, until all of the text is known. Pages cannot hold them
# otherwise: NUL is no character there, and U+0001 is never typed.
_SOFT, _BREAK = "\0", "\1"


def children(node: LexborNode) -> Iterator[LexborNode]:
    """Yield the child elements of a node."""
    child = node.child
    while child is not None:
        if child.is_element_node:
            yield child
        child = child.next


def walk(root: LexborNode) -> Iterator[LexborNode]:
    """Yield an element and all below it in document order, except inside players and scripts."""
    yield root
    waiting = [root.child if root.tag not in _WITHOUT_TEXT else None]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        waiting.append(node.next)
        if node.is_element_node:
            yield node
            if node.tag not in _WITHOUT_TEXT:
                waiting.append(node.child)


def class_tokens(node: LexborNode) -> list[str]:
    """Return the class names of an element."""
    return (node.attributes.get("class") or "").split()


def is_reaction_list(node: LexborNode) -> bool:
    """Return whether an element is the list of a message's reactions."""
    return node.tag == "ul" and not _REACTIONS.isdisjoint(class_tokens(node))


def is_ip_line(line: str) -> bool:
    """Return whether a line is the address that Meta writes beside some messages [P]."""
    return _IP_LINE.fullmatch(line) is not None


def text_of(root: LexborNode, newline: str = " ") -> str:
    r"""Return the text of a node as it was typed.

    Args:
        root: The node. Reactions, players and scripts in it are left out.
        newline: What replaces a bare line feed between words. A browser shows a blank.

    Returns:
        The text: `<br />` is a newline, with the blank that Meta writes behind it [P]; each
        element that stands on a line of its own begins a new one, and lines that hold nothing but
        "IP Address: …" are left out there; blanks stay as they are.
    """
    child = root.child if root.tag not in _WITHOUT_TEXT else None
    if child is not None and child.is_text_node and child.next is None:
        only = child.text_content or ""
        return _INDENT.sub(newline, only.strip()) if "\n" in only else only
    pieces: list[str] = []
    waiting: list[LexborNode | str | None] = [child]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        if isinstance(node, str):
            pieces.append(node)
            continue
        waiting.append(node.next)
        if node.is_text_node:
            pieces.append(_typed(node.text_content or "", after=pieces[-1] if pieces else ""))
        elif node.tag == "br":
            pieces.append("\n")
        elif node.is_element_node and not _is_aside(node):
            if node.tag in _BLOCKS:
                pieces.append(_BREAK)
                waiting.append(_BREAK)
            waiting.append(node.child)
    return _join("".join(pieces)).replace(_SOFT, newline)


def _typed(text: str, after: str) -> str:
    if "\n" in text:
        text = _INDENT.sub(_SOFT, text)
    return text[1:] if after == "\n" and text[:1] in {" ", _SOFT} else text


def _is_aside(node: LexborNode) -> bool:
    if node.tag in _WITHOUT_TEXT or is_reaction_list(node):
        return True
    return node.tag in _BLOCKS and not _DATES.isdisjoint(class_tokens(node))


def _join(text: str) -> str:
    if _SOFT not in text and _BREAK not in text:
        return text
    lines = (line.strip(_SOFT) for line in text.split(_BREAK))
    shown = (line for line in lines if line and not is_ip_line(line))
    return "\n".join(shown).replace(f"{_SOFT}\n", "\n")
