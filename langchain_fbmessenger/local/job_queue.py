"""Local server: runs the fine-tuning jobs, one at a time, each in a child process.

A thread takes the oldest queued job, starts the training child and turns its reports into events
and fields of the job in the store. A server that was killed leaves its job `running`; the next one
finds it and queues it again.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from langchain_fbmessenger.local import training_file
from langchain_fbmessenger.local.bases import BaseModelError, find_base
from langchain_fbmessenger.local.hyperparameters import resolve
from langchain_fbmessenger.local.protocol import Done, Failed, Note, Step, TrainingSpec, Validation
from langchain_fbmessenger.local.records import (
    FINAL,
    EventRecord,
    JobError,
    JobRecord,
    ModelRecord,
    new_id,
    now,
)
from langchain_fbmessenger.local.training_child import LOG_NAME, TrainingChild, training_child

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.local.home import Home
    from langchain_fbmessenger.local.protocol import Report
    from langchain_fbmessenger.local.records import JobStatus
    from langchain_fbmessenger.local.store import Store

ADAPTER_NAME = "adapter"
"""The adapter's folder within the folder of its job."""

_UNFINISHED: tuple[JobStatus, ...] = ("validating_files", "queued", "running")
_VALIDATING: tuple[JobStatus, ...] = ("validating_files",)
_QUEUED: tuple[JobStatus, ...] = ("queued",)
_KILLED = -9
_STOP_TIMEOUT = 20.0


class JobQueue:
    """The jobs of a store and the thread that works on them."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store
        self._wake = threading.Event()
        self._is_stopping = False
        self._running: tuple[str, TrainingChild] | None = None
        self._running_lock = threading.Lock()
        self._validator = ThreadPoolExecutor(1, thread_name_prefix="validate")
        self._worker = threading.Thread(target=self._work, name="job-queue", daemon=True)

    def start(self) -> None:
        """Take up what an earlier server left, then wait for jobs."""
        for job in self._store.jobs_in("running"):
            self._store.update_job(job.id, status="queued", estimated_finish=None)
            self._tell(job.id, "The server was restarted; the job starts again.", level="warn")
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
        self._terminate(job_id)
        return True

    def has_work(self) -> bool:
        """Whether any job has not ended yet."""
        return bool(self._store.jobs_in(*_UNFINISHED))

    def stop(self) -> None:
        """End the child and the threads; an unfinished job stays as it is in the store."""
        self._is_stopping = True
        self._validator.shutdown(cancel_futures=True)
        self._terminate()
        self._wake.set()
        self._worker.join(_STOP_TIMEOUT)

    def _guarded(self, step: Any, job: JobRecord) -> None:
        """Let whatever goes wrong with one job end that job, not the queue."""
        try:
            step(job)
        except Exception as error:  # noqa: BLE001  # see above
            self._fail(job.id, JobError("server_error", f"{type(error).__name__} in the server"))

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
            self._tell(job.id, f"Files validated, moving job to queue: {n_examples} examples.")
            self._wake.set()

    def _count_examples(self, file_id: str) -> int:
        return sum(1 for _ in training_file.read_examples(self._content(file_id)))

    def _content(self, file_id: str) -> Path:
        return self._home.files / file_id

    def _work(self) -> None:
        while not self._is_stopping:
            if queued := self._store.jobs_in("queued"):
                self._guarded(self._train, queued[0])
            else:
                self._wake.wait()
                self._wake.clear()

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
        self._tell(job.id, "Fine-tuning job started.")
        last: Report | None = None
        with training_child(spec, folder) as child:
            self._set_running((job.id, child))
            try:
                if self._is_stopping or self._is_ended(job.id):
                    child.terminate()
                for last in child.reports():
                    self._note(job.id, last)
                status = child.wait()
            finally:
                self._set_running(None)
        if not self._is_stopping:
            self._conclude(job, last, status, folder / LOG_NAME)

    def _spec(self, job: JobRecord, folder: Path) -> TrainingSpec:
        base = find_base(job.model)
        return TrainingSpec(
            base=base.path,
            bases=self._home.bases,
            training_file=self._content(job.training_file),
            validation_file=self._content(job.validation_file) if job.validation_file else None,
            adapter=folder / ADAPTER_NAME,
            context_length=base.context_length,
            seed=job.seed,
            settings=job.settings or resolve(job.hyperparameters, n_examples=1),
            lora=job.lora,
        )

    def _set_running(self, running: tuple[str, TrainingChild] | None) -> None:
        with self._running_lock:
            self._running = running

    def _terminate(self, job_id: str | None = None) -> None:
        """End the child, if it is that of this job, or of any."""
        with self._running_lock:
            if self._running and job_id in (None, self._running[0]):
                self._running[1].terminate()

    def _is_ended(self, job_id: str) -> bool:
        job = self._store.get(JobRecord, job_id)
        return job is None or job.status in FINAL

    def _note(self, job_id: str, report: Report) -> None:
        """Write down what the child reported while it runs."""
        match report:
            case Note():
                self._tell(job_id, report.text)
            case Step():
                finish = now() + round(report.seconds_left)
                self._store.update_job(job_id, estimated_finish=finish)
                self._tell_metrics(job_id, report, f"training loss={report.train_loss:.2f}")
            case Validation():
                self._tell_metrics(job_id, report, f"validation loss={report.valid_loss:.2f}")

    def _conclude(self, job: JobRecord, last: Report | None, status: int, log: Path) -> None:
        if isinstance(last, Failed):
            self._fail(job.id, JobError(last.code, last.message, last.param))
        elif isinstance(last, Done) and status == 0:
            self._succeed(job, last)
        else:
            why = " (killed, often for lack of memory)" if status == _KILLED else ""
            msg = f"The training process ended with status {status}{why}. Its log: {log}"
            self._fail(job.id, JobError("training_failed", msg))

    def _succeed(self, job: JobRecord, done: Done) -> None:
        name = find_base(job.model).short_name
        model_id = f"ft:{name}:local:{job.suffix}:{job.id[-8:]}"
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
        self,
        job_id: str,
        status: JobStatus,
        message: str,
        *,
        level: Literal["info", "error"] = "info",
        **changes: Any,
    ) -> bool:
        """Move a job to a final state, if it is in none yet, with its last event."""
        with self._store.transaction():
            changes |= {"finished_at": now(), "estimated_finish": None}
            if not self._store.move_job(job_id, status, only_from=_UNFINISHED, **changes):
                return False
            self._tell(job_id, message, level=level)
        return True

    def _tell_metrics(self, job_id: str, report: Step | Validation, loss: str) -> None:
        figures = msgspec.structs.asdict(report)
        figures.pop("seconds_left", None)
        message = f"Step {report.step}/{report.total_steps}: {loss}"
        self._tell(job_id, message, kind="metrics", figures=figures)

    def _tell(
        self,
        job_id: str,
        message: str,
        *,
        level: Literal["info", "warn", "error"] = "info",
        kind: Literal["message", "metrics"] = "message",
        figures: dict[str, Any] | None = None,
    ) -> None:
        self._store.add(
            EventRecord(
                id=new_id("ftevent"),
                job_id=job_id,
                created_at=now(),
                message=message,
                level=level,
                type=kind,
                data=figures or {},
            )
        )
