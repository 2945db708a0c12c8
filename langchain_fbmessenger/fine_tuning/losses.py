"""Read a job's losses from its events, as a curve over the steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.exceptions import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from openai.types.fine_tuning import FineTuningJobEvent

__all__ = ["LossPoint", "figures_of", "loss_curve", "number_in", "plot_losses", "valid_loss_of"]


class LossPoint(msgspec.Struct, frozen=True):
    """The losses at a step; None where one was not reported.

    Attributes:
        step: The optimiser step.
        train_loss: Loss on the examples of that step.
        valid_loss: Loss on the validation set.
    """

    step: int
    train_loss: float | None = None
    valid_loss: float | None = None


def loss_curve(events: Iterable[FineTuningJobEvent]) -> list[LossPoint]:
    """Return the losses that events report, by step.

    A job that was cut off trains some steps again: the later figures of a step count.
    """
    by_step: dict[int, dict[str, float]] = {}
    for event in events:
        figures = figures_of(event)
        if (step := number_in(figures.get("step"))) is None:
            continue
        found = by_step.setdefault(int(step), {})
        if (train := number_in(figures.get("train_loss"))) is not None:
            found["train_loss"] = train
        if (valid := valid_loss_of(figures)) is not None:
            found["valid_loss"] = valid
    return [LossPoint(step, **found) for step, found in sorted(by_step.items()) if found]


def figures_of(event: FineTuningJobEvent) -> dict[str, Any]:
    """Return the metrics of an event, if it has any."""
    return event.data if event.type == "metrics" and isinstance(event.data, dict) else {}


def valid_loss_of(figures: dict[str, Any]) -> float | None:
    """Return the loss on the whole validation set, else on a part of it, if it is told."""
    for name in ("full_valid_loss", "valid_loss"):  # OpenAI's names; ours is the second
        if (loss := number_in(figures.get(name))) is not None:
            return loss
    return None


def plot_losses(points: Sequence[LossPoint], ax: Axes | None = None) -> Axes:
    """Draw training and validation loss over the steps.

    Args:
        points: What `loss_curve` gives.
        ax: Where to draw; None makes a figure.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if ax is None:
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            msg = "A plot of the losses"
            raise MissingExtraError(msg, extra="plot", missing="matplotlib") from error
        # Not pyplot: it would keep the figure and may want a display.
        ax = Figure(figsize=(7, 4), layout="constrained").subplots()
    for name, label, style in (
        ("train_loss", "training", {"linewidth": 1.2}),
        ("valid_loss", "validation", {"marker": "o", "linewidth": 1.8}),
    ):
        drawn = [(p.step, loss) for p in points if (loss := getattr(p, name)) is not None]
        if drawn:
            ax.plot(*zip(*drawn, strict=True), label=label, **style)
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    ax.set_ylim(bottom=0)
    ax.grid(visible=True, alpha=0.3)
    if points:
        ax.legend()
    return ax


def number_in(value: Any) -> float | None:
    """Return a figure that a provider reports; None where it is not a finite number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
