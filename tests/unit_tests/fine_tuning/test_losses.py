from __future__ import annotations

import sys
from typing import Any

import pytest
from openai.types.fine_tuning import FineTuningJobEvent

from langchain_fbmessenger import MissingExtraError
from langchain_fbmessenger.fine_tuning import LossPoint
from langchain_fbmessenger.fine_tuning.losses import loss_curve, plot_losses


def metrics(**data: Any) -> FineTuningJobEvent:
    return FineTuningJobEvent(
        id="e",
        created_at=1,
        level="info",
        message="m",
        object="fine_tuning.job.event",
        type="metrics",
        data=data,
    )


def test_losses_come_by_step_and_the_later_ones_count() -> None:
    events = [
        metrics(step=1, train_loss=3.0),
        metrics(step=2, train_loss=2.0),
        metrics(step=2, valid_loss=2.5, full_valid_loss=2.6),
        metrics(step=2, train_loss=1.9),  # trained again after a restart
        metrics(step=3, train_loss=float("nan")),
        metrics(note="no step"),
    ]
    assert loss_curve(events) == [LossPoint(1, 3.0), LossPoint(2, 1.9, 2.6)]


def test_a_curve_is_drawn() -> None:
    pytest.importorskip("matplotlib")
    axes = plot_losses([LossPoint(1, 3.0), LossPoint(2, 2.0, 2.5)])
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
    assert drawn == {"training": [3.0, 2.0], "validation": [2.5]}
    assert plot_losses([]).get_lines() == []


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"langchain-fbmessenger\[plot\]"):
        plot_losses([])
