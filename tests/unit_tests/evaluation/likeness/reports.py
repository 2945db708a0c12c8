"""Reports of likeness made of figures, without any measurement; the texts are invented."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from langchain_fbmessenger.evaluation.likeness.phrases import Phrase
from langchain_fbmessenger.evaluation.likeness.placing import Place
from langchain_fbmessenger.evaluation.likeness.report import (
    AnswersBeside,
    LikenessBasis,
    LikenessReport,
    ModelLikeness,
    judged,
)
from langchain_fbmessenger.evaluation.likeness.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OWN", "QUOTED", "example_report", "likeness_of", "refused_report", "report_of_texts"]

OWN = Rows(0.97, 0.01, 0.41, 0.02, 0.0, 0.08, 31.0)

BASIS = LikenessBasis(
    own=240,
    conversations=48,
    friends={
        "MN": Place(-0.21, -0.3, -0.12),
        "AO": Place(-0.02, -0.1, 0.06),
        "AO 2": Place(0.01, -0.07, 0.09),
        "ZM": Place(0.34, 0.22, 0.44),
        "ع ب": Place(-0.8, -0.93, -0.7),
    },
    large_friends=5,
    friends_told_apart={"MN": 0.84, "AO": 0.79, "AO 2": 0.8, "ZM": 0.7, "ع ب": 0.95},
    auc={1: 0.74, 5: 0.91, 10: 0.98, 20: 1.0, 50: 1.0},
    auc_of_parts={"characters": 0.98, "style": 0.95},
    own_half=Place(1.02, 0.84, 1.21),
    own_told_apart=0.53,
    rows=OWN,
    negatives=120,
)

QUOTED = (
    "boat to the island",
    "the harbour at noon",
    "Certainly! Boats sail.",
    "ahoy then",
    "as an",
)
"""Parts of texts that the page quotes, and no other form of a report."""


def likeness_of(name: str, voice: Place | None, told_apart: float, rows: Rows) -> ModelLikeness:
    """Return what was found of a model that answered 240 prompts."""
    return ModelLikeness(
        name=name,
        asked=240,
        failed=0,
        voice=voice,
        cold=voice,
        warm=None,
        told_apart=told_apart,
        rows=rows,
        too_much=(Phrase("as an", 0.0, 0.31, 5.2), Phrase("certainly", 0.004, 0.2, 4.1)),
        too_little=(Phrase("ahoy then", 0.22, 0.01, -4.8),),
    )


def example_report() -> LikenessReport:
    """Return a report of three models: off the line, on it, and in the band."""
    models = (
        likeness_of("base", Place(-2.61, -3.1, -2.2), 1.0, OWN),
        likeness_of("retrieval", Place(0.55, 0.4, 0.71), 0.66, OWN),
        likeness_of("tuned", Place(1.01, 0.88, 1.13), 0.55, OWN),
    )
    beside = (
        AnswersBeside(
            prompt=(
                ("system", "You are Noémie."),
                ("user", "Shall we take the boat to the island?"),
                ("assistant", "always"),
                ("user", "When, then?"),
            ),
            own="the harbour at noon\nbring the dog",
            answers={"base": "Certainly! Boats sail.", "retrieval": None, "tuned": "at noon ⚓"},
        ),
    )
    return LikenessReport(BASIS, tuple(judged(one, BASIS) for one in models), beside, seed=7)


def refused_report() -> LikenessReport:
    """Return a report of too little text: there is no scale, and no verdict."""
    basis = replace(
        BASIS,
        own=60,
        conversations=12,
        friends={},
        large_friends=1,
        friends_told_apart={"MN": 0.8},
        auc=None,
        auc_of_parts={},
        own_half=None,
        own_told_apart=float("nan"),
        missing=("60 held-out answers of 200", "1 friend with 100 messages of 4"),
    )
    models = (
        likeness_of("base", None, float("nan"), OWN),
        replace(likeness_of("tuned", None, 0.4, OWN), rows=None, too_much=(), too_little=()),
    )
    return LikenessReport(basis, tuple(judged(one, basis) for one in models))


def report_of_texts(texts: Sequence[str]) -> LikenessReport:
    """Return a report in which the given texts stand everywhere where a text of others can."""
    report = example_report()
    model = report.models[0]
    phrases = tuple(Phrase(text, 0.1, 0.2, 3.0) for text in texts)
    first = texts[0]
    basis = replace(
        report.basis,
        friends={first: Place(0.1, 0.0, 0.2)},
        friends_told_apart={first: 0.8},
        missing=(first,),
        auc_of_parts={first: 0.9},
    )
    beside = tuple(AnswersBeside((("user", one), (one, one)), one, {one: one}) for one in texts[:8])
    models = tuple(
        replace(
            model,
            name=f"{first}{n}",
            too_much=phrases,
            too_little=phrases,
            missing=(first,),
            verdict="refused",
        )
        for n in range(2)
    )
    return replace(report, basis=basis, models=models, beside=beside)
