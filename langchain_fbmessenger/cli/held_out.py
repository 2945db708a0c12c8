"""What `finetune` does where a training file has a validation file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.cli.common import print_plain
from langchain_fbmessenger.cli.prepared import held_out_path
from langchain_fbmessenger.cli.prepared_records import record_of_file

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.fine_tuning import Provider

__all__ = ["EARLY_STOPPING", "held_out_beside", "usual_early_stopping"]

EARLY_STOPPING = 2
"""Epochs: of a single one that is worse, the next may make up for it."""


def held_out_beside(training_file: Path) -> Path | None:
    """Return the validation file that `prepare --valid` has written beside a training file.

    It is told in a line. One that is left of an earlier `prepare`, where the last held nothing out,
    is not taken: its examples are among those that are trained.
    """
    beside = held_out_path(training_file)
    if not beside.is_file():
        return None
    record = record_of_file(training_file)
    if record is not None and record.held_out_sha256 is None:
        return None
    print_plain(f"validation: {beside}, which lies beside {training_file.name}")
    return beside


def usual_early_stopping(provider: Provider) -> int | None:
    """Return after how many epochs without a better held-out loss a training ends by default.

    It is told in a line. None where the provider knows no such end.
    """
    if "early_stopping" not in provider.known_settings:
        return None
    print_plain(
        f"early stopping: after {EARLY_STOPPING} epochs without a better held-out loss, and the "
        "best epoch is taken (--early-stopping 0 trains all)"
    )
    return EARLY_STOPPING
