"""Follow and await a fine-tuning job at a provider, and use what it has made."""

from __future__ import annotations

import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self, deprecated

from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.exceptions import FineTuningError, InvalidInputError, InvalidOptionError
from langchain_fbmessenger.fine_tuning.adapter_download import (
    adapter_folder,
    fetch_adapter,
    served_adapter,
)
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.following.notebook import EventList, JobList
from langchain_fbmessenger.fine_tuning.following.pacing import apaced, paced
from langchain_fbmessenger.fine_tuning.following.polling import events_since
from langchain_fbmessenger.fine_tuning.following.progress import show_progress
from langchain_fbmessenger.fine_tuning.following.tracking import JobTracker, files_of
from langchain_fbmessenger.fine_tuning.losses import loss_curve, plot_losses
from langchain_fbmessenger.fine_tuning.manifests import Manifests
from langchain_fbmessenger.fine_tuning.provider_queries import delete_files, list_jobs
from langchain_fbmessenger.fine_tuning.providers import Provider, find_provider
from langchain_fbmessenger.fine_tuning.system_prompt import from_metadata, prompt_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI
    from matplotlib.axes import Axes
    from openai.types.fine_tuning import FineTuningJob as JobState
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.connection import Connection
    from langchain_fbmessenger.fine_tuning.following.progress import JobProgress
    from langchain_fbmessenger.fine_tuning.losses import LossPoint

__all__ = ["FineTuningJob"]

_OTHER_MODELS = frozenset({"model", "model_name"})
_AWAIT = "`await job` waits now; asyncio.wait_for(job, seconds) limits it, by a TimeoutError"


