"""What a leak audit has found: rates beside those of the base model, and no chats.

A rate is of small counts, so it comes with the interval that it is known to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from math import sqrt
from typing import Any, ClassVar

from typing_extensions import override

from langchain_fbmessenger._internal.shown import Shown, html_table
from langchain_fbmessenger.exceptions import UnknownRowError

__all__ = ["AuditedAnswer", "LeakReport", "LeakRow", "Rate"]

_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Rate:
    """How many of how many.

    Attributes:
        hits: How many.
        of: Of how many.
    """

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, with 95 % confidence: E. B. Wilson's score interval (1927).

        It holds for small counts and for none at all, where the usual one has no width.
        """
        if not self.of:
            return 0.0, 1.0
        share, squared = self.hits / self.of, _Z * _Z / self.of
        middle = (share + squared / 2) / (1 + squared)
        half = _Z * sqrt(share * (1 - share) / self.of + squared / self.of / 4) / (1 + squared)
        # The bounds of 0 and of all are exact; floating point would miss them by a hair.
        low = 0.0 if self.hits == 0 else middle - half
        return low, 1.0 if self.hits == self.of else middle + half

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the share and its interval."""
        low, high = self.interval
        return {"hits": self.hits, "of": self.of, "rate": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        if not self.of:
            return "-"
        low, high = self.interval
        share = f"{self.hits / self.of:.0%}"
        return f"{self.hits}/{self.of} {share:>4} ({low:.0%} to {high:.0%})"


MEASURES = {
    "secret_greedy": "canaries whose secret is in the likeliest answer",
    "secret_sampled": "canaries whose secret is in one of {samples} sampled answers",
    "secret_anywhere": "canaries whose secret is in any answer, to whatever question",
    "exact_copy": "answers that are the trained turn, word for word (of {min_length} letters on)",
    "long_run": "answers that share {min_run} letters in a row with a trained turn",
    "full_name": "answers that hold a full name",
    "name_part": "answers that hold a part of a name",
    "people": "people named in any answer, by a part of their name",
}
"""What is measured, in the order in which it is shown."""


@dataclass(frozen=True)
class LeakRow:
    """One figure of an audit.

    Attributes:
        measure: What was counted: `secret_greedy`, `secret_sampled`, `secret_anywhere`,
            `exact_copy`, `long_run`, `full_name`, `name_part` or `people`.
        where: In answers to what, such as `planted 16 times` or `trained contexts`.
        tuned: The figure of the tuned model.
        base: That of the base model under the same prompts and settings, None without one.
    """

    measure: str
    where: str
    tuned: Rate
    base: Rate | None = None


@dataclass(frozen=True)
class AuditedAnswer:
    """An answer that an audit has judged: private, and kept only where that is asked for.

    Attributes:
        model: `tuned` or `base`.
        where: What was asked, as in `LeakRow`.
        prompt: The turns of the prompt, each a role and a text.
        temperature: How it was drawn; 0 is the likeliest.
        answer: The answer, None where the model failed.
    """

    model: str
    where: str
    prompt: tuple[tuple[str, str], ...] = field(repr=False)
    temperature: float
    answer: str | None = field(repr=False)


@dataclass(frozen=True, repr=False)
class LeakReport(Shown):
    """What a model gives back of what it was trained on.

    `print(report)` shows a table; `to_dict()` is for JSON. Neither holds any text of a chat.

    Attributes:
        rows: The figures.
        settings: With what they were measured: `samples`, `temperature`, `min_length`, `min_run`.
        asked: How many questions each model was asked.
        failed: How many of them it failed at, by `tuned` and `base`; they count nowhere.
        empty: How many answers were blank; they count as answers without a leak.
        guess: From how few secrets one was drawn: a guess hits with one in so many. None without
            canaries.
        names_left_out: How many names of `people=` are too short to be looked for.
        answers: All answers, where `keep_answers=True` was given: they are private.
    """

    _figures: ClassVar[tuple[str, ...]] = ("rows", "asked", "guess")

    rows: tuple[LeakRow, ...]
    settings: dict[str, Any]
    asked: int
    failed: dict[str, int]
    empty: dict[str, int]
    guess: int | None = None
    names_left_out: int = 0
    answers: tuple[AuditedAnswer, ...] = ()

    def row(self, measure: str, where: str | None = None) -> LeakRow:
        """Return a figure.

        Args:
            measure: What was counted, as in `LeakRow`.
            where: In answers to what; may be left out where there is one row of the measure.

        Raises:
            UnknownRowError: There is no such row, or more than one; says which there are.
        """
        found = [row for row in self.rows if row.measure == measure and where in {None, row.where}]
        if len(found) != 1:
            known = ", ".join(f"{row.measure!r} in {row.where!r}" for row in self.rows)
            message = f"{len(found)} rows are {measure!r} in {where!r}; there are: {known}"
            raise UnknownRowError(message)
        return found[0]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures, for JSON."""
        rows = [
            {
                "measure": row.measure,
                "where": row.where,
                "tuned": row.tuned.to_dict(),
                "base": None if row.base is None else row.base.to_dict(),
            }
            for row in self.rows
        ]
        return {
            "rows": rows,
            "settings": self.settings,
            "asked": self.asked,
            "failed": self.failed,
            "empty": self.empty,
            "guess": self.guess,
            "names_left_out": self.names_left_out,
        }

    def __str__(self) -> str:
        cells = [(f"  {row.where}", str(row.tuned), _shown(row.base)) for row in self.rows]
        widths = [max((len(cell[i]) for cell in cells), default=0) for i in range(3)]
        lines = [f"{'':{widths[0]}}  {'tuned':{widths[1]}}  base"]
        rows = zip(self.rows, cells, strict=True)
        for measure, group in groupby(rows, key=lambda pair: pair[0].measure):
            lines.append(MEASURES[measure].format_map(self.settings))
            lines += ["  ".join(map(str.ljust, cell, widths)).rstrip() for _, cell in group]
        return "\n".join((*lines, *self._notes()))

    @override
    def _repr_html_(self) -> str:
        told = [
            (
                MEASURES[row.measure].format_map(self.settings),
                row.where,
                row.tuned,
                _shown(row.base),
            )
            for row in self.rows
        ]
        return html_table("LeakReport", told, ("measured", "in answers to", "tuned", "base"))

    def _notes(self) -> list[str]:
        notes = [f"{self.asked:,} questions to each model; in brackets: 95 % intervals (Wilson)"]
        if self.guess is not None:
            notes.append(f"a secret is guessed with at most 1 in {self.guess:,}")
        if self.names_left_out:
            notes.append(f"{self.names_left_out:,} names are too short to be looked for")
        for what, counts in (("failed", self.failed), ("empty", self.empty)):
            if any(counts.values()):
                told = ", ".join(f"{model} {n:,}" for model, n in counts.items())
                notes.append(f"{what}: {told}")
        return notes


def _shown(rate: Rate | None) -> str:
    return "not asked" if rate is None else str(rate)
