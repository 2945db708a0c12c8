"""Write down what happens to a job: events, losses, checkpoints, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from langchain_fbmessenger.local.records import (
    UNFINISHED,
    CheckpointRecord,
    EventRecord,
    ModelRecord,
    new_id,
    now,
)
from langchain_fbmessenger.local.training.protocol import EpochEnd, Note, Step, Validation

if TYPE_CHECKING:
    from langchain_fbmessenger.local.jobs.store import Store
    from langchain_fbmessenger.local.process.home import Home
    from langchain_fbmessenger.local.records import JobError, JobRecord, JobStatus
    from langchain_fbmessenger.local.training.protocol import Report

Level = Literal["info", "warn", "error"]


def tell(
    store: Store,
    job_id: str,
    message: str,
    *,
    level: Level = "info",
    figures: dict[str, Any] | None = None,
) -> None:
    """Add an event to a job; one with figures is of the type `metrics`."""
    store.add(
        EventRecord(
            id=new_id("ftevent"),
            job_id=job_id,
            created_at=now(),
            message=message,
            level=level,
            type="metrics" if figures else "message",
            data=figures or {},
        )
    )


def end_job(
    store: Store,
    job_id: str,
    status: JobStatus,
    message: str,
    *,
    level: Level = "info",
    **changes: Any,
) -> bool:
    """Move a job to a final state with its last event, if it is in none yet; say whether so."""
    with store.transaction():
        changes |= {"finished_at": now(), "estimated_finish": None}
        if not store.move_job(job_id, status, only_from=UNFINISHED, **changes):
            return False
        tell(store, job_id, message, level=level)
    return True


def fail_job(store: Store, job_id: str, error: JobError) -> None:
    """End a job that cannot be done."""
    message = f"The job failed: {error.message}"
    end_job(store, job_id, "failed", message, level="error", error=error)


class JobLog:
    """Writes down the reports of a training child.

    A child that goes on where another was cut off repeats what led there, as the other may
    not have been heard. So what is known already is skipped.
    """

    def __init__(self, home: Home, store: Store, job: JobRecord, model_id: str) -> None:
        """Read what is known of the job.

        Args:
            home: Where its folder lies.
            store: Where it is written.
            job: The job.
            model_id: The id of its model, which those of its epochs are derived from.
        """
        self._home = home
        self._store = store
        self._job = job
        self._model_id = model_id
        events = store.page(EventRecord, parent=job.id)
        self._trained = _last_step(events, "train_loss")
        self._validated = _last_step(events, "valid_loss")

    def note(self, report: Report) -> None:
        """Write down a report."""
        match report:
            case Note():
                tell(self._store, self._job.id, report.text)
            case Step() if report.step > self._trained:
                self._trained = report.step
                finish = now() + round(report.seconds_left)
                self._store.update_job(self._job.id, estimated_finish=finish)
                self._tell_loss(report, f"training loss={report.train_loss:.2f}")
            case Validation() if report.step > self._validated:
                self._validated = report.step
                self._tell_loss(report, f"validation loss={report.valid_loss:.2f}")
            case EpochEnd():
                self._keep_epoch(report)

    def _tell_loss(self, report: Step | Validation, loss: str) -> None:
        message = f"Step {report.step}/{report.total_steps}: {loss}"
        tell(self._store, self._job.id, message, figures=msgspec.structs.asdict(report))

    def _keep_epoch(self, report: EpochEnd) -> None:
        """Record the model of an epoch, and forget those that have been dropped."""
        epochs = self._home.job(self._job.id).epochs
        with self._store.transaction():
            kept = self._store.page(CheckpointRecord, parent=self._job.id)
            for old in kept:
                if not (epochs / str(old.step)).is_dir():
                    self._store.delete(CheckpointRecord, old.id)
                    self._store.delete(ModelRecord, old.model)
            if any(old.step == report.step for old in kept):
                return
            model_id = f"{self._model_id}:ckpt-step-{report.step}"
            self._store.add(
                CheckpointRecord(
                    id=new_id("ftckpt"),
                    job_id=self._job.id,
                    created_at=now(),
                    step=report.step,
                    train_loss=report.train_loss,
                    valid_loss=report.valid_loss,
                    model=model_id,
                )
            )
            self._store.add(
                ModelRecord(
                    id=model_id,
                    root=self._job.model,
                    job_id=self._job.id,
                    created_at=now(),
                    adapter=self._home.name_of(epochs / str(report.step)),
                )
            )


def _last_step(events: list[EventRecord], loss: str) -> int:
    return max((event.data["step"] for event in events if loss in event.data), default=0)