class FineTuningJob:
    """A job at a provider. Made by `FineTuner.submit`, or found again by `from_id`.

    Example:
        ```python
        job = FineTuner(provider="local").submit(examples)
        model = job.wait().chat_model(temperature=0.8)
        chain = job.prompt() | model | StrOutputParser()
        ```
    """

    def __init__(self, state: JobState, provider: Provider, connection: Connection) -> None:
        self._tracker = JobTracker(state, provider, connection)

    @classmethod
    def from_id(cls, job_id: str, provider: str | Provider = "local") -> FineTuningJob:
        """Find a job again, after a restart for one.

        Args:
            job_id: The provider's id, such as `ftjob-…`.
            provider: The provider that it was submitted to.

        Returns:
            The job in its present state.

        Raises:
            FineTuningError: The provider knows no such job, or cannot be reached.
        """
        provider = find_provider(provider)
        with provider_errors(provider.label, job_id):
            connection = provider.connection()
            with connection.client() as client:
                state = client.fine_tuning.jobs.retrieve(job_id)
        return cls(state, provider, connection)

    @classmethod
    async def afrom_id(cls, job_id: str, provider: str | Provider = "local") -> FineTuningJob:
        """Find a job again; the async twin of `from_id`."""
        return await run_in_thread(cls.from_id, job_id, provider)

    @classmethod
    def newest(cls, provider: str | Provider = "local", *, limit: int = 20) -> JobList[Self]:
        """Return the newest jobs of an account, newest first; a notebook shows them as a table.

        Raises:
            FineTuningError: The provider cannot be reached.
        """
        provider = find_provider(provider)
        with provider_errors(provider.label):
            connection = provider.connection()
            with connection.client() as client:
                states = list_jobs(client, limit)
        return JobList(cls(state, provider, connection) for state in states)

    def __repr__(self) -> str:
        label = self._tracker.provider.label
        return line(
            "FineTuningJob",
            {
                "id": self.id,
                "provider": label,
                "status": self.status,
                "model": self.fine_tuned_model,
            },
        )

    @property
    def id(self) -> str:
        """The provider's id of the job."""
        return self._tracker.state.id

    @property
    def status(self) -> str:
        """The status when it was last looked at: `queued`, `running`, `succeeded` and so on."""
        return self._tracker.state.status

    @property
    def has_ended(self) -> bool:
        """Whether it had come to an end when it was last looked at, with or without a model."""
        return self._tracker.has_ended

    @property
    def fine_tuned_model(self) -> str | None:
        """The finished model's name at the provider, None before the job has succeeded."""
        return self._tracker.state.fine_tuned_model

    @property
    def state(self) -> JobState:
        """The job as the provider described it when it was last looked at."""
        return self._tracker.state

    def refresh(self) -> FineTuningJob:
        """Look at the job again; of one that has ended the uploads are deleted.

        Returns:
            The job itself.

        Raises:
            FineTuningError: The provider cannot be reached.
        """
        with self._tracker.client() as client:
            self._tracker.look(client)
        return self

    async def arefresh(self) -> FineTuningJob:
        """Look at the job again; the async twin of `refresh`."""
        return await run_in_thread(self.refresh)

    def events(self) -> EventList:
        """Return all that has happened so far, oldest first; a notebook shows it as a table."""
        with self._tracker.client() as client:
            return EventList(events_since(client, self.id, set()))

    async def aevents(self) -> EventList:
        """Return all that has happened so far; the async twin of `events`."""
        return await run_in_thread(self.events)

    def stream_events(self) -> Iterator[FineTuningJobEvent]:
        """Give the job's events as they happen, from the first one on, until it has ended.

        Faults that pass by themselves are survived as in `wait`; no event is given twice and none
        is left out.

        Raises:
            FineTuningError: The provider refuses, or gives no answer for ten minutes.
        """
        return paced(self._tracker.follow_events())

    def astream_events(self) -> AsyncIterator[FineTuningJobEvent]:
        """Give the job's events as they happen; the async twin of `stream_events`."""
        return apaced(self._tracker.follow_events())

    def loss_curve(self) -> list[LossPoint]:
        """Return training and validation loss by step, as far as the job is."""
        manifest = self._tracker.manifest()
        return loss_curve(self.events()) or (manifest.losses if manifest else [])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw training and validation loss over the steps; needs the extra `[plot]`.

        Args:
            ax: Where to draw; None makes a figure: `job.plot().figure.savefig("losses.png")`.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        return plot_losses(self.loss_curve(), ax)

    def cancel(self) -> FineTuningJob:
        """Stop the job for good; its uploads are deleted.

        Returns:
            The job itself.

        Raises:
            FineTuningError: It has ended already, or the provider cannot be reached.
        """
        self._tracker.tell("cancel")
        return self

    async def acancel(self) -> FineTuningJob:
        """Stop the job for good; the async twin of `cancel`."""
        return await run_in_thread(self.cancel)

    def pause(self) -> FineTuningJob:
        """Stop the job for a while; `resume` lets it go on from where it was.

        Raises:
            FineTuningError: It cannot be paused now, or not at this provider.
        """
        self._tracker.tell("pause")
        return self

    async def apause(self) -> FineTuningJob:
        """Stop the job for a while; the async twin of `pause`."""
        return await run_in_thread(self.pause)

    def resume(self) -> FineTuningJob:
        """Let a paused job go on.

        Raises:
            FineTuningError: It is not paused, or the provider cannot be reached.
        """
        self._tracker.tell("resume")
        return self

    async def aresume(self) -> FineTuningJob:
        """Let a paused job go on; the async twin of `resume`."""
        return await run_in_thread(self.resume)

    def wait(self, *, timeout: float | None = None, progress: bool | None = None) -> FineTuningJob:
        """Wait until the job has a model; its uploads are deleted then, or when it has failed.

        Faults that pass by themselves (no connection, 429, 5xx) are waited for, up to ten minutes
        without any answer.

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            progress: Whether to show a bar; None shows one on a terminal and in a notebook.

        Returns:
            The job itself, which goes on at the provider when the wait is broken off.

        Raises:
            FineTuningError: The job failed (with the provider's code and words), was cancelled, or
                took longer than `timeout`; or the provider refuses or gives no answer.
        """
        with show_progress(progress) as show:
            for seen in self.watch(timeout=timeout):
                show(seen)
        return self

    def __await__(self) -> Generator[Any, None, FineTuningJob]:
        """Wait until the job has a model: `await job`, the async twin of `wait`."""
        return self._awaited().__await__()

    @deprecated(_AWAIT, category=None)  # which leaves it a coroutine function
    async def await_(
        self, *, timeout: float | None = None, progress: bool | None = None
    ) -> FineTuningJob:
        """Wait until the job has a model; the former form of `await job`."""
        warnings.warn(_AWAIT, DeprecationWarning, stacklevel=2)
        return await self._awaited(timeout=timeout, progress=progress)

    async def _awaited(
        self, *, timeout: float | None = None, progress: bool | None = None
    ) -> FineTuningJob:
        with show_progress(progress) as show:
            async for seen in self.awatch(timeout=timeout):
                show(seen)
        return self

    def watch(self, *, timeout: float | None = None) -> Iterator[JobProgress]:
        """Give the job's progress after each look at it until it has a model, as `wait` waits.

        Raises:
            FineTuningError: As `wait`.
        """
        return paced(self._tracker.watch(timeout))

    def awatch(self, *, timeout: float | None = None) -> AsyncIterator[JobProgress]:
        """Give the job's progress after each look at it; the async twin of `watch`."""
        return apaced(self._tracker.watch(timeout))

    def chat_model(self, **options: Any) -> ChatOpenAI:
        """Return the finished model as a `ChatOpenAI`: stream, batch and the rest are its own.

        It counts tokens as the model does, for `trim_messages`, and keeps its place in LangChain's
        cache when the local server starts again; see `ProviderChatOpenAI`.

        Args:
            **options: Anything that `ChatOpenAI` takes, such as `temperature=0.8`, but for another
                model's name.

        Raises:
            FineTuningError: The job has no model (yet), or it answers nowhere yet.
        """
        options |= {"job_id": self.id}  # of its own name alone it would not be known for sure
        return self._model(self._tracker.provider.answering_model, options)

    def base_chat_model(self, **options: Any) -> ChatOpenAI:
        """Return the base model that the job trains, untuned: to be heard beside `chat_model()`.

        It needs no finished job, and takes the same prompt: `job.prompt() | job.base_chat_model()`.

        Args:
            **options: As `chat_model`.

        Raises:
            FineTuningError: The provider's base answers nowhere (yet); says what to do.
        """
        return self._model(self._tracker.provider.base_answering_model, options)

    def _model(self, named: Callable[[JobState], str], options: dict[str, Any]) -> ChatOpenAI:
        if taken := sorted(_OTHER_MODELS & options.keys()):
            message = (
                f"{taken[0]}= is not taken here: chat_model() is the job's model, "
                "base_chat_model() its base; another model is FineTuningJob.from_id(ITS_JOB)"
                ".chat_model(), or find_provider(PROVIDER).chat_model(ITS_NAME)"
            )
            raise InvalidInputError(message)
        known = {"provider": self._tracker.provider, "base_model": self.state.model}
        return self._tracker.connection.chat_model(named(self.state), **(options | known))

    def download_adapter(self, folder: str | Path) -> Path:
        """Fetch the files of the finished adapter from a provider that gives them away.

        Args:
            folder: Where to put them; it is made if it is not there.

        Returns:
            The folder, in which the adapter lies as peft writes it.

        Raises:
            FineTuningError: The provider gives none away, or a file has an unsafe name.
        """
        with self._tracker.client(timeout=None) as client:
            return fetch_adapter(client, self._tracker.provider, self.state, Path(folder))

    def serve_locally(self, base: str, *, force: bool = False, **options: Any) -> ChatOpenAI:
        """Fetch the finished adapter and serve it on this machine.

        Args:
            base: The base model that it was trained from, as the local server names it: a name, a
                file or a hub id.
            force: Serve it although its files name another base as the one that it was trained on.
            **options: Anything that `ChatOpenAI` takes.

        Raises:
            FineTuningError: As `download_adapter`, or the local server cannot serve it.
            MissingExtraError: The local server's packages are not installed.
        """
        folder = self.download_adapter(adapter_folder(self.id))
        return served_adapter(folder, base, self.id, force=force, **options)

    def delete(self) -> None:
        """Delete the finished model, the uploads, and what is remembered of the job.

        Uploads go even where `keep_files=True` has kept them.

        The job itself stays listed at providers that have no way to delete it, as OpenAI.

        Raises:
            FineTuningError: It still runs: cancel it first.
        """
        import openai

        self.refresh()
        if not self.has_ended:
            message = f"job {self.id} is {self.status}: cancel() it before it is deleted"
            raise FineTuningError(message, job_id=self.id, status=self.status)
        with self._tracker.client() as client:
            if self.fine_tuned_model is not None:
                with suppress(openai.NotFoundError):  # it was deleted before
                    client.models.delete(self.fine_tuned_model)
            manifest = self._tracker.manifest()
            all_gone = delete_files(client, files_of(client, self.state, manifest))
            if self._tracker.provider.deletes_jobs:
                client.delete(f"/fine_tuning/jobs/{self.id}", cast_to=object)
        shutil.rmtree(adapter_folder(self.id), ignore_errors=True)
        if manifest is not None and all_gone:  # else what is left is still to be found by it
            Manifests().remove(manifest)

    def prompt(self, **values: str) -> ChatPromptTemplate:
        """Return a prompt with the system prompt that the model was trained with.

        Args:
            **values: What the placeholders of a system prompt that differed from thread to thread
                are filled in with, such as `others="Milo Dvořák"`. Those that are not given become
                inputs of the prompt; `date` is today where it is not given.

        Returns:
            A template that takes `input` (a string), if given `history` (messages), and what
            placeholders are left. It has a system message only where all training examples shared
            one, or the template of one.

        Raises:
            InvalidOptionError: The system prompt has no such placeholder.
        """
        system = from_metadata(self.state.metadata)
        if not self._tracker.provider.keeps_metadata and (manifest := self._tracker.manifest()):
            system = from_metadata(manifest.metadata)
        unknown = values.keys() - (system.placeholders if system else set())
        if unknown:
            message = f"the system prompt of job {self.id} has no {', '.join(sorted(unknown))}"
            raise InvalidOptionError(message)
        return prompt_with(system, values)
