"""Local server: runs the fine-tuning jobs, one at a time, each in a child process.

A thread takes the oldest queued job, starts the training child and has its reports written down. A
child that is killed is started again, and a server that was killed leaves its job `running`, which
the next one takes up: either goes on from the newest checkpoint.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local import training_file
from langchain_fbmessenger.local.bases import BaseModelError, find_base, short_name
from langchain_fbmessenger.local.hyperparameters import resolve
from langchain_fbmessenger.local.job_log import EPOCHS_NAME, JobLog, Level, tell
from langchain_fbmessenger.local.protocol import Done, Failed, Saved, TrainingSpec
from langchain_fbmessenger.local.records import UNFINISHED, JobError, JobRecord, ModelRecord, now
from langchain_fbmessenger.local.shortages import OUT_OF_MEMORY, is_disk_full
from langchain_fbmessenger.local.training_child import LOG_NAME, TrainingChild, training_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_fbmessenger.local.home import Home
    from langchain_fbmessenger.local.protocol import Report
    from langchain_fbmessenger.local.records import JobStatus
    from langchain_fbmessenger.local.store import Store

ADAPTER_NAME = "adapter"
"""The adapter's folder within the folder of its job."""
CHECKPOINT_SECONDS = 30.0
"""What a cut-off training loses at most, beside the step that ran."""

