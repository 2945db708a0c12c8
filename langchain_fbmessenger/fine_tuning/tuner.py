"""The Runnable that turns training examples into a chat model."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableSerializable
from pydantic import ConfigDict, Field, field_validator
from typing_extensions import override

from langchain_fbmessenger._iteration import LoopIterator, run_in_thread
from langchain_fbmessenger._tracing import atraced_run, traced_run
from langchain_fbmessenger.examples import HeldOut, TrainingExample
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.job import FineTuningJob
from langchain_fbmessenger.fine_tuning.providers import Provider, find_provider
from langchain_fbmessenger.fine_tuning.system_prompt import to_metadata
from langchain_fbmessenger.fine_tuning.uploads import several, written_files
from langchain_fbmessenger.sessions import SessionStage, TakesChats

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langchain_openai import ChatOpenAI

__all__ = ["FineTuner", "FineTuningPipeline"]


class FineTuner(RunnableSerializable[Any, Any], TakesChats):
    """Fine-tune a base model on training examples: examples in, `ChatOpenAI` out.

    Example:
        ```python
        tuner = FineTuner(provider="local", model="SmolLM2-135M-Instruct", n_epochs=3)
        model = tuner.invoke(pipeline.stream(loader.lazy_load()))  # or: pipeline | tuner
        job = tuner.submit(examples)  # returns at once; job.wait() when it suits
        ```
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    provider: str | Provider = "local"
    """`local` (this machine, the default), `openai`, or a `Provider` of your own."""

    model: str = "SmolLM2-135M-Instruct"
    """The base model, by the provider's name for it."""

    n_epochs: int | None = Field(default=None, ge=1)
    """How often each example is seen; None leaves it to the provider."""

    batch_size: int | None = Field(default=None, ge=1)
    """Examples per optimiser step; None leaves it to the provider."""

    learning_rate_multiplier: float | None = Field(default=None, gt=0)
    """Factor on the provider's own learning rate; None leaves it to the provider."""

    suffix: str | None = None
    """Becomes part of the finished model's name."""

    seed: int | None = None
    """Makes a run repeatable, as far as the provider can."""

    system: str | None = Field(default=None, repr=False)
    """Template of the examples' system prompt, for `job.prompt()`. None takes it from them; those
    read from a file know their template only where the prompt was the same in all."""

    timeout: float | None = Field(default=None, gt=0)
    """Longest time that `invoke` waits for the job, in seconds."""

    progress: bool | None = None
    """Whether `invoke` shows a bar; None shows one on a terminal."""

    @field_validator("provider")
    @classmethod
    def _known(cls, provider: str | Provider) -> str | Provider:
        find_provider(provider)
        return provider

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
        """Check the examples, upload them and start a job.

        Args:
            examples: Training examples; an iterator is read once and never held in memory. Or the
                pair that `split_examples` gives, whose second part is held out.
            validation: Held-out examples, whose loss is reported and nothing is learned from; see
                `split_examples`.

        Returns:
            The job, at once.

        Raises:
            InvalidExampleError: An example breaks a rule, or there are too few: nothing was sent.
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
            config: Callbacks, tags, run name and the like. Traces get counts and ids only.
            **kwargs: Options of the `ChatOpenAI`, such as `temperature=0.8`.

        Raises:
            InvalidExampleError: As `submit`.
            FineTuningError: As `submit`, or the job ended without a model.
        """
        with traced_run(config, self.get_name()) as output:
            job, count = self._submit(input)
            output.update(job_id=job.id, examples=count)
            job.wait(timeout=self.timeout, progress=self.progress)
            output.update(fine_tuned_model=job.fine_tuned_model)
        return job.chat_model(**kwargs)

    @override
    async def ainvoke(
        self,
        input: Iterable[TrainingExample] | AsyncIterable[TrainingExample],
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> ChatOpenAI:
        """Train, wait, and return the finished model; the async twin of `invoke`."""
        async with atraced_run(config, self.get_name()) as output:
            job, count = await self._asubmit(input)
            output.update(job_id=job.id, examples=count)
            await job.await_(timeout=self.timeout, progress=self.progress)
            output.update(fine_tuned_model=job.fine_tuned_model)
        return job.chat_model(**kwargs)

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
    def after_stage(self, stage: SessionStage) -> FineTuningPipeline:
        return FineTuningPipeline(prepare=stage, tuner=self)

    def _submit(
        self,
        examples: Iterable[TrainingExample],
        validation: Iterable[TrainingExample] | None = None,
    ) -> tuple[FineTuningJob, int]:
        provider = find_provider(self.provider)
        with provider_errors(provider.name):
            connection = provider.connection()
            with connection.client() as client:
                rules = provider.preflight(client, self.model)
                with written_files(examples, validation, rules, self.system) as files:
                    uploaded = files.upload(client)
                settings = self._settings(to_metadata(files.system))
                state = client.fine_tuning.jobs.create(model=self.model, **uploaded, **settings)
        return FineTuningJob(state, provider, connection), files.n_examples

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

    def _settings(self, metadata: dict[str, str]) -> dict[str, Any]:
        chosen = {
            "n_epochs": self.n_epochs,
            "batch_size": self.batch_size,
            "learning_rate_multiplier": self.learning_rate_multiplier,
        }
        hyperparameters = {key: value for key, value in chosen.items() if value is not None}
        settings: dict[str, Any] = {
            "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
            "suffix": self.suffix,
            "seed": self.seed,
            "metadata": metadata or None,
        }
        return {key: value for key, value in settings.items() if value is not None}


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
