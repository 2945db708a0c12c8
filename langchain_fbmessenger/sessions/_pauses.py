"""Learn from a thread's own rhythm which pause ends a conversation: pauses in, a gap out.

How long people take to answer is close to a log-normal mixture: replies within a conversation
(seconds to minutes) and first words of the next one (hours to days). Two normal distributions are
fitted to the logarithms by expectation maximisation; a conversation ends where the second becomes
the likelier. The logarithms go into a histogram first, so that a thread of 100,000 messages costs
no more than one of a thousand.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DEFAULT_GAP", "LONGEST_GAP", "SHORTEST_GAP", "learned_gap"]

DEFAULT_GAP = timedelta(hours=8)
"""A night: what is taken where a thread has too little to learn from."""

SHORTEST_GAP = timedelta(minutes=30)
LONGEST_GAP = timedelta(hours=24)
_FEWEST = 30  # pauses; below that the fit follows single ones
_BINS_PER_UNIT = 10  # of a logarithm to base e: a bin is a tenth of a pause wide
_ROUNDS = 200
_CONVERGED = 1e-4
_NARROWEST = 0.35  # standard deviation; a component must not shrink to one bin
_LEAST_APART = math.log(6)  # two components closer than that are one kind of pause
_RAREST = 0.004  # share of the second component


class _Normal(NamedTuple):
    share: float
    mean: float
    deviation: float

    def density(self, x: float) -> float:
        z = (x - self.mean) / self.deviation
        return self.share / self.deviation * math.exp(-z * z / 2)


def learned_gap(pauses_ms: Iterable[float]) -> timedelta:
    """Return the longest pause within a conversation.

    Args:
        pauses_ms: How long each answer of a thread took, in ms.

    Returns:
        A gap from `SHORTEST_GAP` to `LONGEST_GAP`; `DEFAULT_GAP` where there are fewer than 30
        pauses, or they are all of one kind.
    """
    bins = Counter(round(math.log(max(pause, 1000) / 1000) * _BINS_PER_UNIT) for pause in pauses_ms)
    if bins.total() < _FEWEST:
        return DEFAULT_GAP
    points = [(bin_ / _BINS_PER_UNIT, count) for bin_, count in sorted(bins.items())]
    replies, restarts = _fitted(points)
    if restarts.mean - replies.mean < _LEAST_APART or restarts.share < _RAREST:
        return DEFAULT_GAP
    gap = timedelta(seconds=math.exp(_crossing(replies, restarts)))
    return min(max(gap, SHORTEST_GAP), LONGEST_GAP)


def _fitted(points: list[tuple[float, int]]) -> tuple[_Normal, _Normal]:
    """Fit two normal distributions by expectation maximisation; the one of short pauses first."""
    replies = _Normal(0.8, math.log(60), 1.5)
    restarts = _Normal(0.2, math.log(43_200), 1.5)
    for _ in range(_ROUNDS):
        before = (replies, restarts)
        likely = [(x, n, _share_of(x, restarts, replies)) for x, n in points]
        replies = _weighted([(x, n * (1 - p)) for x, n, p in likely])
        restarts = _weighted([(x, n * p) for x, n, p in likely])
        total = replies.share + restarts.share
        replies = replies._replace(share=replies.share / total)
        restarts = restarts._replace(share=restarts.share / total)
        if all(abs(a - b) < _CONVERGED for a, b in zip(replies, before[0], strict=True)):
            break
    return replies, restarts


def _share_of(x: float, one: _Normal, other: _Normal) -> float:
    mine, theirs = one.density(x), other.density(x)
    if mine + theirs == 0:  # far from both: the nearer one counts
        return float(abs(x - one.mean) < abs(x - other.mean))
    return mine / (mine + theirs)


def _weighted(points: list[tuple[float, float]]) -> _Normal:
    """Return the distribution of weighted points; its share is the sum of their weights."""
    total = sum(weight for _, weight in points)
    if total <= 0:
        return _Normal(0.0, 0.0, _NARROWEST)
    mean = sum(x * weight for x, weight in points) / total
    variance = sum((x - mean) ** 2 * weight for x, weight in points) / total
    return _Normal(total, mean, max(math.sqrt(variance), _NARROWEST))


def _crossing(replies: _Normal, restarts: _Normal) -> float:
    """Return where, between the two means, a restart becomes likelier than a reply."""
    low, high = replies.mean, restarts.mean
    for _ in range(40):
        middle = (low + high) / 2
        if restarts.density(middle) > replies.density(middle):
            high = middle
        else:
            low = middle
    return high