_CHECKPOINTS_NAME = "checkpoints"
_WORKING: tuple[JobStatus, ...] = ("validating_files", "queued", "running")
_VALIDATING: tuple[JobStatus, ...] = ("validating_files",)
_QUEUED: tuple[JobStatus, ...] = ("queued",)
_PAUSABLE: tuple[JobStatus, ...] = ("queued", "running")
_PAUSED: tuple[JobStatus, ...] = ("paused",)
_TERMINATED = 143
_MOST_DEATHS = 3
"""Without a new checkpoint between them: then it is no accident."""
_PAUSE_SECONDS = 120.0
_STOP_SECONDS = 5.0
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
        self._checkpoint_seconds = checkpoint_seconds
        self._wake = threading.Event()
        self._is_stopping = False
        self._running: tuple[str, TrainingChild] | None = None
        self._running_lock = threading.Lock()
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
        self._validator.submit(self._guarded, self._validate, job)

    def cancel(self, job_id: str) -> bool:
        """Cancel a job unless it has ended; say whether it was cancelled."""
        if not self._end(job_id, "cancelled", "The job has been cancelled."):
            return False
        if not self._to_child(job_id, lambda child: child.terminate()):
            self._drop_checkpoints(job_id)
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
        self._to_child(job_id, lambda child: child.pause(_PAUSE_SECONDS))
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
            if job is None or job.status in _WORKING or self._to_child(job_id, lambda _: None):
                return None
            models = self._store.page(ModelRecord, parent=job_id)
            self._store.delete_job(job_id)
        shutil.rmtree(self._home.jobs / job_id, ignore_errors=True)
        return [model.id for model in models]

    def _wait_for_child(self, job_id: str) -> None:
        """Give the child of a job that was cancelled or paused the time that it has to end."""
        deadline = time.monotonic() + _STOP_TIMEOUT
        while (
            (job := self._store.get(JobRecord, job_id)) is not None
            and job.status not in _WORKING
            and self._to_child(job_id, lambda _: None)
            and time.monotonic() < deadline
        ):
            time.sleep(_POLL_SECONDS)

    def has_work(self) -> bool:
        """Whether any job waits for its turn or trains."""
        return bool(self._store.jobs_in(*_WORKING))

    def stop(self) -> None:
        """End the child and the threads; an unfinished job stays as it is in the store."""
        self._is_stopping = True
        self._validator.shutdown(cancel_futures=True)
        self._to_child(None, lambda child: child.pause(_STOP_SECONDS))
        self._wake.set()
        self._worker.join(_STOP_TIMEOUT)

    def _guarded(self, step: Callable[[JobRecord], None], job: JobRecord) -> None:
        """Let whatever goes wrong with one job end that job, not the queue."""
        try:
            step(job)
        except Exception as error:  # noqa: BLE001  # see above
            self._unwritten[job.id] = _server_error(error)
            self._write_failures()

    def _write_failures(self) -> None:
        """Write down failures; where even that fails, as on a full disk, keep them for later."""
        for job_id, error in list(self._unwritten.items()):
            try:
                self._fail(job_id, error)
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
            self._fail(job.id, JobError("invalid_training_file", str(error), param))
            return
        settings = resolve(job.hyperparameters, n_examples)
        if self._store.move_job(job.id, "queued", only_from=_VALIDATING, settings=settings):
            message = f"Files validated, moving job to queue: {n_examples} examples."
            tell(self._store, job.id, message)
            self._wake.set()

    def _count_examples(self, file_id: str) -> int:
        return sum(1 for _ in training_file.read_examples(self._content(file_id)))

    def _content(self, file_id: str) -> Path:
        return self._home.files / file_id

    def _work(self) -> None:
        while not self._is_stopping:
            self._write_failures()
            queued = [job for job in self._queued() if job.id not in self._unwritten]
            if queued:
                self._guarded(self._train, queued[0])
            else:
                self._wake.wait(_RETRY_SECONDS if self._unwritten else None)
                self._wake.clear()

    def _queued(self) -> list[JobRecord]:
        with suppress(sqlite3.Error):
            return self._store.jobs_in("queued")
        return []

    def _train(self, job: JobRecord) -> None:
        folder = self._home.jobs / job.id
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            spec = self._spec(job, folder)
        except BaseModelError as error:  # it was there when the job was created
            self._fail(job.id, JobError("model_not_found", str(error), "model"))
            return
        if not self._store.move_job(job.id, "running", only_from=_QUEUED):
            return
        tell(self._store, job.id, "Fine-tuning job started.")
        last, status = self._run_to_end(job, spec, folder)
        if isinstance(last, Done) and status == 0:
            self._succeed(
                job, last
            )  # also where it was paused, or the server told to end, too late
        elif self._is_running(job.id):
            self._conclude(job, last, status)
        if not self._is_unfinished(job.id):
            self._drop_checkpoints(job.id)

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
        log = JobLog(self._home, self._store, job, _model_id(job))
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
        return TrainingSpec(
            base=base.path,
            bases=self._home.bases,
            training_file=self._content(job.training_file),
            validation_file=self._content(job.validation_file) if job.validation_file else None,
            adapter=folder / ADAPTER_NAME,
            checkpoints=folder / _CHECKPOINTS_NAME,
            epochs=folder / EPOCHS_NAME,
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

    def _to_child(self, job_id: str | None, act: Callable[[TrainingChild], None]) -> bool:
        """Do something to the child, if it is that of this job, or of any; say whether it was."""
        with self._running_lock:
            if self._running is None or job_id not in (None, self._running[0]):
                return False
            act(self._running[1])
            return True

    def _is_running(self, job_id: str) -> bool:
        """Whether the job is still to be trained: nobody has ended or paused it, or the server."""
        job = self._store.get(JobRecord, job_id)
        return not self._is_stopping and job is not None and job.status == "running"

    def _is_unfinished(self, job_id: str) -> bool:
        job = self._store.get(JobRecord, job_id)
        return job is not None and job.status in UNFINISHED

    def _drop_checkpoints(self, job_id: str) -> None:
        shutil.rmtree(self._home.jobs / job_id / _CHECKPOINTS_NAME, ignore_errors=True)

    def _conclude(self, job: JobRecord, last: Report | None, status: int) -> None:
        if isinstance(last, Failed):
            self._fail(job.id, JobError(last.code, last.message, last.param))
        else:
            msg = f"The training process ended with status {status}; see {LOG_NAME} of the job."
            self._fail(job.id, JobError("training_failed", msg))

    def _succeed(self, job: JobRecord, done: Done) -> None:
        model_id = _model_id(job)
        with self._store.transaction():  # no client sees a job that succeeded without its model
            is_ours = self._end(
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
                        adapter=f"jobs/{job.id}/{ADAPTER_NAME}",
                    )
                )

    def _fail(self, job_id: str, error: JobError) -> None:
        message = f"The job failed: {error.message}"
        self._end(job_id, "failed", message, level="error", error=error)

    def _end(
        self, job_id: str, status: JobStatus, message: str, *, level: Level = "info", **changes: Any
    ) -> bool:
        """Move a job to a final state, if it is in none yet, with its last event."""
        with self._store.transaction():
            changes |= {"finished_at": now(), "estimated_finish": None}
            if not self._store.move_job(job_id, status, only_from=UNFINISHED, **changes):
                return False
            tell(self._store, job_id, message, level=level)
        return True


def _model_id(job: JobRecord) -> str:
    return f"ft:{short_name(job.model)}:local:{job.suffix}:{job.id[-8:]}"


def _server_error(error: Exception) -> JobError:
    if is_disk_full(error):
        return JobError("insufficient_storage", "The disk of the state folder is full.")
    return JobError("server_error", f"{type(error).__name__} in the server")


def _killed(times: int) -> str:
    return (
        f"The training process was killed {times} times at the same place, most often for lack of "
        f"memory. {OUT_OF_MEMORY}"
    )
