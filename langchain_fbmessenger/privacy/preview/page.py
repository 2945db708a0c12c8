"""A preview as one HTML page that loads nothing: a preview goes in, a file comes out."""

from __future__ import annotations

from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.output import writing
from langchain_fbmessenger.privacy.findings import KINDS
from langchain_fbmessenger.privacy.preview.figures import LEFT_KINDS
from langchain_fbmessenger.privacy.preview.wording import (
    KIND_NAMES,
    LEFT_NAMES,
    other_lines,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from langchain_fbmessenger.privacy.preview.figures import Preview
    from langchain_fbmessenger.privacy.preview.samples import Sample

__all__ = ["preview_page", "write_preview_page"]

_WORDS_SHOWN = 60
_UNFOLDED = 12  # people; a longer table is folded


def write_preview_page(preview: Preview, path: Path) -> None:
    """Write a preview as a page that only its owner can read.

    Raises:
        OSError: The file cannot be written.
    """
    with writing(path) as file:
        file.write(preview_page(preview).encode("utf-8", errors="replace"))


def preview_page(preview: Preview) -> str:
    """Return a preview as a page: no script, no address in it that a browser would fetch."""
    template = resources.files(__package__) / "page.html"
    return Template(template.read_text(encoding="utf-8")).substitute(
        figures=_figures(preview),
        kinds=_kinds(preview),
        samples=_samples(preview) or "<p>Nothing would be replaced.</p>",
        people=_people(preview),
        left=_left(preview),
    )


def _figures(preview: Preview) -> str:
    share = preview.messages_changed / preview.messages if preview.messages else 0
    figures = (
        (f"{preview.sessions:,}", "conversations"),
        (f"{preview.messages:,}", "messages"),
        (f"{preview.messages_changed:,}", f"messages changed ({share:.1%})"),
        (f"{len(preview.renamed):,}", "people renamed"),
    )
    items = "".join(f"<li><b>{n}</b><span>{what}</span></li>" for n, what in figures)
    return f'<ul class="figures">{items}</ul>'


def _kinds(preview: Preview) -> str:
    rows = [
        (KIND_NAMES[kind], f"{preview.found[kind]:,}", f"{preview.messages_with(kind):,}")
        if kind not in preview.not_asked
        else (KIND_NAMES[kind], "not asked for", "")
        for kind in KINDS
    ]
    return _table(("kind", "replaced", "in messages"), rows, figures=2)


def _samples(preview: Preview) -> str:
    return "".join(
        f"<h3>{KIND_NAMES[kind]} {_of(len(samples), preview.messages_with(kind))}</h3>"
        + "".join(map(_pair, samples))
        for kind in KINDS
        if (samples := preview.samples(kind))
    )


def _people(preview: Preview) -> str:
    parts = []
    if preview.renamed:
        rows = [(old, new, f"{preview.written[old]:,}") for old, new in preview.renamed.items()]
        table = _table(("in the export", "becomes", "messages"), rows, figures=1)
        is_open = " open" if len(rows) <= _UNFOLDED else ""
        parts.append(
            f"<details{is_open}><summary>{len(rows):,} people and their invented names</summary>"
            f"{table}</details>"
        )
    if preview.kept:
        names = ", ".join(f"<bdi>{_shown(name)}</bdi>" for name in sorted(preview.kept))
        parts.append(f"<p>By your choice these keep their names: {names}</p>")
    return f"<section><h2>Who becomes who</h2>{''.join(parts)}</section>" if parts else ""


def _left(preview: Preview) -> str:
    parts = [
        "<p>Nobody has judged what follows. It looks like a name or a number, and it stays.</p>"
    ]
    for kind in LEFT_KINDS:
        samples = preview.samples(kind)
        if samples:
            seen = preview.messages_with(kind)
            parts.append(f"<h3>{LEFT_NAMES[kind]} {_of(len(samples), seen)}</h3>")
            if kind == "word":
                parts.append(_words(preview))
            parts += [_text(sample, "mark") for sample in samples]
    if len(parts) == 1:
        parts = ["<p>No message holds anything else that looks like a name or a number.</p>"]
    parts.append("<h3>and besides</h3>")
    parts += [f"<p>{escape(line)}</p>" for line in other_lines(preview)]
    return "".join(parts)


def _words(preview: Preview) -> str:
    words = preview.left_words.most_common(_WORDS_SHOWN)
    items = "".join(f"<li><bdi>{_shown(word)}</bdi> {n:,}</li>" for word, n in words)
    more = len(preview.left_words) - len(words)
    rest = f'<p class="dim">and {more:,} more</p>' if more > 0 else ""
    return f'<ul class="words">{items}</ul>{rest}'


def _pair(sample: Sample) -> str:
    return f'<div class="pair">{_text(sample, "del")}{_text(sample, "ins")}</div>'


def _text(sample: Sample, tag: str) -> str:
    """Return a sample with what was there ("del"), what is ("ins"), or what stays ("mark")."""
    shown = []
    for part in sample.parts:
        is_left = part.kind in LEFT_NAMES
        text = _shown(part.before if tag == "del" else part.after)
        if part.kind is None or is_left != (tag == "mark"):
            shown.append(text)
        else:
            title = LEFT_NAMES[part.kind] if is_left else KIND_NAMES[part.kind]
            shown.append(f'<{tag} title="{title}">{text}</{tag}>')
    head, tail = sample.is_cut
    return f'<div class="text" dir="auto">{"…" * head}{"".join(shown)}{"…" * tail}</div>'


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, figures: int) -> str:
    """Return a table, its last columns figures."""
    first = len(heads) - figures
    classes = ['class="n"' if i >= first else 'dir="auto"' for i in range(len(heads))]
    head = "".join(f"<th {c}>{h}</th>" for c, h in zip(classes, heads, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td {c}>{_shown(v)}</td>" for c, v in zip(classes, row, strict=True))
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _of(shown: int, seen: int) -> str:
    return f"<small>{shown} of {seen:,} message{'s' * (seen != 1)}</small>"


def _shown(text: str) -> str:
    """Return a text of a chat as what it is: no markup."""
    return escape(visible(text))
