"""Place texts on the line from a persona's friends (0) to the persona (1).

Two classifiers tell half of the persona's held-out answers from other friends' turns and from what
a model that knows nobody answers. They score what they have not seen: the other half, a model's
answers to the same prompts, and the friends left out. Training examples are no part of it: fitted
on these, the scale puts copies of them above the persona (see docs/likeness.md for what was tried).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.evaluation.likeness.masking import Mask
from langchain_fbmessenger.evaluation.likeness.placing import PARTS, VoiceScores, halved, numbered
from langchain_fbmessenger.evaluation.likeness.style_features import StyleFeatures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.evaluation.likeness.material import Material

__all__ = ["MIN_TEXTS", "voice_scores"]

_SPLITS = 2
_FOLDS = 4
_MOST = 20_000  # texts a side: more cost time and change no figure
MIN_TEXTS = 20
"""Texts of a friend who is left out to see where friends stand; of fewer no mean can be told."""


def voice_scores(material: Material, *, seed: int = 0) -> VoiceScores | None:
    """Score all texts of the material; None where no half or no friend could be left out."""
    import numpy as np

    rng = np.random.default_rng(seed)
    groups = numbered(material.conversations)
    large = [name for name, said in material.friends.items() if len(said) >= MIN_TEXTS]
    if len(large) < 2 or len(set(groups)) < 2:  # noqa: PLR2004
        return None
    texts = _Texts(material, rng)
    folds = _folds(large, rng)
    sums = _Sums(texts)
    for _ in range(_SPLITS):
        half = halved(groups, rng)
        for fitted in (half, ~half):
            if fitted.all() or not fitted.any():
                continue
            for fold in folds:
                sums.add(fitted, fold)
    answers = {name: sums.of(rows) for name, rows in texts.answers.items()}
    for name, given in material.answers.items():
        answers[name][[text is None for text in given]] = np.nan
    return VoiceScores(
        own=sums.of(texts.own),
        answers=answers,
        friends={name: sums.of(rows) for name, rows in texts.friends.items()},
        conversations=groups,
    )


class _Texts:
    """The material as rows of two matrices, which all fits share.

    What the matrices are made of is known without labels: masks, n-grams and their weights come
    from the persona's and the friends' texts, so that no model changes another one's place.
    """

    def __init__(self, material: Material, rng: Any) -> None:
        most = max(_MOST // max(len(material.friends), 1), MIN_TEXTS)
        self._texts: list[str] = []
        self.own = self._take(material.own)
        self.friends: dict[str, Any] = {}
        self.others: list[Any] = []
        for name, said in material.friends.items():
            rows = self._take(_drawn(said, most, rng))
            if len(said) >= MIN_TEXTS:
                self.friends[name] = rows
            else:
                self.others.append(rows)
        if material.negatives:
            self.others.append(self._take(_drawn(material.negatives, _MOST, rng)))
        known = len(self._texts)
        self.answers = {
            name: self._take([text or "" for text in given])
            for name, given in material.answers.items()
        }
        self.matrices = (_characters(self._texts, known), _style(self._texts, known))
        self.size = len(self._texts)

    def _take(self, texts: Sequence[str]) -> Any:
        import numpy as np

        rows = np.arange(len(self._texts), len(self._texts) + len(texts))
        self._texts.extend(texts)
        return rows


def _characters(texts: list[str], known: int) -> Any:
    """Return the matrix of masked n-grams; what they are, the first `known` texts say."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer

    mask = Mask(texts[:known])
    masked = [mask(text) for text in texts]
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(2, 5), lowercase=False, sublinear_tf=True, min_df=2
    )
    try:
        vectorizer.fit(masked[:known])
    except ValueError:  # no two texts share two characters: nothing to tell by
        return csr_matrix((len(texts), 1))
    return vectorizer.transform(masked).tocsr()


def _style(texts: list[str], known: int) -> Any:
    """Return the matrix of style features, each scaled by the first `known` texts."""
    from sklearn.preprocessing import StandardScaler

    figures = StyleFeatures(texts[:known])(texts)
    return StandardScaler().fit(figures[:known]).transform(figures)


class _Sums:
    """Sums of standardised scores, and how often each text was scored."""

    def __init__(self, texts: _Texts) -> None:
        import numpy as np

        self._texts = texts
        self._sum = np.zeros((texts.size, len(PARTS)))
        self._times = np.zeros(texts.size)

    def add(self, fitted: Any, fold: Sequence[str]) -> None:
        """Fit on some own answers and the friends of the other folds; score the rest."""
        import numpy as np

        texts = self._texts
        ours, held = texts.own[fitted], texts.own[~fitted]
        left_out = [texts.friends[name] for name in fold]
        against = [rows for name, rows in texts.friends.items() if name not in fold]
        against += texts.others
        rows = np.concatenate([ours, *against])
        labels = np.isin(rows, ours)
        # Each side weighs the same, and each friend as much as another, however much each writes.
        shares = [1 / len(ours)] * len(ours)
        shares += [1 / len(against) / len(one) for one in against for _ in one]
        weights = np.array(shares) * len(rows) / 2
        answers = [given[~fitted] for given in texts.answers.values()]
        scored = np.concatenate([held, *left_out, *answers])
        for part, matrix in enumerate(texts.matrices):
            scores = np.full(texts.size, np.nan)
            fit = _fit(matrix[rows], labels, weights)
            scores[scored] = fit.decision_function(matrix[scored])
            # Fits are compared by the half that all of one direction score, never by the friends of
            # a fold: beside one other, a friend who writes as the persona would look half as near.
            middle = scores[held].mean()
            variance = np.mean([scores[one].var() for one in left_out])
            spread = np.sqrt((scores[held].var() + variance) / 2) or 1.0
            self._sum[scored, part] += (scores[scored] - middle) / spread
        self._times[scored] += 1

    def of(self, rows: Any) -> Any:
        """Return the mean scores of some texts, NaN of those that were never scored."""
        import numpy as np

        times = self._times[rows]
        return self._sum[rows] / np.where(times > 0, times, np.nan)[:, None]


def _fit(matrix: Any, labels: Any, weights: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1_000).fit(matrix, labels, weights)


def _folds(friends: Sequence[str], rng: Any) -> list[list[str]]:
    order = [friends[at] for at in rng.permutation(len(friends))]
    n_folds = min(_FOLDS, len(order))
    return [order[start::n_folds] for start in range(n_folds)]


def _drawn(texts: Sequence[str], most: int, rng: Any) -> list[str]:
    """Return a sample of texts, in their order."""
    if len(texts) <= most:
        return list(texts)
    return [texts[at] for at in sorted(rng.choice(len(texts), most, replace=False))]
