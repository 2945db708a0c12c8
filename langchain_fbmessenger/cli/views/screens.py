"""What the commands show: sessions, reports and examples as tables and lines for a terminal."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger.cli.survey import Survey, ThreadFigures
    from langchain_fbmessenger.examples import TrainingExample
    from langchain_fbmessenger.exports import LoadReport

__all__ = ["example_table", "owner_line", "report_lines", "survey_lines", "threads_table"]

_PEOPLE_SHOWN = 3
_BAR = 40  # characters of the longest bar
_FORMATS = {
    "A": "JSON",
    "A0": "JSON of 2018",
    "B": "encrypted chats",
    "D": "Instagram list",
    "E": "hand-made JSON",
    "F": "Graph API",
    "G": "copies of groups",
    **{name: f"HTML ({name})" for name in ("H1", "H2", "H3", "H4", "I3", "I4")},
}
_ROLE_STYLES = {"system": "dim", "user": "cyan", "assistant": "green"}


def threads_table(threads: Iterable[ThreadFigures]) -> Table:
    """Return a table with a row per thread."""
    table = Table(title="Threads", title_justify="left")
    table.add_column("thread", overflow="fold")
    table.add_column("folder", no_wrap=True)
    table.add_column("who wrote", overflow="fold")
    table.add_column("messages", justify="right")
    table.add_column("from", no_wrap=True)
    table.add_column("to", no_wrap=True)
    for thread in threads:
        shown = list(thread.writers.items())[:_PEOPLE_SHOWN]
        named = ", ".join(f"{name or '(no name)'} {n:,}" for name, n in shown)
        if len(thread.writers) > _PEOPLE_SHOWN:
            named += f" and {len(thread.writers) - _PEOPLE_SHOWN} more"
        table.add_row(
            _name(thread.title or thread.id),
            _name(thread.folder or thread.source),
            _name(named),
            f"{thread.messages:,}",
            _day(thread.first),
            _day(thread.last),
        )
    return table


def survey_lines(survey: Survey) -> list[Text]:
    """Return what an export is, whose, and when its messages were written, as a chart."""
    formats = ", ".join(f"{_FORMATS[name]}: {n:,}" for name, n in survey.formats.items())
    lines = [
        Text.assemble("Owner: ", owner_line(survey.owner, survey.owner_evidence)),
        Text(f"Files by format: {formats}"),
        Text(f"{len(survey.threads):,} threads, {survey.people:,} people"),
    ]
    if survey.system_line_languages:
        languages = ", ".join(f"{name} {n:,}" for name, n in survey.system_line_languages.items())
        lines.append(Text(f"Lines written by Meta, by language: {languages}"))
    most = max(survey.messages_per_year.values(), default=0)
    lines.append(Text("Messages per year:"))
    for year, count in survey.messages_per_year.items():
        bar = "█" * max(1, round(_BAR * count / most))
        lines.append(Text.assemble(f"{year:>6} ", (bar, "cyan"), f" {count:,}"))
    return lines


def owner_line(owner: str | None, evidence: str | None) -> Text:
    """Return who was taken for the owner, and why."""
    return Text.assemble(_name(owner), f", {evidence}") if owner else Text("not known")


def report_lines(report: LoadReport) -> list[str]:
    """Return what was read and what was left out, a line each."""
    return str(report).splitlines()


def example_table(example: TrainingExample) -> Table:
    """Return a training example as a table of its turns."""
    table = Table(title="One training example", title_justify="left", show_header=False)
    table.add_column("role")
    table.add_column("content")
    for turn in example["messages"]:
        style = "dim" if turn.get("weight") == 0 else _ROLE_STYLES[turn["role"]]
        role = turn["role"] + (" (context)" if turn.get("weight") == 0 else "")
        table.add_row(Text(role, style=style), Text(turn["content"], style=style))
    return table


def _name(name: str) -> Text:
    """Return a name in one line: a line of its own would pass for one of ours."""
    return Text(visible(name.replace("\n", " ")))


def _day(milliseconds: int) -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "?"  # a time that no calendar has
