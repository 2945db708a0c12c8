"""Small HTML pages for tests, written as section 6 of docs/formats.md shows Meta's own.

Of each generation: the classes of the table, the snippets' nesting, newest message first.
"""

from __future__ import annotations

from datetime import timezone, tzinfo
from html import escape
from typing import Any, NamedTuple

from langchain_fbmessenger.exports.formats.html.pages import decode_page

GENERATIONS = ("H1", "H2", "H3", "H4", "I3", "I4")
DATED = {  # a form of date that each generation has
    "H1": "Friday, October 4, 2013 at 10:05pm UTC+02",
    "H2": "May 02, 2017 10:57:05am",
    "H3": "Jul 12, 2024 4:54:10pm",
    "H4": "Jun 01, 2025 3:31:29 pm",
    "I3": "May 14, 2024, 6:21\u202fAM",
    "I4": "Mar 10, 2026 7:25 pm",
}


class Shape(NamedTuple):
    """One row of the table: opening tags of block, sender, body and date, and their ends."""

    block: str
    sender: str
    body: str
    date: str
    reactions: str
    title: str


_IG = '<div class="pam _3-95 _2ph- _a6-g uiBoxWhite noborder">{}</div>'
_DIVIDED = '<div class="_3-95 _a6-g">{}</div>'
SHAPES = {
    "H2": Shape(
        '<div class="pam _3-95 _2pi0 _2lej uiBoxWhite noborder">{}</div>',
        '<div class="_3-96 _2pio _2lek _2lel">{}</div>',
        '<div class="_3-96 _2let">{}</div>',
        '<div class="_3-94 _2lem">{}</div>',
        '<ul class="_tqp">{}</ul>',
        '<div class="_3b0c"><div class="_3b0d">{}</div></div>',
    ),
    "H3": Shape(
        '<div class="_a6-g">{}</div>',
        '<div class="_2ph_ _a6-h _a6-i">{}</div>',
        '<div class="_2ph_ _a6-p">{}</div>',
        '<div class="_3-94 _a6-o"><a href="https://www.facebook.com/dyi/l/?l=A">'
        '<div class="_a72d">{}</div></a></div>',
        '<ul class="_a6-q">{}</ul>',
        '<div class="_a70e">{}</div>',
    ),
    "H4": Shape(
        '<section class="_3-95 _a6-g">{}</section>',
        '<h2 class="_2ph_ _a6-h _a6-i">{}</h2>',
        '<div class="_2ph_ _a6-p">{}</div>',
        '<footer class="_3-94 _a6-o"><div class="_a72d">{}</div></footer>',
        '<ul class="_a6-q">{}</ul>',
        "<header><h1>{}</h1></header>",
    ),
    "I3": Shape(
        _IG,
        '<div class="_3-95 _2pim _a6-h _a6-i">{}</div>',
        '<div class="_3-95 _a6-p">{}</div>',
        '<div class="_3-94 _a6-o">{}</div>',
        '<ul class="_a6-q">{}</ul>',
        '<div class="_a70e">{}</div>',
    ),
    "I4": Shape(
        _IG,
        '<h2 class="_3-95 _2pim _a6-h _a6-i">{}</h2>',
        '<div class="_3-95 _a6-p">{}</div>',
        '<div class="_3-94 _a6-o">{}</div>',
        '<ul class="_a6-q">{}</ul>',
        '<header><h1 id="u_0_1t_Ib">{}</h1></header>',
    ),
}


def typed(text: str) -> str:
    """Write a text as Meta does: entities, and a blank behind each line break."""
    return escape(text).replace("&#x27;", "&#039;").replace("@", "&#064;").replace("\n", "<br /> ")


def block(  # noqa: PLR0913 - the parts of a message
    generation: str,
    sender: str,
    body: str = "",
    date: str | None = None,
    *,
    media: str = "",
    link: str = "",
    reactions: tuple[str, ...] = (),
) -> str:
    """Write one message; all but the sender are HTML already."""
    date = DATED[generation] if date is None else date
    if generation == "H1":
        return (
            '<div class="message"><div class="message_header">'
            f'<span class="user">{escape(sender)}</span><span class="meta">{date}</span>'
            f"</div></div><p>{body}</p>{media}"
        )
    shape = SHAPES[generation]
    cells = f"<div></div><div>{body}</div><div>{media}</div><div>{link}</div>"
    if reactions:
        items = "".join(f"<li>{item}</li>" for item in reactions)
        cells += f"<div>{shape.reactions.format(items)}</div>"
    return shape.block.format(
        shape.sender.format(escape(sender))
        + shape.body.format(f"<div>{cells}</div>")
        + (shape.date.format(date) if date else "")
    )


def page(
    generation: str,
    *blocks: str,
    title: str = "Milo Dvořák",
    above: str = "",
    below: str = "",
    lang: str = "",
) -> bytes:
    """Write a page around blocks that stand as in the file, newest first."""
    style = "<style>._a6-g{margin:0} ._2lej{color:red}</style>"
    opening = f"<html lang={lang}>" if lang else "<html>"
    head = f"{opening}<head><title>{title}</title>{style}</head>"
    if generation == "H1":
        thread = "".join(blocks)
        return (
            f'{head}<body><div class="contents"><h1>Zoë Brandt</h1>{above}<div>'
            f'<div class="thread">Zoë Brandt, Milo Dvořák{thread}</div></div></div>'
            '<div class="footer">Downloaded by <a href="https://www.facebook.com/zoe">Zoë</a>'
            "</div></body></html>"
        ).encode()
    heading = SHAPES[generation].title.format(title)
    return (
        f'{head}<body><div class="_li">{heading}{above}<main class="_a706" role="main">'
        f"{''.join(blocks)}</main></div>{below}</body></html>"
    ).encode()


def decode(raw: bytes, zone: tzinfo = timezone.utc) -> Any:
    """Read a page whose dates are of one zone."""
    return decode_page(raw, lambda *_: zone)


def only_thread(raw: bytes, zone: tzinfo = timezone.utc) -> Any:
    """Read a page of one thread."""
    (thread,) = decode(raw, zone).threads
    return thread
