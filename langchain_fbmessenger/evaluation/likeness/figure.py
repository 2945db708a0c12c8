"""Draw a report of likeness as a figure of matplotlib: the line of the page, for notebooks."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.visible_text import visible
from langchain_fbmessenger.evaluation.likeness.chart import LINE, levels
from langchain_fbmessenger.evaluation.likeness.notation import is_figure, two
from langchain_fbmessenger.evaluation.likeness.verdict import BAND
from langchain_fbmessenger.exceptions import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from langchain_fbmessenger.evaluation.likeness.placing import Place
    from langchain_fbmessenger.evaluation.likeness.report import LikenessReport

__all__ = ["plot_report"]

_MODEL, _OWN, _FRIEND, _REFUSED = "#3446c0", "#0f6f66", "#a34a06", "#767676"
_LABEL: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": "x-small"}
_LEVEL = 0.32  # rows: what a label of a friend takes
_NAME = 24  # letters in a line


def plot_report(report: LikenessReport, ax: Axes | None = None) -> Axes:
    """Draw each model on the line from the friends (0) to the persona (1).

    Args:
        report: What was found. Refused models are grey and hollow.
        ax: Where to draw; None makes a figure.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    rows = list(_rows(report))
    friends = {name: at.p for name, at in report.basis.friends.items() if is_figure(at.p)}
    at_level = levels(friends)
    above = 0.5 + _LEVEL * (1 + max(at_level.values(), default=-1))
    ax = _new_axes(len(rows) + above) if ax is None else ax
    ax.axvspan(*BAND, color=_OWN, alpha=0.12, linewidth=0)
    for end in (0, 1):
        ax.axvline(end, color="0.6", linewidth=0.8)
    for name, level in at_level.items():
        place = (_inside(friends[name]), -0.25 - _LEVEL * level)
        ax.text(*place, visible(name), color=_FRIEND, **_LABEL).set_parse_math(False)
    ticks = [_inside(p) for p in friends.values()]
    for row, (_, at, colour) in enumerate(rows):
        ax.plot(ticks, [row] * len(ticks), "|", color=_FRIEND, markersize=9)
        if at is not None and is_figure(at.p):
            _draw(ax, row, at, colour)
    ax.set_yticks(range(len(rows)), [name for name, *_ in rows])
    for label in ax.get_yticklabels():
        label.set_parse_math(False)  # a name with two dollar signs is no formula
    ax.set_ylim(len(rows) - 0.5, -above)
    low, high = LINE
    margin = 0.04 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.set_xticks([low, 0, 0.5, 1, high], [f"{low:g}", "friends 0", "0.5", "you 1", f"{high:g}"])
    ax.set_xlabel("voice")
    return ax


def _new_axes(n_rows: float) -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "A plot of likeness"
        raise MissingExtraError(message, extra="plot", missing="matplotlib") from error
    # Not pyplot: it would keep the figure and may want a display.
    return Figure(figsize=(7, 1.2 + 0.4 * n_rows), layout="constrained").subplots()


def _rows(report: LikenessReport) -> Iterator[tuple[str, Place | None, str]]:
    """Give the label, the place and the colour of each row, from above."""
    yield "your friends", None, _FRIEND
    if report.basis.own_half is not None:
        yield "you, one half", report.basis.own_half, _OWN
    for one in report.models:
        colour = _REFUSED if one.verdict == "refused" else _MODEL
        yield "\n".join(wrap(visible(one.name), _NAME)), one.voice, colour


def _draw(ax: Axes, row: int, at: Place, colour: str) -> None:
    low, high = LINE
    face = "white" if colour == _REFUSED else colour
    if is_figure(at.low) and is_figure(at.high) and at.low < high and at.high > low:
        ax.plot(
            [_inside(at.low), _inside(at.high)], [row, row], color=colour, linewidth=3, alpha=0.5
        )
    is_there = low <= at.p <= high
    marker = "o" if is_there else "<" if at.p < low else ">"
    ax.plot([_inside(at.p)], [row], marker, color=colour, markerfacecolor=face, markersize=8)
    if not is_there:
        side = 1 if at.p < low else -1
        ax.annotate(
            two(at.p),
            (_inside(at.p), row),
            xytext=(9 * side, 0),
            textcoords="offset points",
            ha="left" if side == 1 else "right",
            va="center",
            fontsize="small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _inside(p: float) -> float:
    return min(max(p, LINE[0]), LINE[1])
