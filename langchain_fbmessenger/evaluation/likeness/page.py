"""A report of likeness as one HTML page that loads nothing: no script, no address, one style."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.shown import html_text
from langchain_fbmessenger.evaluation.likeness.chart import (
    friends_labels,
    line_scale,
    place_row,
    told_apart_row,
    told_apart_scale,
)
from langchain_fbmessenger.evaluation.likeness.markup import facts, named, of_class, table
from langchain_fbmessenger.evaluation.likeness.notation import (
    NO_FIGURE,
    is_figure,
    row_figure,
    span,
    two,
)
from langchain_fbmessenger.evaluation.likeness.page_texts import texts_section
from langchain_fbmessenger.evaluation.likeness.report import NOT_SEEN
from langchain_fbmessenger.evaluation.likeness.rows import ROWS
from langchain_fbmessenger.evaluation.likeness.verdict import BAND, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.evaluation.likeness.placing import Place
    from langchain_fbmessenger.evaluation.likeness.report import (
        LikenessBasis,
        LikenessReport,
        ModelLikeness,
    )

__all__ = ["page_of", "summary_of"]

_PRIVATE = (
    "This page quotes words of private chats: it is for your eyes, do not send it on, and delete "
    "it when you have read it."
)
_KINDS = {"refused": "refused", "writes like you": "yours"}
"""Verdicts that look otherwise than the others."""

_WITHOUT_TEXT = "No word of a chat is on this page: quotes and phrases were left out."


def page_of(report: LikenessReport, *, text: bool = True) -> str:
    """Return a report as a page; all texts in it are escaped, and what hides in them is shown.

    Args:
        report: What was found.
        text: Whether prompts, answers and phrases are quoted.
    """
    folder = resources.files(__package__)
    style = (folder / "page.css").read_text(encoding="utf-8")
    measures, *others = NOT_SEEN
    basis = report.basis
    return Template((folder / "page.html").read_text(encoding="utf-8")).substitute(
        style=style,
        # No other style is let in, whatever a text may bring.
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        verdicts="".join(_verdicts(report)),
        measures=html_text(measures),
        band_low=f"{BAND[0]:g}",
        band_high=f"{BAND[1]:g}",
        line=_chart(_line(report)),
        told_apart=_chart(_told_apart(report)),
        figures=_figures(report),
        texts=texts_section(report) if text else "",
        basis=_rests_on(basis, seed=report.seed),
        not_seen="".join(f"<li>{html_text(one)}</li>" for one in (measures, *others)),
        privacy=_PRIVATE if text else _WITHOUT_TEXT,
    )


def summary_of(report: LikenessReport) -> str:
    """Return a report as a table for a notebook, with a picture of each place and no style."""
    friends = report.basis.friends.values()
    rows = [
        "<tr>"
        f'<th scope="row">{named(one.name)}</th><td>{html_text(VERDICTS[one.verdict])}</td>'
        f"<td>{place_row(one.voice, friends, label=one.name, width='320')}</td>"
        f"<td>{span(one.voice)}</td><td>{two(one.told_apart)}</td>"
        "</tr>"
        for one in report.models
    ]
    heads = "".join(f"<th>{head}</th>" for head in ("model", "verdict", line_scale(width="320")))
    return (
        "<table><caption>LikenessReport</caption>"
        f"<thead><tr>{heads}<th>voice</th><th>told apart</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _verdicts(report: LikenessReport) -> Iterator[str]:
    if report.basis.missing:
        missing = html_text("; ".join(report.basis.missing))
        yield f"<li><strong>No model can be judged yet</strong>: {missing}.</li>"
    for one, sentence in zip(report.models, report.sentences(), strict=True):
        # The name may be of another direction than the sentence that it begins.
        rest = html_text(sentence.removeprefix(one.name))
        kind = of_class(_KINDS.get(one.verdict, ""))
        yield f"<li{kind}><strong>{named(one.name)}</strong>{rest}</li>"


def _line(report: LikenessReport) -> Iterator[str]:
    basis = report.basis
    friends = basis.friends.values()
    yield f'<li class="scale">{line_scale()}</li>'
    if basis.friends:
        yield _row("your friends", friends_labels(basis.friends), _range_of(basis), kind="friends")
    if basis.own_half is not None:
        drawn = place_row(basis.own_half, friends, label="half of your own answers")
        yield _row("you, one half", drawn, span(basis.own_half), kind="own")
    for one in report.models:
        drawn = place_row(one.voice, friends, label=one.name)
        missing = "; ".join(one.missing)
        why = f'<p class="why">not judged: {html_text(missing)}</p>' if missing else ""
        yield _model_row(one, drawn, span(one.voice), after=why)


def _told_apart(report: LikenessReport) -> Iterator[str]:
    basis = report.basis
    own = basis.own_told_apart
    yield f'<li class="scale">{told_apart_scale()}</li>'
    for one in report.models:
        drawn = told_apart_row(one.told_apart, own=own, label=one.name)
        yield _model_row(one, drawn, two(one.told_apart))
    drawn = told_apart_row(own, own=own, label="your own halves", kind="you")
    yield _row("your own halves", drawn, two(own), kind="own")
    friends = [value for value in basis.friends_told_apart.values() if is_figure(value)]
    if friends:
        said = f"{two(min(friends))} to {two(max(friends))}"
        drawn = told_apart_row(float("nan"), own=own, label=f"your friends, {said}", others=friends)
        yield _row("your friends", drawn, said, kind="friends")


def _chart(rows: Iterator[str]) -> str:
    return f'<ul class="chart">{"".join(rows)}</ul>'


def _model_row(one: ModelLikeness, drawn: str, number: str, *, after: str = "") -> str:
    kind = _KINDS.get(one.verdict, "")
    return _row(named(one.name), drawn, number, kind=kind, after=after)


def _row(name: str, drawn: str, number: str, *, kind: str = "", after: str = "") -> str:
    """Return a row of a chart; the name is markup."""
    return (
        f'<li{of_class(kind)}><span class="name">{name}</span>{drawn}'
        f'<span class="number">{number}</span>{after}</li>'
    )


def _range_of(basis: LikenessBasis) -> str:
    places = [at.p for at in basis.friends.values() if is_figure(at.p)]
    return f"{two(min(places))} to {two(max(places))}" if places else NO_FIGURE


def _figures(report: LikenessReport) -> str:
    """Return the table of figures: a row each, the persona's own first, as it is compared with."""
    basis, models = report.basis, report.models
    own = None if basis.own_half is None else 1.0
    rows = [
        ("voice: friends 0, you 1", two(own), [_place(one.voice) for one in models]),
        ("to prompts without a word of yours", NO_FIGURE, [_place(one.cold) for one in models]),
        ("to prompts that hold words of yours", NO_FIGURE, [_place(one.warm) for one in models]),
        (
            "told apart: .5 never, 1 always",
            two(basis.own_told_apart),
            [two(one.told_apart) for one in models],
        ),
        *(
            (label, row_figure(key, basis.rows), [row_figure(key, one.rows) for one in models])
            for key, label in ROWS.items()
        ),
        ("prompts without an answer", NO_FIGURE, [f"{m.failed:,} of {m.asked:,}" for m in models]),
    ]
    kinds = ["", "n you", *("n refused" if m.verdict == "refused" else "n" for m in models)]
    return table(
        "Each figure, of you and of each model",
        ["", "you", *(named(one.name) for one in models)],
        [[html_text(label), mine, *theirs] for label, mine, theirs in rows],
        kinds,
    )


