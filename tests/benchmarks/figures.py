"""What the figures of `export_to_jsonl.py` shall be, and how they are shown: tables of Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["TARGETS", "Target", "commit_of", "machine", "table", "targets_table"]


class Target(NamedTuple):
    """What a figure shall be: `gate` at the least, and better still `aim`."""

    title: str
    gate: float
    aim: float
    form: str = "{:.2f}"
    more: bool = False  # more is better

    def reached(self, figure: float) -> str:
        """Tell how far a figure has come."""
        for name, limit in (("aim", self.aim), ("gate", self.gate)):
            if figure >= limit if self.more else figure <= limit:
                return name
        return "no"


# Limits of `split` beside the bare loop are 0.5 and 0.35 of what commit 790ff23 took, over 100,000
# messages: 8.4 and 13.6 bare loops.
TARGETS = {
    "merge bulk": Target("merge pipeline ÷ bare loop, bulk", 1.8, 1.5),
    "merge plain": Target("merge pipeline ÷ bare loop, plain", 1.8, 1.5),
    "community bulk": Target(
        "langchain-community ÷ merge pipeline, bulk", 5, 6, "{:.1f}", more=True
    ),
    "community plain": Target(
        "langchain-community ÷ merge pipeline, plain", 7, 8, "{:.1f}", more=True
    ),
    "split bulk": Target("split → map → examples by tokens ÷ bare loop, bulk", 4.2, 2.9),
    "split plain": Target("split → map → examples by tokens ÷ bare loop, plain", 6.8, 4.8),
    "before bulk": Target("split → map → examples by tokens ÷ before, bulk", 0.5, 0.35),
    "before plain": Target("split → map → examples by tokens ÷ before, plain", 0.5, 0.35),
    "sessions bulk": Target("sessions of messages, read by a user ÷ bare loop, bulk", 2.2, 1.6),
    "sessions plain": Target("sessions of messages, read by a user ÷ bare loop, plain", 2.2, 1.6),
    "peak": Target("peak memory of all sizes below", 100, 92, "{:.0f} MiB"),
    "spread": Target("spread of these peaks", 5, 5, "{:.1f} MiB"),
    "one thread": Target(
        "peak memory of one thread through split → examples", 200, 100, "{:.0f} MiB"
    ),
    "first": Target("first example after the call, imports done, bulk", 80, 50, "{:.0f} ms"),
    "pages": Target("pages, messages/s", 30_000, 45_000, "{:,.0f}", more=True),
    "encrypted": Target("encrypted chats, messages/s", 150_000, 220_000, "{:,.0f}", more=True),
    "privacy bulk": Target(
        "both privacy stages, messages/s, bulk", 90_000, 130_000, "{:,.0f}", more=True
    ),
    "privacy plain": Target(
        "both privacy stages, messages/s, plain", 90_000, 130_000, "{:,.0f}", more=True
    ),
    "import": Target(
        "import and a pipeline, over langchain-core's Runnables", 0.2, 0.1, "+{:.3f} s"
    ),
}


def targets_table(figures: Mapping[str, float]) -> str:
    """Return the figures beside what they shall be."""
    rows = [
        (
            target.title,
            *(target.form.format(number) for number in (figures[key], target.gate, target.aim)),
            target.reached(figures[key]),
        )
        for key, target in TARGETS.items()
        if key in figures
    ]
    return table(("", "figure", "gate", "aim", "reached"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, aligned in the terminal too; all columns but the first are numbers."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        shown = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(shown)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([line(lines[0]), f"|{rule}|", *map(line, lines[1:])])


def machine() -> str:
    """Describe what the figures are of: the processor, Python, and whom we are compared with."""
    packages = ("langchain-core", "langchain-community", "msgspec")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def commit_of(tree: Path) -> str:
    """Name the commit of a tree, and say so where something in it is not committed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(tree), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    try:
        changed = " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
        return git("rev-parse", "--short", "HEAD") + changed
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
