"""Place scored texts between friends (0) and the persona (1), with what chance leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

__all__ = [
    "PARTS",
    "Place",
    "VoiceScores",
    "auc",
    "halved",
    "numbered",
    "place",
    "place_of_own_half",
    "places_of_friends",
    "pooled_auc",
]

PARTS = ("characters", "style")
"""What the two classifiers look at: characters of masked texts, and figures of style."""

_HALVES = 4
_DRAWS = 1_000
_INTERVAL = (5, 95)
_BLOCKS = 500
_POOLS = 400


class Place(NamedTuple):
    """Where something stands on the line, with its 90 % interval."""

    p: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """How wide the interval is."""
        return self.high - self.low


@dataclass(frozen=True)
class VoiceScores:
    """Scores by classifiers that have not seen the texts: the higher, the nearer to the persona.

    Each array has a row for each text and a column for each of `PARTS`; NaN where there is no text.

    Attributes:
        own: Of the persona's answers.
        answers: Of each model's, row by row to the same prompts.
        friends: Of each friend who is large enough.
        conversations: The number of each row's conversation.
    """

    own: Any
    answers: dict[str, Any]
    friends: dict[str, Any]
    conversations: Any


def place(scores: VoiceScores, given: Any, *, rows: Any = None, seed: int = 0) -> Place:
    """Place a model's scored answers on the line.

    Args:
        scores: Of the persona and the friends.
        given: Scores of the answers, row by row beside the persona's.
        rows: Which of them, all by default: an array of bools.
        seed: Draws the interval.

    Returns:
        p = (mean of the answers - mean of the friends) / (mean of the persona - mean of the
        friends), with the 5th and 95th percentile of 1,000 draws of conversations, in which an
        answer goes with the persona's to the same prompt. It does not hold how the persona changes
        over months.
    """
    import numpy as np

    draw = _Draws(scores, seed)
    chosen = np.ones(len(scores.own), dtype=bool) if rows is None else rows
    chosen = chosen & ~np.isnan(given).any(axis=1)
    together = draw.conversations()
    return draw.place(draw.means(given, chosen, together), draw.means(scores.own, chosen, together))


def places_of_friends(scores: VoiceScores, *, seed: int = 0) -> dict[str, Place]:
    """Place each friend on the line, by classifiers that were fitted without that friend."""
    import numpy as np

    draw = _Draws(scores, seed)
    everything = np.ones(len(scores.own), dtype=bool)
    own = draw.means(scores.own, everything, draw.conversations())
    return {name: draw.place(of, own) for name, of in draw.friends.items()}


def place_of_own_half(scores: VoiceScores, *, seed: int = 0) -> Place:
    """Place half of the persona's conversations as if it were a model's: 1, if the scale is true.

    The other half is the persona: no text stands on both sides. Its interval is what the size of
    the material allows.
    """
    import numpy as np

    draw = _Draws(scores, seed)
    halves = []
    for _ in range(_HALVES):
        half = halved(scores.conversations, draw.rng)
        given = draw.means(scores.own, half, draw.conversations())
        halves.append(draw.place(given, draw.means(scores.own, ~half, draw.conversations())))
    known = [half for half in halves if np.isfinite(half).all()]
    return Place(*np.median(known, axis=0).tolist()) if known else Place(*[np.nan] * 3)


class _Draws:
    """Means of scores: as they are first, then of draws of conversations, and of friends' turns."""

    def __init__(self, scores: VoiceScores, seed: int) -> None:
        import numpy as np

        self.rng = np.random.default_rng(seed)
        self._groups = scores.conversations
        self._n_groups = int(scores.conversations.max()) + 1
        self.friends = {name: self._friend(of) for name, of in scores.friends.items()}
        self._middle = np.mean(list(self.friends.values()), axis=0)

    def conversations(self) -> Any:
        """Draw how often each conversation counts."""
        return self._weights(self._n_groups)

    def means(self, scored: Any, chosen: Any, weights: Any) -> Any:
        """Return the mean of some rows' scores for each draw."""
        import numpy as np

        groups = self._groups[chosen]
        total = np.bincount(groups, scored[chosen].sum(axis=1), self._n_groups)
        count = np.bincount(groups, minlength=self._n_groups)
        with np.errstate(divide="ignore", invalid="ignore"):
            return (weights @ total) / (weights @ count)

    def place(self, given: Any, own: Any) -> Place:
        """Place the means of some answers between the friends' and the persona's."""
        import numpy as np

        with np.errstate(divide="ignore", invalid="ignore"):
            p = (given - self._middle) / (own - self._middle)
        drawn = p[1:][np.isfinite(p[1:])]
        low, high = np.percentile(drawn, _INTERVAL) if len(drawn) else (np.nan, np.nan)
        return Place(float(p[0]), float(low), float(high))

    def _friend(self, scored: Any) -> Any:
        """Return the mean of a friend's turns for each draw of blocks of them."""
        import numpy as np

        blocks = np.array_split(scored.sum(axis=1), min(_BLOCKS, len(scored)))
        weights = self._weights(len(blocks))
        total = weights @ np.array([block.sum() for block in blocks])
        return total / (weights @ np.array([len(block) for block in blocks]))

    def _weights(self, n: int) -> Any:
        import numpy as np

        drawn = self.rng.multinomial(n, [1 / n] * n, _DRAWS)
        return np.vstack([np.ones((1, n)), drawn])


def pooled_auc(scores: VoiceScores, size: int, part: int | None = None, *, seed: int = 0) -> float:
    """Return how well the mean of `size` texts tells the persona from each friend: an AUC.

    Args:
        scores: Of the persona and the friends.
        size: How many texts are pooled; NaN where the persona or all friends have fewer.
        part: Which of `PARTS` tells, both by default.
        seed: Draws the pools.
    """
    import numpy as np

    rng = np.random.default_rng(seed)

    def of(scored: Any) -> Any:
        return scored.sum(axis=1) if part is None else scored[:, part]

    def pools(values: Any) -> Any:
        order = rng.random((_POOLS, len(values))).argpartition(size - 1, axis=1)[:, :size]
        return values[order].mean(axis=1)

    friends = [of(scored) for scored in scores.friends.values() if len(scored) >= size]
    own = of(scores.own)
    own = own[~np.isnan(own)]
    if len(own) < size or not friends:
        return float("nan")
    ours = pools(own)
    return float(np.mean([auc(ours, pools(friend)) for friend in friends]))


def auc(positive: Any, negative: Any) -> float:
    """Return how often a value of the first stands above one of the second; ties count half."""
    from scipy.stats import rankdata

    ranks = rankdata([*positive, *negative])[: len(positive)]
    least = len(positive) * (len(positive) + 1) / 2
    return float((ranks.sum() - least) / (len(positive) * len(negative)))


def numbered(values: Sequence[Hashable]) -> Any:
    """Return an array that gives equal values equal numbers, from 0 on."""
    import numpy as np

    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in values], dtype=int)


def halved(groups: Any, rng: Any) -> Any:
    """Return half of the rows by whole conversations, as an array of bools."""
    import numpy as np

    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    # The largest first, each to the smaller side: one long conversation leaves no side empty.
    order = order[np.argsort(-sizes[order], kind="stable")]
    side = np.zeros(len(sizes), dtype=bool)
    counts = [0, 0]
    for group in order:
        chosen = int(counts[1] < counts[0] or (counts[0] == counts[1] and rng.random() < 1 / 2))
        side[group] = bool(chosen)
        counts[chosen] += sizes[group]
    return side[groups]
