"""Provide the Runnable that turns training examples into a chat model."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event
from langchain_core.runnables import RunnableSerializable
from pydantic import ConfigDict, Field, field_validator, model_validator
from typing_extensions import override

from langchain_fbmessenger._internal.iteration import LoopIterator, run_in_thread
from langchain_fbmessenger._internal.tracing import atraced_run, traced_run
from langchain_fbmessenger.examples import HeldOut, TrainingExample
from langchain_fbmessenger.examples.files.jsonl import several
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.following.progress import show_progress
from langchain_fbmessenger.fine_tuning.identity import job_key
from langchain_fbmessenger.fine_tuning.job import FineTuningJob
from langchain_fbmessenger.fine_tuning.providers import Provider, find_provider
from langchain_fbmessenger.fine_tuning.settings import JobSettings, SettingFields
from langchain_fbmessenger.fine_tuning.submitting.submission import Submission
from langchain_fbmessenger.fine_tuning.submitting.uploads import written_files
from langchain_fbmessenger.fine_tuning.system_prompt import to_metadata
from langchain_fbmessenger.sessions import ComposesAfterStage, SessionStage

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langchain_openai import ChatOpenAI

__all__ = ["FineTuner", "FineTuningPipeline"]

_PROGRESS = "fine_tuning_progress"
"""Name of the custom events of a run, see `FineTuner.invoke`."""

_ANSWER_TIMEOUT_S = 120.0  # the local server may have to load a base model first

_logger = logging.getLogger("langchain_fbmessenger")


class FineTuner(SettingFields, RunnableSerializable[Any, Any], ComposesAfterStage):
    """Fine-tune a base model on training examples: examples in, `ChatOpenAI` out.

    Example:
        ```python
        tuner = FineTuner(provider="local", model="SmolLM2-135M-Instruct", n_epochs=3)
        model = tuner.invoke(pipeline.stream(loader.lazy_load()))  # or: pipeline | tuner
        job = tuner.submit(examples)  # returns at once; job.wait() when it suits
        ```
    """

    model_config = ConfigDict(extra="forbid")

    provider: str | Provider = "local"
    """`local` (this machine, the default), `openai`, `azure`, `nebius`, the address of another
    server that speaks OpenAI's wire (`https://host/v1`), or a `Provider` of your own."""

    model: str = "SmolLM2-135M-Instruct"
    """The base model, by the provider's name for it; `auto` lets the local server choose by
    memory."""

    system: str | None = Field(default=None, repr=False)
    """Template of the examples' system prompt, for `job.prompt()`; by default their own, which a
    file tells only where all have the same one."""

    resume: bool = True
    """Whether an earlier job of the same examples and settings is found again, as long as it runs
    or its model is there; else a new one is always made."""

    keep_files: bool = False
    """Whether the uploaded examples stay at the provider when the job has ended."""

    timeout: float | None = Field(default=None, gt=0)
    """Longest time that `invoke` waits for the job, in seconds."""

    progress: bool | None = None
    """Whether `invoke` shows a bar; None shows one on a terminal and in a notebook."""

    @field_validator("provider", mode="before")
    @classmethod
    def _known(cls, provider: Any) -> Any:
        find_provider(provider)
        return provider

    @model_validator(mode="after")
    def _settings_known(self) -> FineTuner:
        find_provider(self.provider).check_settings(self._settings())
        return self

    @override
    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield from {"provider": self.provider, "model": self.model}.items()
        for name, value in super().__repr_args__():
            if name == "extra_body":
                yield name, sorted(value)  # a token may be among its values
            elif name not in {"provider", "model"}:
                yield name, value

    @property
    @override
    def InputType(self) -> Any:
        return list[TrainingExample]

    @property
    @override
    def OutputType(self) -> Any:
        return Any

    def submit(
        self,
        examples: Iterable[TrainingExample],
        *,
        validation: Iterable[TrainingExample] | None = None,
    ) -> FineTuningJob:
        """Find the job of these examples and settings; else check them, upload, and start it.

        Args:
            examples: Training examples; an iterator is read once and never held in memory. Or the
                pair that `split_examples` gives, whose second part is the validation set.
            validation: The validation set, whose loss is reported and nothing is learned from; see
                `split_examples`.

        Returns:
            The job, at once.

        Raises:
            InvalidExampleError: An example breaks a rule, or there are too few: nothing was sent.
            InvalidOptionError: `early_stopping` without a validation set: nothing was sent.
            FineTuningError: The provider refused (`TrainingNotAvailableError` where it trains
                nothing for this account), or cannot be reached.
            MissingExtraError: The local server's packages are not installed.
        """
        return self._submit(examples, validation)[0]

    async def asubmit(
        self,
        examples: Iterable[TrainingExample] | AsyncIterable[TrainingExample],
        *,
        validation: Iterable[TrainingExample] | None = None,
    ) -> FineTuningJob:
        """Check the examples, upload them and start a job; the async twin of `submit`."""
        return (await self._asubmit(examples, validation))[0]

    @override
    def invoke(
        self,
        input: Iterable[TrainingExample],
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> ChatOpenAI:
        """Train, wait, and return the finished model.

        Args:
            input: Training examples.
            config: Callbacks, tags, run name and the like. Traces get counts and ids only; custom
                events named `fine_tuning_progress` tell how far the job is (status, steps, losses,
                seconds left), in `astream_events` too.
            **kwargs: Options of the `ChatOpenAI`, such as `temperature=0.8`.

        Raises:
            InvalidExampleError: As `submit`.
            FineTuningError: As `submit`, or the job ended without a model.
        """
        with traced_run(config, self.get_name()) as run, show_progress(self.progress) as show:
            job, count = self._submit(input)
            run.update(job_id=job.id, examples=count)
            for progress in job.watch(timeout=self.timeout):
                show(progress)
                figures = {"job_id": job.id, **asdict(progress)}
                dispatch_custom_event(_PROGRESS, figures, config=run.config)
            run.update(fine_tuned_model=job.fine_tuned_model)
        return job.chat_model(**kwargs)

    @override
    async def ainvoke(
        self,
        input: Iterable[TrainingExample] | AsyncIterable[TrainingExample],
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> ChatOpenAI:
        """Train, wait, and return the finished model; the async twin of `invoke`."""
        async with atraced_run(config, self.get_name()) as run:
            job, count = await self._asubmit(input)
            run.update(job_id=job.id, examples=count)
            with show_progress(self.progress) as show:
                async for progress in job.awatch(timeout=self.timeout):
                    show(progress)
                    figures = {"job_id": job.id, **asdict(progress)}
                    await adispatch_custom_event(_PROGRESS, figures, config=run.config)
            run.update(fine_tuned_model=job.fine_tuned_model)
        return await run_in_thread(job.chat_model, **kwargs)

    @override
    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[ChatOpenAI]:
        """Train on all chunks, each an example or several, as part of a foreign chain's stream."""
        yield self.invoke(_flat(input), config, **kwargs)

    @override
    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[ChatOpenAI]:
        """Train on all chunks; the async twin of `transform`."""
        chunks = [chunk async for chunk in input]
        yield await self.ainvoke(_flat(iter(chunks)), config, **kwargs)

    @override
    def compose_after(self, stage: SessionStage) -> FineTuningPipeline:
        return FineTuningPipeline(prepare=stage, tuner=self)

    def _submit(
        self,
        examples: Iterable[TrainingExample],
        validation: Iterable[TrainingExample] | None = None,
    ) -> tuple[FineTuningJob, int]:
        provider, settings = find_provider(self.provider), self._settings()
        with provider_errors(provider.label):
            connection = provider.connection()
            with connection.client(timeout=_ANSWER_TIMEOUT_S) as client:
                model, why = provider.base_model(client, self.model)
                if why is not None:
                    _logger.info("base model %s: %s", model, why)
                rules = provider.preflight(client, model)
                with written_files(examples, validation, rules, self.system) as files:
                    if self.early_stopping and files.validation is None:
                        message = "early_stopping needs a validation set: split_examples makes one"
                        raise InvalidOptionError(message)
                    metadata = to_metadata(files.system)
                    asked = settings.given() | provider.job_body(settings)
                    state = Submission(
                        client=client,
                        provider=provider,
                        model=model,
                        files=files,
                        settings=settings,
                        metadata=metadata,
                        key=job_key(provider.identity(client), model, files, asked, metadata),
                        keep_files=self.keep_files,
                    ).run(resume=self.resume)
        return FineTuningJob(state, provider, connection), files.training.examples

    async def _asubmit(
        self,
        examples: Iterable[TrainingExample] | AsyncIterable[TrainingExample],
        validation: Iterable[TrainingExample] | None = None,
    ) -> tuple[FineTuningJob, int]:
        # Reading the examples and writing their file blocks, so all of it goes to a worker thread.
        if not isinstance(examples, AsyncIterable):
            return await run_in_thread(self._submit, examples, validation)
        source = LoopIterator(examples)
        try:
            return await run_in_thread(self._submit, source, validation)
        finally:
            await source.aclose()

    def _settings(self) -> JobSettings:
        given = {name: getattr(self, name) for name in SettingFields.model_fields}
        # Switched off is as if it were not asked for: to a job's key, too.
        return JobSettings(**given | {"early_stopping": self.early_stopping or None})


class FineTuningPipeline(RunnableSerializable[Any, Any]):
    """Stages and a tuner in a row, made by `pipeline | tuner`: sessions in, `ChatOpenAI` out.

    langchain-core's own sequence would record the sessions that go in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prepare: SessionStage
    tuner: FineTuner

    @property
    @override
    def InputType(self) -> Any:
        return self.prepare.InputType

    @property
    @override
    def OutputType(self) -> Any:
        return self.tuner.OutputType

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> ChatOpenAI:
        """Prepare the sessions, train, wait, and return the finished model."""
        return self.tuner.invoke(self.prepare.items_of(input), config, **kwargs)

    @override
    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> ChatOpenAI:
        """Prepare the sessions, train, wait, and return the finished model; the async twin."""
        if not isinstance(input, AsyncIterable):
            return await self.tuner.ainvoke(self.prepare.items_of(input), config, **kwargs)
        sessions = LoopIterator(input)
        try:
            return await self.tuner.ainvoke(self.prepare.items_of(sessions), config, **kwargs)
        finally:
            await sessions.aclose()


def _flat(chunks: Iterator[Any]) -> Iterator[TrainingExample]:
    for chunk in chunks:
        if isinstance(chunk, Mapping | HeldOut):
            yield chunk  # type: ignore[misc]  # checked before it is sent
        else:
            yield from several(chunk)
