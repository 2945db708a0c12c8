"""The part of the page that quotes chats: phrases, and answers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.shown import amount, html_text
from langchain_fbmessenger.evaluation.likeness.markup import named, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.evaluation.likeness.phrases import Phrase
    from langchain_fbmessenger.evaluation.likeness.report import (
        AnswersBeside,
        LikenessReport,
        ModelLikeness,
    )

__all__ = ["texts_section"]

_MOST_PROMPTS = 8
_SPEAKERS = {"system": "instructions", "user": "they", "assistant": "you"}


def texts_section(report: LikenessReport) -> str:
    """Return the sections with quotes; nothing where there are none."""
    return "".join([*_phrases(report.models), *_side_by_side(report.beside[:_MOST_PROMPTS])])


def _phrases(models: Sequence[ModelLikeness]) -> Iterator[str]:
    found = [one for one in models if one.too_much or one.too_little]
    if not found:
        return
    yield "<section><h2>Too much, too little</h2>"
    yield "<p>In how many of its answers a phrase stands, and in how many of yours.</p>"
    for one in found:
        yield f'<h3>{named(one.name)}</h3><div class="pairs">'
        yield from _list_of("too much", one.too_much)
        yield from _list_of("too little", one.too_little)
        yield "</div>"
    yield "</section>"


def _list_of(head: str, phrases: Sequence[Phrase]) -> Iterator[str]:
    if not phrases:
        return
    items = "".join(
        f"<li><bdi>{html_text(one.text)}</bdi> "
        f"<small>{one.model:.0%}, you {one.own:.0%}</small></li>"
        for one in phrases
    )
    yield f'<div><h4>{head}</h4><ul class="phrases">{items}</ul></div>'


def _side_by_side(beside: Sequence[AnswersBeside]) -> Iterator[str]:
    if not beside:
        return
    yield "<section><h2>Side by side</h2>"
    yield "<p>What was asked, what you answered, and what the models answered: read them.</p>"
    for number, one in enumerate(beside, 1):
        yield f"<article><h3>Prompt {number}</h3>"
        yield from _prompt(one.prompt)
        yield '<div class="answers">'
        yield f'<div class="you"><h4>you, really</h4>{quoted(one.own)}</div>'
        for name, answer in one.answers.items():
            said = '<p class="dim">no answer</p>' if answer is None else quoted(answer)
            yield f"<div><h4>{named(name)}</h4>{said}</div>"
        yield "</div></article>"
    yield "</section>"


def _prompt(turns: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give the last turns of the other one in full, and what was before them folded."""
    last = len(turns)
    while last and turns[last - 1][0] == "user":
        last -= 1
    if before := turns[:last]:
        yield f"<details><summary>{amount(len(before), 'turn')} before that</summary>"
        yield from map(_turn, before)
        yield "</details>"
    yield from map(_turn, turns[last:])


def _turn(turn: tuple[str, str]) -> str:
    role, text = turn
    speaker = html_text(_SPEAKERS.get(role, role))
    return f'<div class="turn"><h4>{speaker}</h4>{quoted(text)}</div>'
