"""Train one job, in a child process that is started again when it is killed."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.jobs.hyperparameters import resolve
from langchain_fbmessenger.local.jobs.job_log import JobLog, end_job, fail_job, tell
from langchain_fbmessenger.local.jobs.training_child import training_child
from langchain_fbmessenger.local.models.bases import BaseModelError, find_base, short_name
from langchain_fbmessenger.local.process.children import within
from langchain_fbmessenger.local.process.ending import CHILDREN_SECONDS
from langchain_fbmessenger.local.process.home import JobFolder
from langchain_fbmessenger.local.records import (
    UNFINISHED,
    JobError,
    JobRecord,
    ModelRecord,
    now,
)
from langchain_fbmessenger.local.training.protocol import Done, Failed, Saved, TrainingSpec
from langchain_fbmessenger.local.training.shortages import OUT_OF_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.jobs.store import Store
    from langchain_fbmessenger.local.jobs.training_child import TrainingChild
    from langchain_fbmessenger.local.process.home import Home
    from langchain_fbmessenger.local.records import JobStatus
    from langchain_fbmessenger.local.training.protocol import Report

CHECKPOINT_SECONDS = 30.0
"""What a cut-off training loses at most, beside the step that ran."""

_QUEUED: tuple[JobStatus, ...] = ("queued",)
_TERMINATED = 143
_MOST_DEATHS = 3
"""Without a new checkpoint between them: then another try will not help either."""


class JobRunner:
    """Trains a job at a time; other threads reach its child meanwhile."""

    def __init__(self, home: Home, store: Store, checkpoint_seconds: float) -> None:
        self._home = home
        self._store = store
        self._checkpoint_seconds = checkpoint_seconds
        self._is_stopping = False
        self._running: tuple[str, TrainingChild] | None = None
        self._running_lock = threading.Lock()

    def run(self, job: JobRecord) -> None:
        """Train a queued job to its end, unless it is paused or the server ends."""
        folder = self._home.job(job.id).root
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            spec = self._spec(job, folder)
        except BaseModelError as error:  # it was there when the job was created
            fail_job(self._store, job.id, JobError("model_not_found", str(error), "model"))
            return
        if not self._store.move_job(job.id, "running", only_from=_QUEUED):
            return
        tell(self._store, job.id, "Fine-tuning job started.")
        last, status = self._run_to_end(job, spec, folder)
        if isinstance(last, Done) and status == 0:
            # Also where it was paused or the server told to end: it was done before that.
            self._succeed(job, last)
        elif self._is_running(job.id):
            self._conclude(job, last, status)
        if not self._is_unfinished(job.id):
            self.drop_checkpoints(job.id)

    def with_running_child(self, job_id: str | None, act: Callable[[TrainingChild], None]) -> bool:
        """Do something to the child, if it is that of this job, or of any; say whether it was."""
        with self._running_lock:
            if self._running is None or job_id not in (None, self._running[0]):
                return False
            act(self._running[1])
            return True

    def stop(self) -> None:
        """Have the child save and end; its job stays `running` in the store."""
        self._is_stopping = True
        self.with_running_child(None, lambda child: child.pause(CHILDREN_SECONDS))

    def drop_checkpoints(self, job_id: str) -> None:
        """Remove what a job that has ended will not go on from any more."""
        shutil.rmtree(self._home.job(job_id).checkpoints, ignore_errors=True)

    def _run_to_end(
        self, job: JobRecord, spec: TrainingSpec, folder: Path
    ) -> tuple[Report | None, int]:
        """Run the child, and again when it was killed, unless it gets no further that way."""
        saved, deaths = -1, 0
        while True:
            last, status, newly_saved = self._run_child(job, spec, folder)
            was_killed = status < 0 or status == _TERMINATED
            if not (was_killed and self._is_running(job.id)):
                return last, status
            deaths = 1 if newly_saved > saved else deaths + 1
            saved = max(saved, newly_saved)
            if deaths == _MOST_DEATHS:
                return Failed("training_killed", _killed(deaths)), status
            message = "The training process was killed; it goes on from its last checkpoint."
            tell(self._store, job.id, message, level="warn")

    def _run_child(
        self, job: JobRecord, spec: TrainingSpec, folder: Path
    ) -> tuple[Report | None, int, int]:
        """Run the child once; return its last report, exit status and last saved step."""
        log = JobLog(self._home, self._store, job, model_id_of(job))
        last: Report | None = None
        saved = -1
        with training_child(spec, folder) as child:
            self._set_running((job.id, child))
            try:
                if not self._is_running(job.id):
                    child.terminate()
                for last in child.reports():
                    log.note(last)
                    saved = last.step if isinstance(last, Saved) else saved
                return last, child.wait(), saved
            finally:
                self._set_running(None)

    def _spec(self, job: JobRecord, folder: Path) -> TrainingSpec:
        base = find_base(job.model)
        own = JobFolder(Path())  # in which the child runs
        root = self._home.root
        bases, files = (within(at, root, folder) for at in (self._home.bases, self._home.files))
        return TrainingSpec(
            base=within(base.path, root, folder),
            bases=bases,
            training_file=files / job.training_file,
            validation_file=files / job.validation_file if job.validation_file else None,
            adapter=own.adapter,
            checkpoints=own.checkpoints,
            epochs=own.epochs,
            checkpoint_seconds=self._checkpoint_seconds,
            context_length=base.context_length,
            seed=job.seed,
            settings=job.settings or resolve(job.hyperparameters, n_examples=1),
            lora=job.lora,
            compute=job.compute,
        )

    def _set_running(self, running: tuple[str, TrainingChild] | None) -> None:
        with self._running_lock:
            self._running = running

    def _is_running(self, job_id: str) -> bool:
        """Say whether the job is still to be trained: neither it nor the server was stopped."""
        job = self._store.get(JobRecord, job_id)
        return not self._is_stopping and job is not None and job.status == "running"

    def _is_unfinished(self, job_id: str) -> bool:
        job = self._store.get(JobRecord, job_id)
        return job is not None and job.status in UNFINISHED

    def _conclude(self, job: JobRecord, last: Report | None, status: int) -> None:
        if isinstance(last, Failed):
            fail_job(self._store, job.id, JobError(last.code, last.message, last.param))
        else:
            log = self._home.job(job.id).log.name
            msg = f"The training process ended with status {status}; see {log} of the job."
            fail_job(self._store, job.id, JobError("training_failed", msg))

    def _succeed(self, job: JobRecord, done: Done) -> None:
        model_id = model_id_of(job)
        with self._store.transaction():  # no client sees a job that succeeded without its model
            is_ours = end_job(
                self._store,
                job.id,
                "succeeded",
                f"New fine-tuned model created: {model_id}",
                fine_tuned_model=model_id,
                trained_tokens=done.trained_tokens,
            )
            if is_ours:  # and was not cancelled at the last moment
                self._store.add(
                    ModelRecord(
                        id=model_id,
                        root=job.model,
                        job_id=job.id,
                        created_at=now(),
                        adapter=self._home.name_of(self._home.job(job.id).adapter),
                    )
                )


def model_id_of(job: JobRecord) -> str:
    """Return the id that a job's model gets."""
    return f"ft:{short_name(job.model)}:local:{job.suffix}:{job.id[-8:]}"


def _killed(times: int) -> str:
    return (
        f"The training process was killed {times} times at the same place, most often for lack of "
        f"memory. {OUT_OF_MEMORY}"
    )
