"""Say in one sentence what the figures of a model mean, or why they mean nothing yet.

The thresholds were chosen on five corpora and two samples (see docs/likeness.md): first values,
that later measurements may move.
"""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.shown import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.evaluation.likeness.report import LikenessBasis, ModelLikeness

__all__ = [
    "BAND",
    "MIN_FRIEND_MESSAGES",
    "VERDICTS",
    "missing_for_verdict",
    "missing_of_model",
    "most_told_apart",
    "verdict_of",
]

BAND = (0.8, 1.2)
"""Where the persona's own other texts lie on the scale."""

_MIN_OWN = 200
_MIN_CONVERSATIONS = 20
_MIN_FRIENDS = 4
MIN_FRIEND_MESSAGES = 100
_MIN_AUC = 0.90  # of 20 messages together
_MAX_WIDTH = 0.6  # of the interval of the persona's own other half
_MAX_NEAREST = 0.7
_MAX_FAILED = 0.1
_MIN_DIFFERENT = 0.8  # of the persona's own share
_MORE_ALIKE = 0.1
_MORE_COPIES = 0.1
_TOLD_APART = 0.1
_CHANCE = 0.5

VERDICTS = {
    "repeats": "repeats itself",
    "recites": "recites what it was trained on",
    "writes like you": "writes like you",
    "marks": "has your marks, but can be told from you",
    "overdone": "overdoes your marks",
    "near": "is near you, but too little was asked to be sure",
    "between": "stands between you and your friends",
    "no nearer": "is no nearer to you than a friend",
    "refused": "cannot be judged",
}
"""What each verdict says of a model."""


def missing_for_verdict(basis: LikenessBasis) -> list[str]:
    """Return what is missing before any model can be judged, each with its number."""
    return list(_missing(basis))


def _missing(basis: LikenessBasis) -> Iterator[str]:
    if basis.own < _MIN_OWN:
        yield f"{amount(basis.own, 'held-out answer')} of {_MIN_OWN}"
    if basis.conversations < _MIN_CONVERSATIONS:
        yield f"{amount(basis.conversations, 'conversation')} of {_MIN_CONVERSATIONS}"
    if basis.large_friends < _MIN_FRIENDS:
        yield (
            f"{amount(basis.large_friends, 'friend')} with {MIN_FRIEND_MESSAGES} messages "
            f"of {_MIN_FRIENDS}"
        )
    if basis.auc is None:
        yield "no scale: at least 2 conversations and 2 friends with 20 turns are needed"
        return
    if isnan(basis.auc.get(20, nan)):
        yield "too few texts to see whether 20 of them tell you from a friend"
    elif basis.auc[20] < _MIN_AUC:
        yield (
            f"20 messages tell you from a friend with {basis.auc[20]:.2f}, "
            f"{_MIN_AUC:.2f} is needed: you write too much like your friends"
        )
    if basis.own_half is None or not basis.own_half.width <= _MAX_WIDTH:
        width = "none" if basis.own_half is None else f"{basis.own_half.width:.2f}"
        yield f"your own other half is known to {width}, {_MAX_WIDTH:.2f} is needed: ask more"
    nearest = _nearest_friend(basis)
    if nearest >= _MAX_NEAREST:
        yield f"a friend stands at {nearest:.2f}, below {_MAX_NEAREST:.2f} is needed"


def _nearest_friend(basis: LikenessBasis) -> float:
    """Return where the nearest friend stands; of one who is hardly known, the least.

    Of fifty friends with twenty turns, one stands near by chance.
    """
    return max(
        (at.p if at.width <= _MAX_WIDTH else at.low for at in basis.friends.values()), default=0.0
    )


def verdict_of(model: ModelLikeness, basis: LikenessBasis) -> str:  # noqa: PLR0911 - a list
    """Return the key of `VERDICTS` that the figures of a model have earned."""
    if basis.missing or model.missing:
        return "refused"
    rows, own = model.rows, basis.rows
    if rows is None or own is None or model.voice is None:
        return "refused"
    if (
        rows.different < _MIN_DIFFERENT * own.different
        or rows.commonest > own.commonest + _MORE_ALIKE
    ):
        return "repeats"
    if rows.whole_copies > own.whole_copies + _MORE_COPIES:
        return "recites"
    voice = model.voice
    if voice.low > BAND[1]:
        return "overdone"
    nearest = _nearest_friend(basis)
    if voice.p >= BAND[0] and voice.p > nearest:
        if not model.told_apart <= most_told_apart(basis.own_told_apart):
            return "marks"
        sure = BAND[0] <= voice.low and voice.high <= BAND[1]
        return "writes like you" if sure and voice.low > nearest else "near"
    return "between" if voice.p > nearest else "no nearer"


def most_told_apart(own: float) -> float:
    """Return how well a model may be told from the persona, whose halves are told by `own`."""
    # Nothing is told apart less than by chance: below it the own halves are noise.
    return max(own, _CHANCE) + _TOLD_APART


def missing_of_model(asked: int, failed: int) -> list[str]:
    """Return why one model cannot be judged, with the number."""
    if failed > _MAX_FAILED * asked:
        return [f"it failed at {failed:,} of {asked:,} prompts, {_MAX_FAILED:.0%} is the most"]
    return []
