"""Draw rows of figures as SVG: each is a strip whose width the page chooses, with text that stays.

Positions are shares of the width and sizes are pixels, so that nothing has to be drawn anew for a
telephone. Colours are those of the text around, which a page may replace by class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.shown import html_text
from langchain_fbmessenger.evaluation.likeness.notation import is_figure, two
from langchain_fbmessenger.evaluation.likeness.verdict import BAND, most_told_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_fbmessenger.evaluation.likeness.placing import Place

__all__ = [
    "LINE",
    "friends_labels",
    "levels",
    "line_scale",
    "place_row",
    "told_apart_row",
    "told_apart_scale",
]

LINE = (-0.5, 1.5)
"""What part of the line is drawn; what lies outside is an arrow with its number."""

_CHANCE, _ALWAYS = 0.5, 1.0
_HEIGHT = 30
_MIDDLE = _HEIGHT / 2
_MARGIN = 2.0  # percent on either side, for points at the ends
_LEVEL = 14  # pixels, one row of labels
_MOST_LEVELS = 6
# Of the narrowest screen that is thought of: how much of the line a label takes.
_PIXELS = 330
_LETTER, _WIDE, _GAP = 8, 12, 6


def line_scale(*, width: str = "100%") -> str:
    """Return the scale of the line: the friends at 0, the persona at 1."""
    marks = "".join(
        _text(f"{_on_line(at)}%", 12, label) for at, label in ((0.0, "friends 0"), (1.0, "you 1"))
    )
    return _strip("from the friends at 0 to you at 1", marks, width=width, height=16)


def told_apart_scale() -> str:
    """Return the scale of the bars: chance on the left, always on the right."""
    marks = _text(f"{_on_bar(_CHANCE)}%", 12, ".5 guessing", "start")
    return _strip(
        "from .5 to 1", marks + _text(f"{_on_bar(_ALWAYS)}%", 12, "1 always", "end"), height=16
    )


def friends_labels(friends: Mapping[str, Place]) -> str:
    """Return a tick with its label for each friend; labels that would touch stand in levels."""
    places = {name: at for name, at in friends.items() if is_figure(at.p)}
    rows = levels({name: at.p for name, at in places.items()})
    floor = _LEVEL * (1 + max(rows.values(), default=0))
    parts = [_field(floor, _HEIGHT / 2)]
    for name, at in places.items():
        x = f"{_on_line(at.p)}%"
        parts.append(_tick(x, floor, floor + _HEIGHT / 2))
        if name in rows:
            low, high = LINE
            anchor = "start" if at.p < low else "end" if at.p > high else "middle"
            parts.append(_text(x, floor - 3 - _LEVEL * rows[name], name, anchor))
    said = ", ".join(f"{name} {two(at.p)}" for name, at in places.items())
    return _strip(f"friends: {said or 'none'}", "".join(parts), height=floor + _HEIGHT / 2)


def levels(places: Mapping[str, float]) -> dict[str, int]:
    """Return on which level each label stands, 0 the lowest; those without room are left out."""
    ends: list[float] = []
    found = {}
    for name, p in sorted(places.items(), key=lambda one: one[1]):
        letters = sum(_LETTER if letter.isascii() else _WIDE for letter in name)
        taken = (letters + _GAP) / _PIXELS * 100
        # Beyond an end it is written towards the middle.
        left = _on_line(p) - (0 if p < LINE[0] else taken if p > LINE[1] else taken / 2)
        level = next((n for n, end in enumerate(ends) if end <= left), len(ends))
        if level == _MOST_LEVELS:
            continue
        ends[level : level + 1] = [left + taken]
        found[name] = level
    return found


def place_row(
    at: Place | None, friends: Iterable[Place], *, label: str, width: str = "100%"
) -> str:
    """Return where something stands between the friends and the persona.

    Args:
        at: Its place; None where there is none.
        friends: A tick is drawn for each.
        label: What it is of, for those who hear the page.
        width: In pixels, or as a share.
    """
    ticks = [
        _tick(f"{_on_line(one.p)}%", _MIDDLE - 5, _MIDDLE + 5)
        for one in friends
        if is_figure(one.p)
    ]
    said = "no figure"
    drawn: list[str] = []
    if at is not None and is_figure(at.p):
        said = f"{two(at.p)}, with 90 % certainty between {two(at.low)} and {two(at.high)}"
        drawn = [*_interval(at), *_point(at.p)]
    return _strip(f"{label}: {said}", "".join([_field(), *ticks, *drawn]), width=width)


def told_apart_row(
    value: float, *, own: float, label: str, others: Iterable[float] = (), kind: str = "model"
) -> str:
    """Return a bar from .5, which is chance, to 1, which is always.

    Args:
        value: An AUC; NaN draws no bar.
        own: How well the persona's own halves are told apart: a line, and a field as far as is
            borne above it.
        label: What it is of.
        others: AUCs that are drawn as ticks.
        kind: The class of the bar.
    """
    thin, full = (9, 12), (3, 24)
    parts = [_bar(_ALWAYS, "track", thin, opacity=0.12)]
    if is_figure(own):
        parts.append(_bar(min(most_told_apart(own), _ALWAYS), "band", full, opacity=0.15))
    if is_figure(value):
        parts.append(_bar(value, kind, thin, opacity=0.8))
    if is_figure(own):
        x = f"{_on_bar(own)}%"
        parts.append(_upright(x, 3, 27, "own"))
    parts += [_tick(f"{_on_bar(one)}%", 9, 21) for one in others if is_figure(one)]
    return _strip(f"{label}: {two(value) if is_figure(value) else 'no figure'}", "".join(parts))


def _field(top: float = 0, height: float = _HEIGHT) -> str:
    """Return what lies below each row of the line: the band of the persona, and the axis."""
    low, high = (_on_line(end) for end in BAND)
    middle = top + height / 2
    return (
        f'<rect class="band" x="{low}%" y="{top:g}" width="{high - low:g}%" height="{height:g}" '
        'fill="currentColor" opacity="0.12"/>'
        f'<line class="axis" x1="{_on_line(LINE[0])}%" y1="{middle:g}" x2="{_on_line(LINE[1])}%" '
        f'y2="{middle:g}" stroke="currentColor" opacity="0.35"/>'
        + "".join(
            _upright(f"{_on_line(at)}%", top, top + height, "end", opacity=0.35) for at in (0, 1)
        )
    )


def _interval(at: Place) -> Iterator[str]:
    low, high = LINE
    if is_figure(at.low) and is_figure(at.high) and at.low < high and at.high > low:
        yield (
            f'<line class="interval" x1="{_on_line(at.low)}%" y1="{_MIDDLE:g}" '
            f'x2="{_on_line(at.high)}%" y2="{_MIDDLE:g}" stroke="currentColor" stroke-width="4" '
            'opacity="0.5"/>'
        )


def _point(p: float) -> Iterator[str]:
    low, high = LINE
    x = f"{_on_line(p)}%"
    if low <= p <= high:
        yield f'<circle class="point" cx="{x}" cy="{_MIDDLE:g}" r="6" fill="currentColor"/>'
        return
    # A path takes no shares of a width: it stands in a picture of its own, which does.
    tip, back, anchor = (-6, 12, "start") if p < low else (6, -12, "end")
    yield (
        f'<svg x="{x}" y="{_MIDDLE:g}" width="1" height="1" overflow="visible">'
        f'<path class="point" d="M{tip} 0l{back} -7v14z" fill="currentColor"/></svg>'
    )
    yield _text(x, _MIDDLE + 4, two(p), anchor, dx=2 * tip + 2 * back)


def _strip(said: str, inside: str, *, width: str = "100%", height: float = _HEIGHT) -> str:
    return (
        f'<svg role="img" width="{width}" height="{height:g}" font-size="12">'
        f"<title>{html_text(said)}</title>{inside}</svg>"
    )


def _text(x: str, y: float, text: str, anchor: str = "middle", *, dx: int = 0) -> str:
    return (
        f'<text x="{x}" y="{y:g}" dx="{dx}" text-anchor="{anchor}" fill="currentColor">'
        f"{html_text(text)}</text>"
    )


def _tick(x: str, top: float, foot: float) -> str:
    return _upright(x, top, foot, "friend", opacity=0.8)


def _upright(x: str, top: float, foot: float, kind: str, *, opacity: float = 1) -> str:
    return (
        f'<line class="{kind}" x1="{x}" y1="{top:g}" x2="{x}" y2="{foot:g}" '
        f'stroke="currentColor" stroke-width="2" opacity="{opacity:g}"/>'
    )


def _bar(end: float, kind: str, across: tuple[int, int], *, opacity: float) -> str:
    """Return a bar from chance on; `across` is its upper edge and its height."""
    (y, height), x = across, _on_bar(_CHANCE)
    return (
        f'<rect class="{kind}" x="{x}%" y="{y}" width="{_on_bar(end) - x:g}%" '
        f'height="{height}" fill="currentColor" opacity="{opacity:g}"/>'
    )


def _on_line(p: float) -> float:
    return _share(p, *LINE)


def _on_bar(value: float) -> float:
    return _share(value, _CHANCE, _ALWAYS)


def _share(value: float, low: float, high: float) -> float:
    """Return where a value is drawn, in percent of the width; those outside at the ends."""
    inside = min(max(value, low), high)
    return round(_MARGIN + (100 - 2 * _MARGIN) * (inside - low) / (high - low), 2)