def _place(at: Place | None) -> str:
    """Return a place with its interval below it."""
    if at is None or not is_figure(at.p):
        return NO_FIGURE
    return f"{two(at.p)} <small>{two(at.low)} to {two(at.high)}</small>"


def _rests_on(basis: LikenessBasis, *, seed: int) -> str:
    counts = [
        ("your held-out answers", f"{basis.own:,}"),
        ("conversations", f"{basis.conversations:,}"),
        ("friends with 100 messages", f"{basis.large_friends:,}"),
        ("answers of a stranger", f"{basis.negatives:,}"),
        ("half of your own answers, as if a model's", span(basis.own_half)),
        ("seed", str(seed)),
    ]
    parts = [facts(counts)]
    if basis.missing:
        items = "".join(f"<li>{html_text(one)}</li>" for one in basis.missing)
        parts.append(f"<p>Missing before any model can be judged:</p><ul>{items}</ul>")
    if basis.auc:
        parts.append(
            table(
                "How well so many messages tell you from a friend (AUC)",
                ["messages together", *(f"{size:,}" for size in basis.auc)],
                [["by both classifiers", *map(two, basis.auc.values())]],
                ["", *("n" for _ in basis.auc)],
            )
        )
    if basis.auc_of_parts:
        alone = ", ".join(f"{part} {two(auc)}" for part, auc in basis.auc_of_parts.items())
        parts.append(f"<p>20 messages by one classifier alone: {html_text(alone)}.</p>")
    return "".join([*parts, _friends(basis)])


def _friends(basis: LikenessBasis) -> str:
    names = {**basis.friends, **basis.friends_told_apart}
    if not names:
        return ""
    rows = [
        [named(name), span(basis.friends.get(name)), two(basis.friends_told_apart.get(name))]
        for name in names
    ]
    return table("Your friends", ["friend", "voice", "told apart from you"], rows, ["", "n", "n"])
