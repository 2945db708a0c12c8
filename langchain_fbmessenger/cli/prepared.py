"""The files that `prepare` writes: examples in, one file out, or two with a held-out set."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from langchain_fbmessenger.examples import ExampleSplit, export_examples, rules_for, split_examples

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from langchain_fbmessenger.examples import ExportedFile, TrainingExample

__all__ = ["write_prepared", "written_lines"]


def write_prepared(
    examples: Iterable[TrainingExample], output: Path, form: str, valid: float | None
) -> list[ExportedFile]:
    """Write training examples, and beside them those that are held out, as FILE.valid.jsonl.

    Without any example, nothing is written.

    Raises:
        InvalidExampleError: There are too few, or one breaks a rule of the form.
        ValueError: There is no such form, or `valid` is no share.
    """
    rules_for(form)  # before anything is read
    examples = iter(examples)
    first = next(examples, None)
    if first is None:
        return []
    examples = chain([first], examples)
    if not valid:
        return [export_examples(examples, output, format=form)]
    split = ExampleSplit(*split_examples(examples, valid=valid))
    files = [export_examples(split.train, output, format=form)]
    if split.valid:
        held_out = output.with_name(f"{output.stem}.valid{output.suffix}")
        files.append(export_examples(split.valid, held_out, format=form))
    return files


def written_lines(files: list[ExportedFile]) -> list[str]:
    """Return what was written where, and what else is to be set, a line each."""
    lines = []
    for kind, file in zip(("training", "held-out"), files, strict=False):
        lines.append(f"{file.lines:,} {kind} examples written to {file.path} ({file.format})")
        if file.openings:
            lines.append(f"  {file.openings:,} of them got a user turn before your opening")
    if files[0].settings:
        lines.append(files[0].settings)
    return lines
