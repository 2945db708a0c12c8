from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.local.training.protocol import EpochEnd, Step, Validation
from langchain_fbmessenger.local.training.training_callbacks import (
    DivergedError,
    Reporter,
    best_step,
    epoch_end,
    epochs_kept,
    epochs_since_best,
    is_stopped_early,
    metrics_in,
)

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.local.training.protocol import Report


def history(*held_out: float) -> list[dict[str, Any]]:
    """Return what Trainer logs in epochs of two steps."""
    entries: list[dict[str, Any]] = []
    for epoch, loss in enumerate(held_out, start=1):
        entries += [
            {"step": 2 * epoch - 1, "epoch": epoch - 0.5, "loss": 9.0},
            {"step": 2 * epoch, "epoch": float(epoch), "loss": 8.0 - epoch},
            {"step": 2 * epoch, "epoch": float(epoch), "eval_loss": loss},
        ]
    return entries


@pytest.mark.parametrize(
    ("held_out", "since", "best"),
    [
        ((), 0, None),
        ((1.0,), 0, 2),
        ((3.0, 2.0, 2.5, 2.2), 2, 4),
        ((1.0, 1.0), 1, 2),
        ((float("nan"), 1.0), 0, 4),
    ],
)
def test_the_best_epoch_is_the_first_of_the_lowest_loss(
    held_out: tuple[float, ...], since: int, best: int | None
) -> None:
    assert epochs_since_best(history(*held_out)) == since
    assert best_step(history(*held_out)) == best


def test_training_ends_when_patience_does_and_never_without_one() -> None:
    assert not is_stopped_early(history(2.0, 3.0), 2)
    assert is_stopped_early(history(2.0, 3.0, 4.0), 2)
    assert not is_stopped_early(history(2.0, 3.0, 4.0), None)


def test_losses_are_told_as_they_were_logged() -> None:
    step, _, held_out = metrics_in([*history(0.5), {"train_runtime": 1, "step": 2, "epoch": 1}], 4)

    assert step == Step(1, 4, 0.5, 9.0, 0.0, 0.0)
    assert held_out == Validation(2, 4, 1.0, 0.5)


def test_an_epoch_ends_with_its_losses() -> None:
    assert epoch_end(history(0.5, 0.4), 4) == EpochEnd(4, 6.0, 0.4)
    assert epoch_end(history(0.5)[:2], 2) == EpochEnd(2, 7.0, None)


def test_models_of_epochs_are_in_order_of_steps(tmp_path: Path) -> None:
    for name in ("20", "3", "100", "4.partial"):
        (tmp_path / name).mkdir()

    assert epochs_kept(tmp_path) == [3, 20, 100]
    assert epochs_kept(tmp_path / "none") == []


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    told: list[Report] = []
    reporter = Reporter(lambda: 0, told.append)
    state = SimpleNamespace(global_step=7, is_world_process_zero=True, max_steps=9, epoch=1.0)

    with pytest.raises(DivergedError, match="step 7: take a lower learning rate"):
        reporter.on_log(None, state, None, logs={"loss": float("nan")})

    assert told == []
