"""Show objects in one short line, and in notebooks as a table."""

from __future__ import annotations

from collections import Counter
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any, ClassVar

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Shown", "amount", "html_table", "html_text", "line"]

_LONGEST = 200
_LONGEST_PATH = 100


class Shown:
    """Base class that shows the figures that a class names, and nothing else.

    A counter is its total in the line, and a row for each of its reasons in the table; of a list
    only the length is shown, since what it holds may be private.
    """

    _figures: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return line(type(self).__name__, {name: getattr(self, name) for name in self._figures})

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, self._rows())

    def _rows(self) -> Iterator[tuple[object, ...]]:
        for name in self._figures:
            value, label = getattr(self, name), name.replace("_", " ")
            if isinstance(value, Counter):
                yield from ((f"{label}: {reason}", n) for reason, n in value.most_common())
            elif value is not None:
                yield label, _figure(value)


def line(name: str, facts: Mapping[str, Any]) -> str:
    """Return `Name(fact=…)` without facts of the value None, cut where it would be too long."""
    shown = ", ".join(f"{fact}={_in_line(v)}" for fact, v in facts.items() if v is not None)
    if len(name) + len(shown) + 2 > _LONGEST:
        shown = shown[: _LONGEST - len(name) - 3] + "…"
    return f"{name}({shown})"


def amount(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 example` or `2 examples`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def html_table(caption: str, rows: Iterable[tuple[object, ...]], head: tuple[str, ...] = ()) -> str:
    """Return an HTML table; its texts are escaped."""
    parts = [f"<table><caption>{html_text(caption)}</caption>"]
    if head:
        parts.append(
            "<thead><tr>" + "".join(f"<th>{html_text(h)}</th>" for h in head) + "</tr></thead>"
        )
    parts.append("<tbody>")
    parts += ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
    return "".join([*parts, "</tbody></table>"])


def _cell(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td style="text-align: right">{value:,}</td>'
    return f"<td>{html_text(value)}</td>"


def html_text(value: object) -> str:
    """Return a text escaped for HTML; lone surrogates, as in names of files, become "?"."""
    return escape(visible(str(value).encode(errors="replace").decode()))


def _figure(value: Any) -> Any:
    """Return what is shown of a value: of a collection, how many items it has."""
    if isinstance(value, Counter):
        return value.total()
    return len(value) if isinstance(value, list | tuple | dict | set | frozenset) else value


def _in_line(value: Any) -> str:
    if isinstance(value, PathLike):
        value = _short_path(str(value))
    return repr(_figure(value))


def _short_path(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else f"…{path[1 - _LONGEST_PATH :]}"
