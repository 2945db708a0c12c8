"""Measure likeness on texts: no model is needed, only what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.evaluation.likeness.labels import initials
from langchain_fbmessenger.evaluation.likeness.material import checked_material
from langchain_fbmessenger.evaluation.likeness.phrases import strongest_phrases
from langchain_fbmessenger.evaluation.likeness.placing import (
    PARTS,
    place,
    place_of_own_half,
    places_of_friends,
    pooled_auc,
)
from langchain_fbmessenger.evaluation.likeness.report import (
    LikenessBasis,
    LikenessReport,
    ModelLikeness,
    judged,
)
from langchain_fbmessenger.evaluation.likeness.rows import rows_of
from langchain_fbmessenger.evaluation.likeness.told_apart import (
    friends_told_apart,
    model_told_apart,
    own_told_apart,
)
from langchain_fbmessenger.evaluation.likeness.verdict import (
    MIN_FRIEND_MESSAGES,
    missing_for_verdict,
    missing_of_model,
)
from langchain_fbmessenger.evaluation.likeness.voice import MIN_TEXTS, voice_scores
from langchain_fbmessenger.exceptions import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from langchain_fbmessenger.evaluation.likeness.material import Material
    from langchain_fbmessenger.evaluation.likeness.placing import Place, VoiceScores

__all__ = ["measure_likeness", "report_on"]

_POOLED = (1, 5, 10, 20, 50)


def measure_likeness(  # noqa: PLR0913 - the columns of the material
    answers: Mapping[str, Sequence[str | None]],
    own: Sequence[str],
    friends: Mapping[str, Sequence[str]],
    *,
    conversations: Sequence[Hashable] | None = None,
    negatives: Sequence[str] = (),
    past: Sequence[str] = (),
    cold: Sequence[bool] | None = None,
    seed: int = 0,
) -> LikenessReport:
    """Measure whether texts sound like a persona, on a line from their friends (0) to them (1).

    A text is one answer: messages that were sent one after another, joined by newlines. The line
    is fitted on halves of the persona's own held-out answers, never on what a model was trained
    on: see docs/likeness.md.

    Args:
        answers: By model, what it answered to the prompts that the persona's `own` answers are to,
            row by row; None where it gave none.
        own: What the persona answered, held out of every training; 200 are wanted.
        friends: By person, what they wrote, in turns as `own` is; 4 friends with 100 messages are
            wanted, 6 to 8 are better.
        conversations: Of each own answer, the conversation that it is from: answers of one
            conversation stay together where halves and intervals are drawn. Without it each stands
            alone, and intervals come out too narrow.
        negatives: What a model that knows nobody answered to other prompts, 100 or more: without
            them, text unlike any human's may land anywhere on the line.
        past: What the persona wrote before, which models were trained on: to see copies.
        cold: Of each own answer, whether its prompt holds no earlier answer of the persona.
        seed: Draws the same halves, folds and intervals again.

    Returns:
        The report; without enough texts its verdicts are refused, and say what is missing.

    Raises:
        InvalidInputError: A column has another length than `own`, or holds other than texts.
        MissingExtraError: scikit-learn is not installed: the extra `[eval]`.

    Example:
        ```python
        report = measure_likeness({"tuned": tuned, "base": base}, own, {"Zoë": hers, "Milo": his})
        print(report)
        ```
    """
    material = checked_material(
        answers,
        own,
        friends,
        conversations=conversations,
        negatives=negatives,
        past=past,
        cold=cold,
    )
    return report_on(material, seed=seed)


def report_on(material: Material, *, seed: int = 0) -> LikenessReport:
    """Measure a material."""
    try:
        import sklearn  # noqa: F401 - the first of its packages that would be missing
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        message = "measuring likeness"
        raise MissingExtraError(message, extra="eval", missing="scikit-learn") from error
    # Sums of several threads differ in their last digits from run to run.
    with threadpool_limits(1):
        scores = voice_scores(material, seed=seed)
        basis = _basis(material, scores, seed)
        models = [_model(name, material, scores, seed) for name in material.answers]
    return LikenessReport(basis, tuple(judged(one, basis) for one in models), seed=seed)


def _basis(material: Material, scores: VoiceScores | None, seed: int) -> LikenessBasis:
    from dataclasses import replace

    labels = initials(material.friends)
    large = [
        name
        for name, said in material.friends.items()
        # Who writes much in a few turns is not on the scale.
        if material.messages.get(name, len(said)) >= MIN_FRIEND_MESSAGES and len(said) >= MIN_TEXTS
    ]
    told = friends_told_apart(
        material, [n for n, said in material.friends.items() if len(said) >= MIN_TEXTS], seed=seed
    )
    basis = LikenessBasis(
        own=len(material.own),
        conversations=len(set(material.conversations)),
        friends=_friends(scores, labels, seed),
        large_friends=len(large),
        friends_told_apart={labels[name]: figure for name, figure in told.items()},
        auc=None if scores is None else {n: pooled_auc(scores, n, seed=seed) for n in _POOLED},
        auc_of_parts=_auc_of_parts(scores, seed),
        own_half=None if scores is None else place_of_own_half(scores, seed=seed),
        own_told_apart=own_told_apart(material, seed=seed),
        rows=rows_of(material.own, material.past, most_bytes=_own_bytes(material)),
        negatives=len(material.negatives),
    )
    return replace(basis, missing=tuple(missing_for_verdict(basis)))


def _friends(scores: VoiceScores | None, labels: Mapping[str, str], seed: int) -> dict[str, Place]:
    if scores is None:
        return {}
    return {labels[name]: at for name, at in places_of_friends(scores, seed=seed).items()}


def _auc_of_parts(scores: VoiceScores | None, seed: int) -> dict[str, float]:
    if scores is None:
        return {}
    return {name: pooled_auc(scores, 20, part, seed=seed) for part, name in enumerate(PARTS)}


def _model(name: str, material: Material, scores: VoiceScores | None, seed: int) -> ModelLikeness:
    import numpy as np

    given = material.answers[name]
    texts = [text for text in given if text is not None]
    too_much, too_little = strongest_phrases(material.own, texts)
    cold = np.array(material.cold, dtype=bool)

    def placed(rows: Any = None) -> Place | None:
        chosen = np.ones(len(given), dtype=bool) if rows is None else rows
        there = [text is not None and take for text, take in zip(given, chosen, strict=True)]
        if scores is None or not any(there):
            return None
        return place(scores, scores.answers[name], rows=chosen, seed=seed)

    failed = len(given) - len(texts)
    return ModelLikeness(
        name=name,
        asked=len(given),
        failed=failed,
        voice=placed(),
        cold=placed(cold),
        warm=placed(~cold),
        told_apart=model_told_apart(material, name, seed=seed),
        rows=rows_of(texts, material.past, most_bytes=_own_bytes(material)),
        too_much=tuple(too_much),
        too_little=tuple(too_little),
        missing=tuple(missing_of_model(len(given), failed)),
    )


def _own_bytes(material: Material) -> int:
    """Return how many bytes the persona's answers have: what is compressed of each model's."""
    return sum(len(text.encode(errors="replace")) for text in material.own)
