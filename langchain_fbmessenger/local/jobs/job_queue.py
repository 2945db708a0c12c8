"""Queue fine-tuning jobs, and train one at a time.

A thread takes the oldest queued job and has the runner train it. A server that was killed leaves
its job `running`, which the next one takes up and which goes on from its newest checkpoint.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.jobs.hyperparameters import resolve
from langchain_fbmessenger.local.jobs.job_log import end_job, fail_job, tell
from langchain_fbmessenger.local.jobs.job_runner import CHECKPOINT_SECONDS, JobRunner
from langchain_fbmessenger.local.process.ending import CHILDREN_SECONDS
from langchain_fbmessenger.local.records import JobError, JobRecord, ModelRecord
from langchain_fbmessenger.local.training import training_file
from langchain_fbmessenger.local.training.shortages import is_disk_full

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_fbmessenger.local.jobs.store import Store
    from langchain_fbmessenger.local.process.home import Home
    from langchain_fbmessenger.local.records import JobStatus

_WORKING: tuple[JobStatus, ...] = ("validating_files", "queued", "running")
_VALIDATING: tuple[JobStatus, ...] = ("validating_files",)
_PAUSABLE: tuple[JobStatus, ...] = ("queued", "running")
_PAUSED: tuple[JobStatus, ...] = ("paused",)
_PAUSE_SECONDS = 120.0
_STOP_TIMEOUT = 20.0
_RETRY_SECONDS = 5.0
_POLL_SECONDS = 0.05
_RESERVE = 1024 * 1024


class JobQueue:
    """The jobs of a store and the thread that works on them."""

    def __init__(
        self, home: Home, store: Store, *, checkpoint_seconds: float = CHECKPOINT_SECONDS
    ) -> None:
        self._home = home
        self._store = store
        self._runner = JobRunner(home, store, checkpoint_seconds)
        self._wake = threading.Event()
        self._is_stopping = False
        self._unwritten: dict[str, JobError] = {}
        self._validator = ThreadPoolExecutor(1, thread_name_prefix="validate")
        self._worker = threading.Thread(target=self._work, name="job-queue", daemon=True)

    def start(self) -> None:
        """Take up what an earlier server left, then wait for jobs."""
        with suppress(OSError):  # the disk is full already
            self._home.reserve.write_bytes(bytes(_RESERVE))
        for job in self._store.jobs_in("running"):
            self._store.update_job(job.id, status="queued", estimated_finish=None)
            tell(self._store, job.id, "The server was restarted; the job goes on.", level="warn")
        for job in self._store.jobs_in("validating_files"):
            self.submit(job)
        self._worker.start()

    def submit(self, job: JobRecord) -> None:
        """Have a new job checked, then queued."""
        try:
            self._validator.submit(self._guarded, self._validate, job)
        except RuntimeError:
            if not self._is_stopping:  # else the next server takes it up
                raise

    def cancel(self, job_id: str) -> bool:
        """Cancel a job unless it has ended; say whether it was cancelled."""
        if not end_job(self._store, job_id, "cancelled", "The job has been cancelled."):
            return False
        if not self._runner.with_running_child(job_id, lambda child: child.terminate()):
            self._runner.drop_checkpoints(job_id)
        return True

    def pause(self, job_id: str) -> bool:
        """Pause a job that is queued or runs; say whether it was paused.

        A running one saves after the step that it is in, and goes on from there when it is resumed.
        """
        with self._store.transaction():
            changes = {"estimated_finish": None}
            if not self._store.move_job(job_id, "paused", only_from=_PAUSABLE, **changes):
                return False
            tell(self._store, job_id, "The job has been paused.")
        self._runner.with_running_child(job_id, lambda child: child.pause(_PAUSE_SECONDS))
        return True

    def resume(self, job_id: str) -> bool:
        """Queue a paused job again; say whether it was paused."""
        with self._store.transaction():
            if not self._store.move_job(job_id, "queued", only_from=_PAUSED):
                return False
            tell(self._store, job_id, "The job has been resumed.")
        self._wake.set()
        return True

    def delete(self, job_id: str) -> list[str] | None:
        """Forget a job and remove all that it made, unless it waits or trains.

        Returns:
            The ids of its models; None if it was not deleted.
        """
        self._wait_for_child(job_id)
        with self._store.transaction():
            job = self._store.get(JobRecord, job_id)
            if (
                job is None
                or job.status in _WORKING
                or self._runner.with_running_child(job_id, lambda _: None)
            ):
                return None
            models = self._store.page(ModelRecord, parent=job_id)
            self._store.delete_job(job_id)
        shutil.rmtree(self._home.job(job_id).root, ignore_errors=True)
        return [model.id for model in models]

    def _wait_for_child(self, job_id: str) -> None:
        """Give the child of a job that was cancelled or paused the time that it has to end."""
        deadline = time.monotonic() + _STOP_TIMEOUT
        while (
            (job := self._store.get(JobRecord, job_id)) is not None
            and job.status not in _WORKING
            and self._runner.with_running_child(job_id, lambda _: None)
            and time.monotonic() < deadline
        ):
            time.sleep(_POLL_SECONDS)

    def has_work(self) -> bool:
        """Say whether any job waits for its turn or trains."""
        return bool(self._store.jobs_in(*_WORKING))

    def begin_stop(self) -> None:
        """Take up nothing more, and have the child save and end."""
        self._is_stopping = True
        self._validator.shutdown(wait=False, cancel_futures=True)
        self._runner.stop()
        self._wake.set()

    def stop(self) -> None:
        """End the child and the threads; an unfinished job stays as it is in the store."""
        self.begin_stop()
        if self._worker.is_alive():
            self._worker.join(CHILDREN_SECONDS)
            self.kill()  # its last checkpoint is what it goes on from
            self._worker.join(CHILDREN_SECONDS)

    def kill(self) -> None:
        """End the child at once."""
        self._runner.with_running_child(None, lambda child: child.kill())

    def _guarded(self, step: Callable[[JobRecord], None], job: JobRecord) -> None:
        """Let any failure of one job end that job, not the queue."""
        try:
            step(job)
        except Exception as error:  # noqa: BLE001  # see above
            if self._is_stopping:
                return  # the next server takes the job up
            self._unwritten[job.id] = _server_error(error)
            self._write_failures()
            self._wake.set()  # the worker may wait without an end: what is unwritten is tried again

    def _write_failures(self) -> None:
        """Write down failures; where even that fails, as on a full disk, keep them for later."""
        for job_id, error in list(self._unwritten.items()):
            try:
                fail_job(self._store, job_id, error)
                self._unwritten.pop(job_id, None)  # the other thread may have been faster
            except sqlite3.Error:
                with suppress(OSError):
                    self._home.reserve.unlink()

    def _validate(self, job: JobRecord) -> None:
        param = "training_file"
        try:
            n_examples = self._count_examples(job.training_file)
            if job.validation_file:
                param = "validation_file"
                self._count_examples(job.validation_file)
        except training_file.TrainingFileError as error:
            fail_job(self._store, job.id, JobError("invalid_training_file", str(error), param))
            return
        settings = resolve(job.hyperparameters, n_examples)
        if self._store.move_job(job.id, "queued", only_from=_VALIDATING, settings=settings):
            message = f"Files validated, moving job to queue: {n_examples} examples."
            tell(self._store, job.id, message)
            self._wake.set()

    def _count_examples(self, file_id: str) -> int:
        n_examples = 0
        for _ in training_file.read_examples(self._content(file_id)):
            n_examples += 1
            if self._is_stopping:
                raise _StoppingError
        return n_examples

    def _content(self, file_id: str) -> Path:
        return self._home.files / file_id

    def _work(self) -> None:
        while not self._is_stopping:
            self._write_failures()
            queued = [job for job in self._queued() if job.id not in self._unwritten]
            if queued:
                self._guarded(self._runner.run, queued[0])
            else:
                self._wake.wait(_RETRY_SECONDS if self._unwritten else None)
                self._wake.clear()

    def _queued(self) -> list[JobRecord]:
        with suppress(sqlite3.Error):
            return self._store.jobs_in("queued")
        return []


class _StoppingError(Exception):
    """The server ends while it does something that it repeats at its next start."""


def _server_error(error: Exception) -> JobError:
    if is_disk_full(error):
        return JobError("insufficient_storage", "The disk of the state folder is full.")
    return JobError("server_error", f"{type(error).__name__} in the server")
