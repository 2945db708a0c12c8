"""Find the phrases that a model says too often, and those that it says too seldom.

Log-odds with a prior from both texts, over their standard error: Monroe, Colaresi and Quinn,
"Fightin' Words" (2008). It weighs how much more often against how little that may mean.
"""

from __future__ import annotations

from collections import Counter
from math import log, sqrt
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.evaluation.likeness.masking import words_and_marks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Phrase", "strongest_phrases"]

_LONGEST = 3  # words
_MIN_COUNT = 4  # in both texts together
_MIN_Z = 2.0
_PRIOR = 0.05  # of the common counts: enough to calm rare phrases, little enough to see the others


class Phrase(NamedTuple):
    """A phrase, in how many of a hundred answers of each it stands, and how sure that is.

    Attributes:
        text: The words, in lower case.
        own: In how many of the persona's answers, as a share.
        model: In how many of the model's.
        z: Log-odds over their standard error; above 0 the model says it more often.
    """

    text: str
    own: float
    model: float
    z: float


def strongest_phrases(
    own: Sequence[str], answers: Sequence[str], *, most: int = 8
) -> tuple[list[Phrase], list[Phrase]]:
    """Return what a model says too often and what too seldom, the surest first.

    Args:
        own: The persona's answers.
        answers: The model's.
        most: How many phrases of each kind.

    Returns:
        Too often, too seldom: of phrases within each other the surest one.
    """
    if not own or not answers:
        return [], []
    ours, theirs = _counts(own), _counts(answers)
    n_ours, n_theirs = ours.total(), theirs.total()
    everything = n_ours + n_theirs
    found = []
    for phrase in ours.keys() | theirs.keys():
        both = ours[phrase] + theirs[phrase]
        if both < _MIN_COUNT or both == everything:
            continue
        prior = _PRIOR * both
        odds = [
            log((count + prior) / (total - count + _PRIOR * (everything - both)))
            for count, total in ((theirs[phrase], n_theirs), (ours[phrase], n_ours))
        ]
        error = sqrt(1 / (theirs[phrase] + prior) + 1 / (ours[phrase] + prior))
        z = (odds[0] - odds[1]) / error
        if abs(z) >= _MIN_Z:
            shares = (ours[phrase] / len(own), theirs[phrase] / len(answers))
            found.append(Phrase(" ".join(phrase), *shares, z))
    found.sort(key=lambda one: (-abs(one.z), one.text))
    return (
        _without_parts((one for one in found if one.z > 0), most),
        _without_parts((one for one in found if one.z < 0), most),
    )


def _counts(texts: Iterable[str]) -> Counter[tuple[str, ...]]:
    """Count in how many texts each run of words stands; marks and emoji are words here."""
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = words_and_marks_of(text)
        counts.update(
            {
                tuple(words[start : start + length])
                for length in range(1, _LONGEST + 1)
                for start in range(len(words) - length + 1)
            }
        )
    return counts


def _without_parts(phrases: Iterable[Phrase], most: int) -> list[Phrase]:
    """Keep the surest; a phrase that holds another, or stands in one, says the same again."""
    kept: list[Phrase] = []
    for phrase in phrases:
        if not any(one.text in phrase.text or phrase.text in one.text for one in kept):
            kept.append(phrase)
        if len(kept) == most:
            break
    return kept
