"""A progress bar for a fine-tuning job: its events go in, a line on the terminal comes out."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openai.types.fine_tuning import FineTuningJobEvent

__all__ = ["newest_metrics", "show_progress"]


def newest_metrics(events: Iterable[FineTuningJobEvent]) -> dict[str, Any]:
    """Return the metrics of the newest event that has any: step, total_steps, train_loss."""
    for event in events:  # newest first, as the API lists them
        if event.type == "metrics" and isinstance(event.data, dict):
            return event.data
    return {}


@contextmanager
def show_progress(enabled: bool | None) -> Iterator[Callable[[str, dict[str, Any]], None]]:  # noqa: FBT001 - a field's value
    """Show a bar while a job runs.

    Args:
        enabled: Whether to show it; None shows it on a terminal only.

    Yields:
        A function that takes the job's status and its newest metrics.
    """
    if not (sys.stderr.isatty() if enabled is None else enabled):
        yield lambda _status, _metrics: None
        return

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("waiting", total=None, loss="")

        def show(status: str, metrics: dict[str, Any]) -> None:
            loss = metrics.get("train_loss")
            progress.update(
                task,
                description=status.replace("_", " "),
                total=metrics.get("total_steps"),
                completed=metrics.get("step", 0),
                loss="" if loss is None else f"loss {loss:.2f}",
            )

        yield show
