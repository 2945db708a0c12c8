"""Write figures of likeness as text, the same way on a terminal, on the page and in a plot."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_fbmessenger.evaluation.likeness.placing import Place
    from langchain_fbmessenger.evaluation.likeness.rows import Rows

__all__ = ["NO_FIGURE", "is_figure", "row_figure", "span", "two"]

NO_FIGURE = "-"
"""What stands where there is no figure."""


def is_figure(value: float | None) -> bool:
    """Say whether there is a figure: not None, and a finite number."""
    return value is not None and isfinite(value)


def two(value: float | None) -> str:
    """Return a figure with two digits, or that there is none."""
    return f"{value:.2f}" if is_figure(value) else NO_FIGURE


def span(at: Place | None) -> str:
    """Return a place with its interval, such as `0.96 (0.80 to 1.15)`."""
    if at is None or not is_figure(at.p):
        return NO_FIGURE
    return f"{two(at.p)} ({two(at.low)} to {two(at.high)})"


def row_figure(key: str, rows: Rows | None) -> str:
    """Return one of the figures beside the scale, in the unit that it is read in."""
    if rows is None:
        return NO_FIGURE
    value: float = getattr(rows, key)
    if key == "letters":
        return f"{value:.0f}"
    return two(value) if key == "compressed" else f"{value:.0%}"
