"""The files that `prepare` writes: examples in, one file out, or two with a validation file."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger._internal.output import is_stream, real_path
from langchain_fbmessenger.examples import rules_for, split_examples, write_training_file
from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from langchain_fbmessenger.examples import TrainingExample, TrainingFile

__all__ = ["Prepared", "held_out_path", "refuse_input_as_output", "write_prepared", "written_lines"]


class Prepared(NamedTuple):
    """What was written: the files, without any where there was no example, and what is held out."""

    files: list[TrainingFile]
    held_out: Sequence[TrainingExample] = ()

    def __repr__(self) -> str:
        return f"Prepared(files={self.files!r}, held_out={len(self.held_out)})"


def write_prepared(
    examples: Iterable[TrainingExample], output: Path, form: str, valid: float | None
) -> Prepared:
    """Write training examples, and beside them the validation set, as FILE.valid.jsonl.

    Without any example, nothing is written.

    Raises:
        InvalidExampleError: There are too few, or one breaks a rule of the form.
        InvalidOptionError: There is no such form, or `valid` is not a share.
    """
    rules_for(form)  # before anything is read
    examples = iter(examples)
    first = next(examples, None)
    if first is None:
        return Prepared([])
    examples = chain([first], examples)
    if valid is None:
        return Prepared([write_training_file(examples, output, format=form)])
    if is_stream(output):
        message = f"{output} is not a file: the validation set is written beside it"
        raise InvalidOptionError(message)
    split = split_examples(examples, valid=valid)
    if not split.valid:
        return Prepared([write_training_file(split.train, output, format=form)])
    validation_path = held_out_path(output)
    # Beside it first: where one of the two is refused, both are as they were.
    staged = validation_path.with_name(f".{validation_path.name}.new")
    try:
        valid_file = write_training_file(split.valid, staged, format=form, min_examples=1)
        train_file = write_training_file(split.train, output, format=form)
        staged.replace(validation_path)
    finally:
        staged.unlink(missing_ok=True)
    return Prepared([train_file, replace(valid_file, path=validation_path)], split.valid)


def held_out_path(training_file: Path) -> Path:
    """Return where the validation set of a training file lies."""
    return training_file.with_name(f"{training_file.stem}.valid{training_file.suffix}")


def refuse_input_as_output(exports: list[Path], output: Path) -> None:
    """Refuse to write over what is read: it may be the only copy of somebody's chats.

    Raises:
        InvalidOptionError: The output is an export, or a file of one.
    """
    target = real_path(output)
    for export in exports:
        source = real_path(export)
        # No export holds .jsonl files: one in its folder is what an earlier run has written.
        is_part = source in target.parents and target.suffix != ".jsonl" and target.exists()
        if target == source or is_part:
            message = f"{output} is part of the export: choose another --output"
            raise InvalidOptionError(message)


def written_lines(files: list[TrainingFile]) -> list[str]:
    """Return what was written where, and what else is to be set, a line each."""
    lines = []
    for kind, file in zip(("training", "validation"), files, strict=False):
        lines.append(f"{file.lines:,} {kind} examples written to {file.path} ({file.format})")
        if file.openings:
            lines.append(f"  {file.openings:,} of them got a user turn before your opening")
    if files[0].settings:
        lines.append(files[0].settings)
    return lines
