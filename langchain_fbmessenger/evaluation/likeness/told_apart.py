"""Measure how well a reader who may compare many texts tells a model's answers from the persona's.

The scale of voice rewards the persona's marks and sees nothing else; this number sees all that is
different, and is never rescaled: .5 is chance, 1 is always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.evaluation.likeness.placing import auc, halved, numbered

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from langchain_fbmessenger.evaluation.likeness.material import Material

__all__ = ["friends_told_apart", "model_told_apart", "own_told_apart", "told_apart"]

_FOLDS = 5
_HALVES = 8
_MOST = 2_000  # texts a side


def told_apart(
    one: Sequence[str],
    other: Sequence[str],
    one_groups: Sequence[Hashable],
    other_groups: Sequence[Hashable],
    *,
    seed: int = 0,
) -> float:
    """Return the AUC with which a classifier of characters tells two sets of texts apart.

    As many texts of each are taken; in five folds a group stands whole on one side of each fold.
    Below 80 texts a side the figure is biased.

    Args:
        one: Texts of one writer.
        other: Texts of another.
        one_groups: Of each text of `one`, its group, such as its conversation.
        other_groups: The same of `other`; equal groups stay together.
        seed: Draws the texts of the larger set.

    Returns:
        The mean AUC of the folds; NaN where there are too few texts or groups.
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GroupKFold

    rng = np.random.default_rng(seed)
    size = min(len(one), len(other), _MOST)
    chosen = [
        (texts[at], groups[at], label)
        for texts, groups, label in ((one, one_groups, 1), (other, other_groups, 0))
        for at in sorted(rng.choice(len(texts), size, replace=False))
    ]
    groups = numbered([group for _, group, _ in chosen])
    labels = np.array([label for *_, label in chosen])
    n_folds = min(_FOLDS, len(set(groups)))
    if n_folds < 2:  # noqa: PLR2004
        return float("nan")
    # Weights of n-grams are known without labels: one matrix does for all folds.
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), lowercase=False, sublinear_tf=True
    )
    matrix = vectorizer.fit_transform([text for text, *_ in chosen])
    figures = [
        _auc_of_fold(matrix, labels, fitted, scored)
        for fitted, scored in GroupKFold(n_folds).split(labels, labels, groups)
    ]
    known = [figure for figure in figures if figure is not None]
    return float(np.mean(known)) if known else float("nan")


def _auc_of_fold(matrix: Any, labels: Any, fitted: Any, scored: Any) -> float | None:
    from sklearn.linear_model import LogisticRegression

    if len({*labels[fitted]}) < 2 or len({*labels[scored]}) < 2:  # noqa: PLR2004
        return None
    classifier = LogisticRegression(C=10, max_iter=1_000).fit(matrix[fitted], labels[fitted])
    scores = classifier.decision_function(matrix[scored])
    return auc(scores[labels[scored] == 1], scores[labels[scored] == 0])


def model_told_apart(material: Material, model: str, *, seed: int = 0) -> float:
    """Return how well a model's answers are told from the persona's to the same prompts."""
    given = material.answers[model]
    rows = [row for row, text in enumerate(given) if text is not None]
    groups = [material.conversations[row] for row in rows]
    return told_apart(
        [given[row] or "" for row in rows],
        [material.own[row] for row in rows],
        groups,
        groups,
        seed=seed,
    )


def own_told_apart(material: Material, *, seed: int = 0) -> float:
    """Return how well one half of the persona's conversations is told from the other: about .5."""
    import numpy as np

    rng = np.random.default_rng(seed)
    groups = numbered(material.conversations)
    figures = []
    for _ in range(_HALVES):
        half = halved(groups, rng)
        sides = [
            (
                [text for text, chosen in zip(material.own, side, strict=True) if chosen],
                groups[side],
            )
            for side in (half, ~half)
        ]
        (one, one_groups), (other, other_groups) = sides
        if one and other:
            figures.append(told_apart(one, other, one_groups, other_groups, seed=seed))
    return float(np.mean(figures)) if figures else float("nan")


def friends_told_apart(
    material: Material, friends: Sequence[str], *, seed: int = 0
) -> dict[str, float]:
    """Return how well each of some friends is told from the persona."""
    return {
        name: told_apart(
            material.friends[name],
            material.own,
            [("friend", row // _FOLDS) for row in range(len(material.friends[name]))],
            material.conversations,
            seed=seed,
        )
        for name in friends
    }
