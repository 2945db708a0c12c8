"""Write the parts of the page: names, lists of facts, tables; what goes in is markup already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.shown import html_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["facts", "named", "of_class", "quoted", "table"]

_LONGEST = 1_000


def named(name: str) -> str:
    """Return a name as markup that keeps its direction to itself."""
    return f"<bdi>{html_text(name)}</bdi>"


def quoted(text: str) -> str:
    """Return a text of a chat as markup; of a very long one its beginning, and how long it is."""
    cut = ""
    if len(text) > _LONGEST:
        cut = f'<p class="dim">… and {len(text) - _LONGEST:,} characters more</p>'
    return f'<p class="text" dir="auto">{html_text(text[:_LONGEST])}</p>{cut}'


def of_class(kind: str) -> str:
    """Return the attribute for a class; nothing without one."""
    return f' class="{kind}"' if kind else ""


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return figures, each with what it is of."""
    items = "".join(f"<div><dt>{what}</dt><dd>{figure}</dd></div>" for what, figure in pairs)
    return f"<dl>{items}</dl>"


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    kinds: Sequence[str],
) -> str:
    """Return a table that is moved sideways where it is wider than the screen.

    Args:
        caption: What it is of: plain text.
        heads: Of the columns.
        rows: The first cell of each is its head.
        kinds: The class of each column.
    """
    classes = [of_class(kind) for kind in kinds]
    head = "".join(
        f'<th scope="col"{kind}>{cell}</th>' if cell else f"<td{kind}></td>"
        for kind, cell in zip(classes, heads, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row"{classes[0]}>{first}</th>'
        + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(classes[1:], others, strict=True))
        + "</tr>"
        for first, *others in rows
    )
    label = html_text(caption)
    # Without a mouse it is moved by arrow keys, for which it must be reached by the tab key.
    return (
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
