"""Write a report of likeness for a terminal of 80 columns: verdicts first, then a table."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.visible_text import visible
from langchain_fbmessenger.evaluation.likeness.notation import row_figure, two
from langchain_fbmessenger.evaluation.likeness.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from langchain_fbmessenger.evaluation.likeness.report import (
        LikenessBasis,
        LikenessReport,
        ModelLikeness,
    )

__all__ = ["terminal_lines"]

_WIDTH = 80
_MODELS = 3  # beside each other, and the persona
_COLUMN = 11
_LABEL = _WIDTH - _COLUMN * (_MODELS + 1)


def terminal_lines(report: LikenessReport, not_seen: str) -> Iterator[str]:
    """Give the lines of a report, none of them longer than 80 characters.

    Args:
        report: What was found.
        not_seen: What the figures do not see: the last sentence.
    """
    missing = report.basis.missing
    told = [f"No model can be judged yet: {'; '.join(missing)}."] if missing else []
    for sentence in [*told, *report.sentences()]:
        yield from _wrapped(sentence, hang="  ")
    for first in range(0, len(report.models), _MODELS):
        yield ""
        yield from _table(report.models[first : first + _MODELS], report.basis)
    yield ""
    for sentence in [*_rests_on(report.basis), not_seen]:
        yield from _wrapped(sentence)


def _table(models: Sequence[ModelLikeness], basis: LikenessBasis) -> Iterator[str]:
    """Give the figures of some models, with the persona's own last."""
    own = basis.own_half
    # A name that is too long for its column goes on below, so that no two look alike.
    names = [wrap(visible(one.name), _COLUMN - 1) for one in models] + [["you"]]
    height = max(map(len, names))
    yield from map(_row, [""] * height, zip(*(_at_the_foot(n, height) for n in names), strict=True))
    # The persona is 1 by definition; how sure that is, their own other half shows.
    voices = [one.voice for one in models] + [own and own._replace(p=1.0)]
    yield from _labelled("voice: friends 0, you 1", [two(at and at.p) for at in voices])
    yield from _labelled("  at least", [two(at and at.low) for at in voices])
    yield from _labelled("  at most", [two(at and at.high) for at in voices])
    told = [one.told_apart for one in models] + [basis.own_told_apart]
    yield from _labelled("told apart: .5 never, 1 always", map(two, told))
    all_rows = [one.rows for one in models] + [basis.rows]
    for key, label in ROWS.items():
        yield from _labelled(label, [row_figure(key, rows) for rows in all_rows])


def _rests_on(basis: LikenessBasis) -> Iterator[str]:
    yield (
        f"On {basis.own:,} held-out answers in {basis.conversations:,} conversations, "
        f"{basis.large_friends:,} friends with 100 messages, {basis.negatives:,} answers of a "
        "stranger."
    )
    if basis.auc:
        told = ", ".join(f"{size}: {two(value)}" for size, value in basis.auc.items())
        yield f"So many messages tell you from a friend by (AUC) {told}."


def _labelled(label: str, cells: Iterable[str]) -> Iterator[str]:
    """Give a row; a label that is too long goes on below."""
    first, *others = wrap(label, _LABEL - 1, subsequent_indent="  ")
    yield _row(first, cells)
    yield from others


def _row(label: str, cells: Iterable[str]) -> str:
    return (f"{label:{_LABEL}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)).rstrip()


def _at_the_foot(lines: Sequence[str], height: int) -> list[str]:
    return [""] * (height - len(lines)) + [*lines]


def _wrapped(sentence: str, *, hang: str = "") -> list[str]:
    return wrap(visible(sentence), _WIDTH, subsequent_indent=hang, break_on_hyphens=False)
