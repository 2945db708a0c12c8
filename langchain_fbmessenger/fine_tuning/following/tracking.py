"""Track a job: its last known state, looks at it, commands to it, and the cleanup at its end."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.following.pacing import Deadline, Pause
from langchain_fbmessenger.fine_tuning.following.polling import Outage, events_since, newest_events
from langchain_fbmessenger.fine_tuning.following.progress import JobProgress
from langchain_fbmessenger.fine_tuning.identity import KEPT, key_of, name_prefix
from langchain_fbmessenger.fine_tuning.losses import LossPoint, loss_curve
from langchain_fbmessenger.fine_tuning.manifests import Manifests
from langchain_fbmessenger.fine_tuning.provider_queries import delete_files, files_named, mark_of
from langchain_fbmessenger.fine_tuning.submitting.submission import FAILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.connection import Connection
    from langchain_fbmessenger.fine_tuning.manifests import Manifest
    from langchain_fbmessenger.fine_tuning.providers import Provider

__all__ = ["JobTracker", "files_of", "finalize_job"]

_ENDED = FAILED | {"succeeded"}
_LOOK_TIMEOUT_S = 60.0
_RETRIES = 4


class JobTracker:
    """Follows a job.

    Args:
        state: The job as its provider described it.
        provider: The provider.
        connection: Where it is reached.
    """

    def __init__(self, state: JobState, provider: Provider, connection: Connection) -> None:
        self.state = state
        self.provider = provider
        self.connection = connection
        self._is_settled = False

    @property
    def has_ended(self) -> bool:
        """Whether it had ended when it was last looked at; an unknown status has not."""
        return self.state.status in _ENDED

    @contextmanager
    def client(self, **options: Any) -> Iterator[OpenAI]:
        """Give a client; its errors become ours."""
        options = {"timeout": _LOOK_TIMEOUT_S} | options
        with (
            provider_errors(self.provider.label, self.state.id),
            self.connection.client(**options) as client,
        ):
            yield client

    def manifest(self) -> Manifest | None:
        """Return what is remembered of the job on this machine."""
        return Manifests().of_job(self.state.id, self.provider.label)

    def look(self, client: OpenAI) -> None:
        """Look at the job; the first look that sees its end cleans up behind it."""
        self._see(client, client.fine_tuning.jobs.retrieve(self.state.id))

    def tell(self, command: str) -> None:
        """Send a command: `cancel`, `pause` or `resume`."""
        with self.client() as client:
            self._see(client, getattr(client.fine_tuning.jobs, command)(self.state.id))

    def _see(self, client: OpenAI, state: JobState) -> None:
        self.state = state
        if self.has_ended and not self._is_settled:
            manifests = Manifests()
            manifest = manifests.of_job(state.id, self.provider.label)
            self._is_settled = finalize_job(client, state, manifest, manifests)

    def watch(self, timeout: float | None) -> Iterator[JobProgress | Pause]:
        """Look at the job until it has a model: progress and pauses by turns."""
        progress, deadline = JobProgress(self.state.status), Deadline(timeout)
        outage = Outage(deadline)
        # No retries of the SDK's: they would be hidden from the limits of the wait.
        with self.client(max_retries=0) as client:

            def see() -> list[FineTuningJobEvent]:
                self.look(client)
                return newest_events(client, self.state.id)

            while True:
                newest: list[FineTuningJobEvent] = []
                for step in outage.survive(see):
                    if not isinstance(step, Pause):
                        newest = step[0]
                        break
                    yield step
                    if deadline.has_passed():
                        break
                progress = progress.after(self.state, newest)
                yield progress
                if self.state.status == "succeeded":
                    return
                if self.has_ended:
                    raise self._failure()
                self._check_deadline(deadline)
                yield deadline.pause(self.provider.poll_seconds)

    def follow_events(self) -> Iterator[FineTuningJobEvent | Pause]:
        """Give events, oldest first, and pauses until the job has ended."""
        seen: set[str] = set()
        outage = Outage(Deadline(None))
        with self.client(max_retries=0) as client:

            def see() -> list[FineTuningJobEvent]:
                self.look(client)  # first: events of a job that has ended are all there
                return events_since(client, self.state.id, seen)

            while True:
                for step in outage.survive(see):
                    if isinstance(step, Pause):
                        yield step
                        continue
                    for event in step[0]:
                        seen.add(mark_of(event))
                        yield event
                if self.has_ended:
                    return
                yield Pause(self.provider.poll_seconds)

    def _check_deadline(self, deadline: Deadline) -> None:
        if deadline.has_passed():
            status = self.state.status
            message = (
                f"job {self.state.id} is still {status} after {deadline.timeout:g} s. It goes on: "
                f'FineTuningJob.from_id("{self.state.id}", {self.provider.label!r}).wait()'
            )
            raise FineTuningError(message, job_id=self.state.id, status=status, code="timeout")

    def _failure(self) -> FineTuningError:
        status, error = self.state.status, self.state.error
        code = error.code if error else None
        message = f"job {self.state.id} {'was ' * status.startswith('cancel')}{status}"
        if error and error.message:
            message += f" ({code}): {error.message}" if code else f": {error.message}"
        return FineTuningError(message, job_id=self.state.id, status=status, code=code)


def finalize_job(
    client: OpenAI, job: JobState, manifest: Manifest | None, manifests: Manifests
) -> bool:
    """Delete the files of a job that has ended, and write down what became of it.

    Only jobs that were submitted by this package are touched: they carry its key, or there is a
    manifest of them.

    Args:
        client: A client of the provider.
        job: The job.
        manifest: Its manifest, if there is one on this machine.
        manifests: Where to write it.

    Returns:
        Whether all is done; if not, it is worth another try.

    Warns:
        UserWarning: A file could not be deleted.
    """
    if key_of(job) is None and manifest is None:
        return True
    client = client.with_options(max_retries=_RETRIES)  # there may be no later look
    if manifest is not None and manifest.files_deleted and manifest.status == job.status:
        return True
    is_kept = KEPT in (job.metadata or {}) or (manifest is not None and manifest.keep_files)
    all_gone = is_kept or delete_files(client, files_of(client, job, manifest))
    if manifest is not None:
        manifest.status, manifest.finished_at = job.status, job.finished_at
        manifest.fine_tuned_model = job.fine_tuned_model
        manifest.losses = _losses(client, job)
        manifest.files_deleted = all_gone and not is_kept
        manifests.write(manifest)
    return all_gone


def files_of(client: OpenAI, job: JobState, manifest: Manifest | None) -> list[str]:
    """Return the job's files, and those that were sent again since their answer was lost."""
    import openai

    ids = [file for file in (job.training_file, job.validation_file) if file]
    if manifest is not None:
        with suppress(openai.APIError):
            beginning = f"{name_prefix(manifest.key)}{manifest.attempt}-"
            ids += [file.id for file in files_named(client, beginning)]
    return list(dict.fromkeys(ids))


def _losses(client: OpenAI, job: JobState) -> list[LossPoint]:
    import openai

    try:
        return loss_curve(events_since(client, job.id))
    except openai.APIError:
        return []  # the curve is for later; the job's end is not put off for it
