"""What `redact` shows on a terminal: a preview as tables and samples, plain in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from langchain_fbmessenger.privacy.findings import KINDS
from langchain_fbmessenger.privacy.preview.figures import LEFT_KINDS
from langchain_fbmessenger.privacy.preview.wording import (
    KIND_NAMES,
    LEFT_NAMES,
    other_lines,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from langchain_fbmessenger.privacy.preview.figures import Preview
    from langchain_fbmessenger.privacy.preview.samples import Sample

__all__ = ["full_preview", "sample_text", "short_preview"]

_PEOPLE_SHOWN = 20
_WORDS_SHOWN = 30
_STYLES = {"-": "red strike", "+": "bold green", "?": "yellow"}


def full_preview(preview: Preview) -> Iterator[RenderableType]:
    """Give all of a preview: figures, samples of each kind, people, what was not touched."""
    yield from _figures(preview)
    yield from _samples(preview, most=None)
    if preview.renamed:
        yield _people(preview)
    if preview.kept:
        names = ", ".join(map(visible, sorted(preview.kept)))
        yield Text(f"By your choice these keep their names: {names}")
    yield Text("\nNot touched", style="bold")
    for kind in LEFT_KINDS:
        if samples := preview.samples(kind):
            yield _heading(LEFT_NAMES[kind], len(samples), preview.messages_with(kind))
            if kind == "word":
                yield _words(preview)
            yield _lines(samples, "?")
    yield Text()
    yield from map(Text, other_lines(preview))


def short_preview(preview: Preview) -> Iterator[RenderableType]:
    """Give what a preview shows first: figures, and a sample of each kind."""
    yield from _figures(preview)
    yield from _samples(preview, most=1)


def _figures(preview: Preview) -> Iterator[RenderableType]:
    share = preview.messages_changed / preview.messages if preview.messages else 0
    yield Text(
        f"{preview.messages_changed:,} of {preview.messages:,} messages in {preview.sessions:,} "
        f"conversation{'s' * (preview.sessions != 1)} change ({share:.1%}); "
        f"{len(preview.renamed):,} people get other names"
    )
    table = Table(title="Replaced", title_justify="left")
    table.add_column("kind")
    table.add_column("replaced", justify="right")
    table.add_column("in messages", justify="right")
    for kind in KINDS:
        if kind in preview.not_asked:
            table.add_row(KIND_NAMES[kind], "not asked for", "", style="dim")
        else:
            n, messages = preview.found[kind], preview.messages_with(kind)
            table.add_row(KIND_NAMES[kind], f"{n:,}", f"{messages:,}")
    yield table
    left = ", ".join(f"{LEFT_NAMES[kind]} in {n:,}" for kind, n in preview.left.items())
    if left:
        yield Text(f"Not touched, in messages: {left}", style=_STYLES["?"])


def _samples(preview: Preview, *, most: int | None) -> Iterator[RenderableType]:
    for kind in KINDS:
        if samples := preview.samples(kind)[:most]:
            yield _heading(KIND_NAMES[kind], len(samples), preview.messages_with(kind))
            yield _lines(samples, "-", "+")


def sample_text(sample: Sample, sign: str) -> Text:
    """Return a sample as it was ("-"), as it is ("+"), or as it is with what was left ("?")."""
    text = Text("…" * sample.is_cut[0])
    for part in sample.parts:
        is_marked = part.kind is not None and (part.kind in LEFT_NAMES) == (sign == "?")
        shown = visible(part.before if sign == "-" else part.after).replace("\n", " ")
        if is_marked and sign == "?":
            shown = f"«{shown}»"  # a pipe shows no colours
        text.append(shown, style=_STYLES[sign] if is_marked else "")
    return text.append("…" * sample.is_cut[1])


def _lines(samples: list[Sample], *signs: str) -> Table:
    """Return samples behind their signs: what is wrapped stays beside them."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for number, sample in enumerate(samples):
        if number and len(signs) > 1:
            grid.add_row()
        for sign in signs:
            style = _STYLES[sign].removesuffix(" strike")
            grid.add_row(Text(sign, style=style), sample_text(sample, sign))
    return grid


def _heading(name: str, shown: int, seen: int) -> Text:
    of = f" {shown} of {seen:,} message{'s' * (seen != 1)}"
    return Text.assemble("\n", (f" {name} ", "reverse"), (of, "dim"))


def _people(preview: Preview) -> Table:
    table = Table(title="\nWho becomes who", title_justify="left")
    table.add_column("in the export", overflow="fold")
    table.add_column("becomes", overflow="fold")
    table.add_column("messages", justify="right")
    for old, new in list(preview.renamed.items())[:_PEOPLE_SHOWN]:
        table.add_row(Text(visible(old)), Text(visible(new)), f"{preview.written[old]:,}")
    more = len(preview.renamed) - _PEOPLE_SHOWN
    if more > 0:
        table.add_row(Text(f"and {more:,} more (--html FILE has them all)", style="dim"))
    return table


def _words(preview: Preview) -> Text:
    words = preview.left_words.most_common(_WORDS_SHOWN)
    listed = ", ".join(f"{visible(word)} {n:,}" for word, n in words)
    more = len(preview.left_words) - len(words)
    return Text(f"most often: {listed}{f' and {more:,} more' if more > 0 else ''}")
