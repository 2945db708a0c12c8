"""A fine-tuning job at a provider: followed, awaited, and turned into a chat model."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._iteration import run_in_thread
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.progress import newest_metrics, show_progress
from langchain_fbmessenger.fine_tuning.providers import Provider, find_provider
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPrompt, from_metadata

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.connection import Connection

__all__ = ["FineTuningJob"]

_FAILED = {"failed", "cancelled"}
_EVENTS_LOOKED_AT = 10


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
        self._state = state
        self._provider = provider
        self._connection = connection

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
        connection = provider.connection()
        with provider_errors(provider.name, job_id), connection.client() as client:
            state = client.fine_tuning.jobs.retrieve(job_id)
        return cls(state, provider, connection)

    @classmethod
    async def afrom_id(cls, job_id: str, provider: str | Provider = "local") -> FineTuningJob:
        """Find a job again; the async twin of `from_id`."""
        return await run_in_thread(cls.from_id, job_id, provider)

    def __repr__(self) -> str:
        return (
            f"FineTuningJob(id={self.id!r}, provider={self._provider.name!r}, "
            f"status={self.status!r})"
        )

    @property
    def id(self) -> str:
        """The provider's id of the job."""
        return self._state.id

    @property
    def status(self) -> str:
        """The status when it was last looked at: `queued`, `running`, `succeeded` and so on."""
        return self._state.status

    @property
    def fine_tuned_model(self) -> str | None:
        """The finished model's name at the provider, None before the job has succeeded."""
        return self._state.fine_tuned_model

    def refresh(self) -> FineTuningJob:
        """Look at the job again.

        Returns:
            The job itself.

        Raises:
            FineTuningError: The provider cannot be reached.
        """
        with provider_errors(self._provider.name, self.id), self._connection.client() as client:
            self._state = client.fine_tuning.jobs.retrieve(self.id)
        return self

    async def arefresh(self) -> FineTuningJob:
        """Look at the job again; the async twin of `refresh`."""
        with provider_errors(self._provider.name, self.id):
            async with self._connection.async_client() as client:
                self._state = await client.fine_tuning.jobs.retrieve(self.id)
        return self

    def events(self) -> list[FineTuningJobEvent]:
        """Return all that has happened so far, oldest first."""
        with provider_errors(self._provider.name, self.id), self._connection.client() as client:
            return list(client.fine_tuning.jobs.list_events(self.id))[::-1]

    async def aevents(self) -> list[FineTuningJobEvent]:
        """Return all that has happened so far; the async twin of `events`."""
        with provider_errors(self._provider.name, self.id):
            async with self._connection.async_client() as client:
                return [e async for e in client.fine_tuning.jobs.list_events(self.id)][::-1]

    def cancel(self) -> FineTuningJob:
        """Stop the job.

        Returns:
            The job itself.

        Raises:
            FineTuningError: It has ended already, or the provider cannot be reached.
        """
        with provider_errors(self._provider.name, self.id), self._connection.client() as client:
            self._state = client.fine_tuning.jobs.cancel(self.id)
        return self

    async def acancel(self) -> FineTuningJob:
        """Stop the job; the async twin of `cancel`."""
        with provider_errors(self._provider.name, self.id):
            async with self._connection.async_client() as client:
                self._state = await client.fine_tuning.jobs.cancel(self.id)
        return self

    def wait(self, *, timeout: float | None = None, progress: bool | None = None) -> FineTuningJob:
        """Wait until the job has a model.

        Args:
            timeout: Longest time to wait, in seconds; None waits as long as it takes.
            progress: Whether to show a bar; None shows one on a terminal.

        Returns:
            The job itself, which goes on at the provider when the wait is broken off.

        Raises:
            FineTuningError: The job failed (with the provider's code and words), was cancelled, or
                took longer than `timeout`.
        """
        deadline = _Deadline(timeout)
        jobs_api = provider_errors(self._provider.name, self.id)
        with jobs_api, show_progress(progress) as show, self._connection.client() as client:
            while True:
                self._state = client.fine_tuning.jobs.retrieve(self.id)
                page = client.fine_tuning.jobs.list_events(self.id, limit=_EVENTS_LOOKED_AT)
                show(self.status, newest_metrics(page.data))
                if self._has_ended(deadline):
                    return self
                time.sleep(deadline.pause(self._provider.poll_seconds))

    async def await_(
        self, *, timeout: float | None = None, progress: bool | None = None
    ) -> FineTuningJob:
        """Wait until the job has a model; the async twin of `wait`."""
        deadline = _Deadline(timeout)
        with provider_errors(self._provider.name, self.id), show_progress(progress) as show:
            async with self._connection.async_client() as client:
                jobs = client.fine_tuning.jobs
                while True:
                    self._state = await jobs.retrieve(self.id)
                    page = await jobs.list_events(self.id, limit=_EVENTS_LOOKED_AT)
                    show(self.status, newest_metrics(page.data))
                    if self._has_ended(deadline):
                        return self
                    await asyncio.sleep(deadline.pause(self._provider.poll_seconds))

    def chat_model(self, **options: Any) -> ChatOpenAI:
        """Return the finished model as a `ChatOpenAI`: stream, batch and the rest are its own.

        Args:
            **options: Anything that `ChatOpenAI` takes, such as `temperature=0.8`.

        Raises:
            FineTuningError: The job has no model (yet).
        """
        if self.fine_tuned_model is None:
            message = f"job {self.id} has no model: it is {self.status}. wait() for it first."
            raise FineTuningError(message, job_id=self.id, status=self.status)
        return self._connection.chat_model(self.fine_tuned_model, **options)

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
            ValueError: The system prompt has no such placeholder.
        """
        from langchain_core.prompts import (
            ChatPromptTemplate,
            MessagesPlaceholder,
        )

        system = from_metadata(getattr(self._state, "metadata", None))
        unknown = values.keys() - (system.placeholders if system else set())
        if unknown:
            message = f"the system prompt of job {self.id} has no {', '.join(sorted(unknown))}"
            raise ValueError(message)
        turns: list[Any] = [MessagesPlaceholder("history", optional=True), ("human", "{input}")]
        head, given = _system_message(system, values)
        return ChatPromptTemplate.from_messages([*head, *turns]).partial(**given)

    def _has_ended(self, deadline: _Deadline) -> bool:
        if self.status == "succeeded":
            return True
        if self.status in _FAILED:
            raise self._failure()
        if deadline.has_passed():
            message = (
                f"job {self.id} is still {self.status} after {deadline.timeout:g} s. It goes on: "
                f'FineTuningJob.from_id("{self.id}", {self._provider.name!r}).wait()'
            )
            raise FineTuningError(message, job_id=self.id, status=self.status, code="timeout")
        return False

    def _failure(self) -> FineTuningError:
        error = self._state.error
        code = error.code if error else None
        message = f"job {self.id} {'was ' * (self.status == 'cancelled')}{self.status}"
        if error and error.message:
            message += f" ({code}): {error.message}" if code else f": {error.message}"
        return FineTuningError(message, job_id=self.id, status=self.status, code=code)


class _Deadline:
    def __init__(self, timeout: float | None) -> None:
        self.timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def has_passed(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end

    def pause(self, seconds: float) -> float:
        return seconds if self._end is None else max(0, min(seconds, self._end - time.monotonic()))


def _system_message(
    system: SystemPrompt | None, values: dict[str, str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the system message of a prompt, and what is filled in."""
    from langchain_core.messages import SystemMessage

    if system is None:
        return [], {}
    if not system.is_template:
        return [SystemMessage(system.text)], {}  # no template: braces in it are text
    text = system.text.replace("{", "{{").replace("}", "}}")
    for name in system.placeholders:
        text = text.replace(f"{{{{{name}}}}}", f"{{{name}}}")
    given: dict[str, Any] = {"date": _today} if "date" in system.placeholders else {}
    return [("system", text)], given | values


def _today() -> str:
    return datetime.now(tz=timezone.utc).date().isoformat()
