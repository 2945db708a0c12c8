from __future__ import annotations

from typing import TYPE_CHECKING

from openai.types.fine_tuning import FineTuningJobEvent

from langchain_fbmessenger.fine_tuning.progress import newest_metrics, show_progress

if TYPE_CHECKING:
    import pytest


def event(kind: str, data: object = None) -> FineTuningJobEvent:
    return FineTuningJobEvent(
        id="e",
        created_at=1,
        level="info",
        message="m",
        object="fine_tuning.job.event",
        type=kind,
        data=data,
    )


def test_newest_metrics_come_first_in_the_list() -> None:
    events = [event("message"), event("metrics", {"step": 2}), event("metrics", {"step": 1})]
    assert newest_metrics(events) == {"step": 2}
    assert newest_metrics([event("message"), event("metrics")]) == {}


def test_bar_shows_step_loss_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(True) as show:  # noqa: FBT003 - the field's value
        show("queued", {})
        show("running", {"step": 3, "total_steps": 12, "train_loss": 1.234})
    shown = capsys.readouterr().err
    assert "running" in shown
    assert "3/12" in shown
    assert "loss 1.23" in shown
    assert "left" in shown


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(None) as show:
        show("running", {"step": 3, "total_steps": 12})
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
