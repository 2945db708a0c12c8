"""Show how far a job is, by the figures that its provider reports: a bar on the screen."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.fine_tuning.following.notebook import NotebookBar, in_notebook
from langchain_fbmessenger.fine_tuning.losses import figures_of, number_in, valid_loss_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openai.types.fine_tuning import FineTuningJob as JobState
    from openai.types.fine_tuning import FineTuningJobEvent

__all__ = ["JobProgress", "show_progress"]

_MINUTE_S = 60


@dataclass(frozen=True)
class JobProgress:
    """How far a job is; None where it is not known (yet).

    Attributes:
        status: `queued`, `running`, `succeeded` and so on.
        step: Optimiser steps done.
        total_steps: All that there will be.
        train_loss: The newest loss on training examples.
        valid_loss: The newest loss on the validation set.
        seconds_left: Until the end, as the provider reckons.
    """

    status: str
    step: int | None = None
    total_steps: int | None = None
    train_loss: float | None = None
    valid_loss: float | None = None
    seconds_left: float | None = None

    def after(self, state: JobState, newest: Iterable[FineTuningJobEvent]) -> JobProgress:
        """Return the progress after another look at a job.

        Args:
            state: The job.
            newest: Its newest events, newest first, as the API lists them.
        """
        # Nebius counts steps in the job itself.
        told: dict[str, Any] = {
            "step": getattr(state, "trained_steps", None),
            "total_steps": getattr(state, "total_steps", None),
        }
        for event in reversed(list(newest)):
            figures = figures_of(event)
            told |= {k: figures[k] for k in ("step", "total_steps", "train_loss") if k in figures}
            told["valid_loss"] = valid_loss_of(figures) or told.get("valid_loss")
        known: dict[str, Any] = {
            name: n for name in told if (n := number_in(told[name])) is not None
        }
        known |= {name: int(known[name]) for name in ("step", "total_steps") if name in known}
        left = None
        if state.status == "running" and state.estimated_finish:
            left = max(0.0, state.estimated_finish - time.time())
        return replace(self, **known, status=state.status, seconds_left=left)


@contextmanager
def show_progress(enabled: bool | None) -> Iterator[Callable[[JobProgress], None]]:  # noqa: FBT001 - a field's value
    """Show a bar while a job runs.

    Args:
        enabled: Whether to show it; None shows it on a terminal and in a notebook only.

    Yields:
        A function that takes the job's progress.
    """
    is_notebook = in_notebook()
    if not (is_notebook or sys.stderr.isatty() if enabled is None else enabled):
        yield lambda _progress: None
        return
    if is_notebook:
        notebook_bar = NotebookBar()
        yield lambda progress: notebook_bar.show(
            progress.step, progress.total_steps, _in_words(progress)
        )
        return

    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    from langchain_fbmessenger._internal.console import VisibleConsole

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=VisibleConsole(stderr=True)) as bar:
        task = bar.add_task("waiting", total=None, loss="", left="")

        def show(progress: JobProgress) -> None:
            bar.update(
                task,
                description=progress.status.replace("_", " "),
                total=progress.total_steps,
                completed=progress.step or 0,
                loss=_losses(progress),
                left=_left(progress, bar.tasks[0].time_remaining),
            )

        yield show


def _in_words(progress: JobProgress) -> str:
    told = [progress.status.replace("_", " "), _losses(progress), _left(progress, None)]
    return ", ".join(filter(None, told))


def _losses(progress: JobProgress) -> str:
    named = {"loss": progress.train_loss, "validation": progress.valid_loss}
    return ", ".join(f"{name} {loss:.2f}" for name, loss in named.items() if loss is not None)


def _left(progress: JobProgress, reckoned: float | None) -> str:
    """Say how long it still takes, as the provider reckons or else as the bar has moved so far."""
    seconds = reckoned if progress.seconds_left is None else progress.seconds_left
    if seconds is None or progress.status != "running":
        return ""
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02}:{rest:02} left"
