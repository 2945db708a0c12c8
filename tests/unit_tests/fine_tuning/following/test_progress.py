from __future__ import annotations

import math
import time

import pytest
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

from langchain_fbmessenger.fine_tuning.following.progress import JobProgress, show_progress
from langchain_fbmessenger.fine_tuning.losses import loss_curve


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


def state(status: str, **fields: object) -> FineTuningJob:
    return FineTuningJob.model_construct(id="j", status=status, **fields)


def test_progress_adds_up_over_looks() -> None:
    looked = JobProgress("queued").after(state("running"), [event("message")])
    assert looked == JobProgress("running")
    newest = [
        event("metrics", {"step": 2, "total_steps": 9, "train_loss": 1.0}),
        event("metrics", {"step": 1, "total_steps": 9, "train_loss": 2.0, "valid_loss": 3.0}),
    ]
    begun = time.time()
    seen = looked.after(state("running", estimated_finish=int(begun) + 60), newest)
    assert (seen.step, seen.total_steps, seen.train_loss, seen.valid_loss) == (2, 9, 1.0, 3.0)
    assert seen.seconds_left is not None
    assert 59 - (time.time() - begun) <= seen.seconds_left <= 60
    later = seen.after(state("succeeded"), [event("metrics", {"step": 9, "train_loss": 0.5})])
    assert (later.step, later.train_loss, later.valid_loss) == (9, 0.5, 3.0), (
        "validation loss stays"
    )
    assert later.seconds_left is None


def test_steps_that_the_job_itself_counts_are_shown() -> None:
    counted = state("running", trained_steps=3, total_steps=12)
    assert JobProgress("queued").after(counted, []).step == 3


def test_bar_shows_step_losses_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(True) as show:  # noqa: FBT003 - the field's value
        show(JobProgress("queued"))
        show(JobProgress("running", 3, 12, 1.234, 1.5, 61))
    shown = capsys.readouterr().err
    for words in ("running", "3/12", "loss 1.23, validation 1.50", "0:01:01 left"):
        assert words in shown


def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress(None) as show:
        show(JobProgress("running", 3, 12))
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("odd", ["12", '"><script>', math.inf, math.nan, True, [1], {}])
def test_what_is_no_figure_is_none(odd: object) -> None:
    job = state("running", total_steps=odd)
    figures = {"step": odd, "train_loss": odd, "valid_loss": odd}
    seen = JobProgress("queued", 3, 9).after(job, [event("metrics", figures)])
    assert (seen.step, seen.total_steps, seen.train_loss, seen.valid_loss) == (3, 9, None, None)
    assert loss_curve([event("metrics", figures)]) == []
