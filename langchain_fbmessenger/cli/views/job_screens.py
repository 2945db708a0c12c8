"""What the `jobs` commands show: jobs as a table, one as lines, losses as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from langchain_fbmessenger.fine_tuning.following.notebook import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger import FineTuningJob
    from langchain_fbmessenger.fine_tuning import LossPoint

__all__ = ["job_lines", "jobs_table", "loss_lines"]

_BAR = 40  # characters of the longest bar
_ROWS = 20  # of a chart
_STYLES = {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "cyan"}


def jobs_table(jobs: Iterable[FineTuningJob]) -> Table:
    """Return a table with a row per job."""
    table = Table(title="Fine-tuning jobs", title_justify="left")
    table.add_column("job", no_wrap=True)  # to be copied
    for name in ("status", "made", "base", "model"):
        table.add_column(name, overflow="fold")
    for job in jobs:
        table.add_row(
            Text(job.id),
            Text(job.status, style=_STYLES.get(job.status, "")),
            moment(job.state.created_at),
            Text(job.state.model),
            Text(job.fine_tuned_model or ""),
        )
    return table


def job_lines(job: FineTuningJob) -> list[str]:
    """Return what is known of a job, a line each."""
    state = job.state
    lines = [
        f"job {job.id} is {job.status}",
        f"base {state.model}",
        f"made {moment(state.created_at)}",
    ]
    if state.finished_at:
        lines.append(f"ended {moment(state.finished_at)}")
    if job.fine_tuned_model:
        lines.append(f"model {job.fine_tuned_model}")
    if settings := _settings(state):
        lines.append("settings " + ", ".join(f"{k} {v}" for k, v in settings.items()))
    if state.trained_tokens:
        lines.append(f"trained on {state.trained_tokens:,} tokens")
    if state.error and state.error.message:
        lines.append(f"error {state.error.code or ''}: {state.error.message}")
    return lines


def loss_lines(points: Sequence[LossPoint]) -> list[Text]:
    """Return a chart of the losses: a row for each of some steps, the last among them."""
    if not points:
        return []
    every = -(-len(points) // _ROWS)
    shown = [p for i, p in enumerate(points, start=1) if i % every == 0 or i == len(points)]
    # A validation loss comes once an epoch: none is left out.
    shown = sorted({p.step: p for p in (*shown, *_with_validation(points))}.values(), key=_step)
    most = max((p.train_loss or p.valid_loss or 0.0 for p in shown), default=0.0) or 1.0
    lines = [Text("  step   loss  validation")]
    for point in shown:
        bar = "█" * round(_BAR * min((point.train_loss or 0.0) / most, 1.0))
        figures = f"{point.step:>6} {_loss(point.train_loss):>6} {_loss(point.valid_loss):>11}  "
        lines.append(Text.assemble(figures, (bar, "cyan")))
    return lines


def _with_validation(points: Iterable[LossPoint]) -> list[LossPoint]:
    return [point for point in points if point.valid_loss is not None]


def _step(point: LossPoint) -> int:
    return point.step


def _loss(loss: float | None) -> str:
    return "" if loss is None else f"{loss:.3f}"


def _settings(state: Any) -> dict[str, Any]:
    """Return how a job trains, as its provider tells it; what it chose itself is "auto"."""
    told = state.hyperparameters.model_dump(exclude_none=True) if state.hyperparameters else {}
    flat = {k: v for k, v in told.items() if not isinstance(v, dict)}
    inner = {f"{k} {name}": v for k, of in told.items() if k not in flat for name, v in of.items()}
    return {**flat, **inner, "seed": state.seed}
