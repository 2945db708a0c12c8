"""What a measurement of likeness has found: a verdict for each model, and on what it rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger.evaluation.likeness.notation import is_figure, span, two
from langchain_fbmessenger.evaluation.likeness.terminal import terminal_lines
from langchain_fbmessenger.evaluation.likeness.verdict import VERDICTS, verdict_of
from langchain_fbmessenger.exceptions import UnknownRowError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from langchain_fbmessenger.evaluation.likeness.phrases import Phrase
    from langchain_fbmessenger.evaluation.likeness.placing import Place
    from langchain_fbmessenger.evaluation.likeness.rows import Rows

__all__ = ["AnswersBeside", "LikenessBasis", "LikenessReport", "ModelLikeness"]

NOT_SEEN = (
    (
        "The scale measures voice, not sense: shuffled words, wrong facts and answers beside the "
        "question stand where they stood."
    ),
    "The interval is of these conversations; how you change over months is not in it.",
    "Thresholds were chosen on five corpora and two samples: they are first values.",
)
"""What the number does not see."""


@dataclass(frozen=True, repr=False)
class LikenessBasis(Shown):
    """What all figures rest on: the persona's held-out answers, and the friends.

    Attributes:
        own: How many held-out answers of the persona.
        conversations: In how many conversations.
        friends: Where each friend stands, by initials.
        large_friends: How many friends have 100 messages.
        friends_told_apart: How well each of them is told from the persona, an AUC.
        auc: How well the mean of so many messages tells the persona from a friend; None where
            nothing could be fitted.
        auc_of_parts: The same for 20 messages by each of the two classifiers alone.
        own_half: Where half of the persona's own answers stand as if they were a model's.
        own_told_apart: How well the persona's halves are told from each other, about .5.
        rows: The persona's own figures beside the scale.
        negatives: How many answers of a model that knows nobody the scale was fitted on.
        missing: What is missing before any model can be judged.
    """

    _figures: ClassVar[tuple[str, ...]] = ("own", "conversations", "large_friends", "negatives")

    own: int
    conversations: int
    friends: Mapping[str, Place]
    large_friends: int
    friends_told_apart: Mapping[str, float]
    auc: Mapping[int, float] | None
    auc_of_parts: Mapping[str, float]
    own_half: Place | None
    own_told_apart: float
    rows: Rows | None
    negatives: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class ModelLikeness(Shown):
    """What was found of one model.

    Attributes:
        name: As it was given.
        asked: How many prompts it was asked.
        failed: How many of them it gave no answer to.
        voice: Where it stands between the friends (0) and the persona (1).
        cold: The same of prompts that hold no earlier answer of the persona.
        warm: The same of the others: there the persona's own words are before the model.
        told_apart: How well its answers are told from the persona's, an AUC; never rescaled.
        rows: Its figures beside the scale.
        too_much: What it says too often.
        too_little: What it says too seldom.
        missing: Why it cannot be judged.
        verdict: A key of `VERDICTS`.
    """

    # Not the name: where personas are compared it may be a person's.
    _figures: ClassVar[tuple[str, ...]] = ("asked", "failed", "told_apart", "verdict")

    name: str
    asked: int
    failed: int
    voice: Place | None
    cold: Place | None
    warm: Place | None
    told_apart: float
    rows: Rows | None
    too_much: tuple[Phrase, ...] = ()
    too_little: tuple[Phrase, ...] = ()
    missing: tuple[str, ...] = ()
    verdict: str = "refused"


@dataclass(frozen=True, repr=False)
class AnswersBeside(Shown):
    """One prompt with what was answered: private, texts of chats.

    Attributes:
        prompt: The turns of the prompt, each a role and a text.
        own: What the persona has answered.
        answers: What each model has answered, None where it failed.
    """

    _figures: ClassVar[tuple[str, ...]] = ("prompt", "answers")

    prompt: tuple[tuple[str, str], ...]
    own: str
    answers: Mapping[str, str | None]


@dataclass(frozen=True, repr=False)
class LikenessReport(Shown):
    """Whether models sound like their persona.

    `print(report)` shows verdicts and a table, a notebook shows the page, `to_html()` and
    `to_dict()` are for files, `plot()` is a figure. Only the page quotes chats.

    Attributes:
        basis: What the figures rest on.
        models: What was found of each model, in the order in which they were given.
        beside: Some prompts with all answers: private.
        seed: What drew halves, folds and intervals.
    """

    _figures: ClassVar[tuple[str, ...]] = ("models", "beside", "seed")

    basis: LikenessBasis
    models: tuple[ModelLikeness, ...]
    beside: tuple[AnswersBeside, ...] = ()
    seed: int = 0

    def model(self, name: str) -> ModelLikeness:
        """Return what was found of a model.

        Raises:
            UnknownRowError: There is no such model; says which there are.
        """
        for one in self.models:
            if one.name == name:
                return one
        known = ", ".join(repr(one.name) for one in self.models)
        message = f"no model is {name!r}; there are: {known}"
        raise UnknownRowError(message)

    def sentences(self) -> list[str]:
        """Return each model's verdict as a sentence."""
        return [_sentence(one, self.basis) for one in self.models]

    def shortly(self) -> list[str]:
        """Return where each model stands, a line each, and what is missing for a verdict."""
        lines = [
            f"{one.name}: {VERDICTS[one.verdict]}; voice {span(one.voice)}, told apart "
            f"{two(one.told_apart)}"
            for one in self.models
        ]
        if self.basis.missing:
            lines.append(f"No verdict on so little: {'; '.join(self.basis.missing)}")
        return lines

    def to_dict(self, *, text: bool = True) -> dict[str, Any]:
        """Return all figures, for JSON.

        Args:
            text: Whether phrases that are said too often or too seldom are told: words of chats.
        """
        basis = self.basis
        return {
            "basis": {
                "own": basis.own,
                "conversations": basis.conversations,
                "large_friends": basis.large_friends,
                "friends": {
                    name: {**_placed(at), "told_apart": _number(basis.friends_told_apart.get(name))}
                    for name, at in basis.friends.items()
                },
                "auc": basis.auc and {str(size): _number(v) for size, v in basis.auc.items()},
                "auc_of_parts": {part: _number(v) for part, v in basis.auc_of_parts.items()},
                "own_half": basis.own_half and _placed(basis.own_half),
                "own_told_apart": _number(basis.own_told_apart),
                "rows": basis.rows and basis.rows.to_dict(),
                "negatives": basis.negatives,
                "missing": list(basis.missing),
            },
            "models": [
                {
                    "name": one.name,
                    "verdict": VERDICTS[one.verdict],
                    "asked": one.asked,
                    "failed": one.failed,
                    "voice": one.voice and _placed(one.voice),
                    "cold": one.cold and _placed(one.cold),
                    "warm": one.warm and _placed(one.warm),
                    "told_apart": _number(one.told_apart),
                    "rows": one.rows and one.rows.to_dict(),
                    "too_much": [phrase._asdict() for phrase in one.too_much if text],
                    "too_little": [phrase._asdict() for phrase in one.too_little if text],
                    "missing": list(one.missing),
                }
                for one in self.models
            ],
            "not_seen": list(NOT_SEEN),
            "seed": self.seed,
        }

    def to_html(self, *, text: bool = True) -> str:
        """Return the report as one page without scripts, that asks no other host.

        Args:
            text: Whether it quotes prompts, answers and phrases.
        """
        from langchain_fbmessenger.evaluation.likeness.page import page_of

        return page_of(self, text=text)

    def write_html(self, path: str | Path, *, text: bool = True) -> None:
        """Write the page to a file that its owner alone can read (0600).

        Args:
            path: The file, which is replaced in one step.
            text: Whether it quotes prompts, answers and phrases.
        """
        from langchain_fbmessenger._internal.output import writing

        with writing(path) as file:
            file.write(self.to_html(text=text).encode())

    def plot(self, ax: Any = None) -> Any:
        """Draw each model on the line from the friends to the persona; needs the extra `[plot]`.

        Args:
            ax: Where to draw; None makes a figure: `report.plot().figure.savefig("likeness.png")`.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from langchain_fbmessenger.evaluation.likeness.figure import plot_report

        return plot_report(self, ax)

    def __str__(self) -> str:
        return "\n".join(terminal_lines(self, NOT_SEEN[0]))

    @override
    def _repr_html_(self) -> str:
        from langchain_fbmessenger.evaluation.likeness.page import summary_of

        return summary_of(self)


def judged(model: ModelLikeness, basis: LikenessBasis) -> ModelLikeness:
    """Return a model with the verdict that its figures have earned."""
    from dataclasses import replace

    return replace(model, verdict=verdict_of(model, basis))


def _sentence(one: ModelLikeness, basis: LikenessBasis) -> str:
    said = f"{one.name} {VERDICTS[one.verdict]}"
    if one.verdict == "refused":
        reasons = [*one.missing, *(["there is too little to judge by"] if basis.missing else [])]
        return f"{said}: {'; '.join(reasons) or 'it has answered nothing'}."
    rows, own = one.rows, basis.rows
    if one.verdict == "repeats" and rows and own:
        return (
            f"{said}: {rows.different:.0%} of its replies differ (yours: {own.different:.0%}), "
            f"the commonest is {rows.commonest:.0%} of them (yours: {own.commonest:.0%})."
        )
    if one.verdict == "recites" and rows and own:
        return (
            f"{said}: {rows.whole_copies:.0%} of its replies stand there word for word "
            f"(yours: {own.whole_copies:.0%})."
        )
    return (
        f"{said}: voice {span(one.voice)} between your friends (0) and you (1), told apart "
        f"{two(one.told_apart)} (your own halves: {two(basis.own_told_apart)})."
    )


def _number(value: float | None) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return None if value is None or not is_figure(value) else round(value, 4)


def _placed(at: Place) -> dict[str, float | None]:
    return {"p": _number(at.p), "low": _number(at.low), "high": _number(at.high)}
