"""Define what a provider of fine-tuning is: a class with hooks that default to OpenAI's ways."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import Self, override

from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger.examples import rules_for
from langchain_fbmessenger.examples.files.tokens import LIKELY
from langchain_fbmessenger.exceptions import FineTuningError, InvalidOptionError
from langchain_fbmessenger.fine_tuning.providers.definition import (
    check_complete,
    check_facts,
    check_results,
)

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI
    from openai import OpenAI
    from openai.types import Model
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.examples import ExampleRules
    from langchain_fbmessenger.fine_tuning.connection import Connection
    from langchain_fbmessenger.fine_tuning.settings import JobSettings

__all__ = ["Provider", "key_from", "trainable_model"]

OPENAI_SETTINGS = frozenset(
    {"n_epochs", "batch_size", "learning_rate_multiplier", "suffix", "seed", "extra_body"}
)
WEEK_S = 7 * 24 * 3600


class Provider(Options, ABC):
    """A provider of fine-tuning that speaks OpenAI's wire.

    Subclass it for another one and give the instance to `FineTuner(provider=...)`; a server that
    does all as OpenAI does needs no class: `CompatibleProvider(base_url=...)`. A subclass has to
    give `name`, `connection` and `preflight`; all else has OpenAI's ways as its default.

    Raises:
        InvalidInputError: The class lacks one of the three, or one of its methods returns the wrong
            type; names it. An unusable class fact is refused when the class is defined.

    Example:
        ```python
        class HarbourProvider(Provider):
            name: ClassVar[str] = "harbour"

            def connection(self) -> Connection:
                return Connection("https://tuning.example.org/v1", os.environ["HARBOUR_API_KEY"])

            def preflight(self, client: OpenAI, model: str) -> ExampleRules:
                client.models.retrieve(model)
                return ExampleRules(provider=self.name, min_examples=10)
        ```
    """

    name: ClassVar[str]
    """Its name in errors, manifests and traces. Has to be given."""

    poll_seconds: ClassVar[float] = 5.0
    """Time between two looks at a job."""

    known_settings: ClassVar[frozenset[str]] = OPENAI_SETTINGS
    """Which of `JobSettings` can be asked for."""

    upload_lifetime: ClassVar[int | None] = None
    """Seconds after which an upload expires; None where the provider knows no expiry."""

    checks_files: ClassVar[bool] = False
    """Whether the provider must check a file before a job can name it."""

    keeps_metadata: ClassVar[bool] = True
    """Whether a job remembers the metadata that it was made with."""

    filters_jobs: ClassVar[bool] = False
    """Whether jobs can be listed by their metadata."""

    deletes_jobs: ClassVar[bool] = False
    """Whether `DELETE /fine_tuning/jobs/{id}` is known, which OpenAI's API has not."""

    tokenize_path: ClassVar[str | None] = None
    """Where its server counts tokens as vLLM's does, such as `/tokenize`; None where it cannot."""

    moves: ClassVar[bool] = False
    """Whether its address and key are other ones after each start."""

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        check_facts(cls, Provider)
        check_results(cls)

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Make an instance of a class that has all that is asked of it."""
        check_complete(cls, Provider)
        return super().__new__(cls)

    @property
    def is_private(self) -> bool:
        """Whether chats stay on this machine."""
        return False

    @property
    def label(self) -> str:
        """What `FineTuner(provider=...)` and `--provider` take to find it again."""
        return self.name

    def identity(self, client: OpenAI) -> str:
        """Return what tells this provider and account's address from others, for a job's key."""
        return f"{self.name} {client.base_url}"

    @abstractmethod
    def connection(self) -> Connection:
        """Return where the provider is reached; may start a server.

        Raises:
            FineTuningError: There is no key for it; names the variable.
        """

    def lazy_connection(self) -> Connection:
        """Return where the provider is reached, and start nothing yet: it may never be asked.

        Raises:
            FineTuningError: As `connection`.
        """
        return self.connection()

    def base_model(self, client: OpenAI, model: str) -> tuple[str, str | None]:
        """Return the base model that a name stands for, and why that one, if there was a choice."""
        del client
        return model, None

    @abstractmethod
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        """Check that the base model can be trained, before anything is sent.

        Args:
            client: A client on `connection()`.
            model: The base model's name.

        Returns:
            What the provider asks of training examples for that model.

        Raises:
            FineTuningError: It cannot be trained; says why.
        """

    def check_settings(self, settings: JobSettings) -> None:
        """Check that all settings are known here, before anything is sent.

        Raises:
            InvalidOptionError: A setting is unsupported; names it and those that are supported.
        """
        unknown = settings.given().keys() - self.known_settings
        if unknown:
            message = (
                f"provider {self.label!r} does not know {', '.join(sorted(unknown))}; it knows "
                f"{', '.join(sorted(self.known_settings))}"
            )
            raise InvalidOptionError(message)

    def job_body(self, settings: JobSettings) -> dict[str, Any]:
        """Return the settings as arguments of `client.fine_tuning.jobs.create`."""
        hyperparameters = settings.pick("n_epochs", "batch_size", "learning_rate_multiplier")
        method = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
        return {"method": method, **settings.pick("suffix", "seed", "extra_body")}

    def has_result(self, client: OpenAI, job: JobState) -> bool:
        """Say whether what a job that succeeded has made is still there."""
        import openai

        if job.fine_tuned_model is None:
            return False
        try:
            client.models.retrieve(job.fine_tuned_model)
        except openai.NotFoundError:
            return False
        return True

    def answering_model(self, job: JobState) -> str:
        """Return the name that the finished model answers to.

        Raises:
            FineTuningError: It answers nowhere (yet); says what to do.
        """
        if job.fine_tuned_model is None:
            message = f"job {job.id} has no model: it is {job.status}. wait() for it first."
            raise FineTuningError(message, job_id=job.id, status=job.status)
        return job.fine_tuned_model

    def base_answering_model(self, job: JobState) -> str:
        """Return the name that the base model of a job answers to, untuned.

        Raises:
            FineTuningError: It answers nowhere (yet); says what to do.
        """
        return job.model

    def chat_model(self, model: str, **options: Any) -> ChatOpenAI:
        """Return a model that answers at this provider as a `ChatOpenAI`.

        Args:
            model: Its name there, tuned or not.
            **options: Anything that `ChatOpenAI` takes, such as `temperature=0.8`.

        Raises:
            FineTuningError: As `connection`.
        """
        return self.connection().chat_model(model, provider=self, **options)

    def adapter_files(self, client: OpenAI, job: JobState) -> list[str]:
        """Return the ids of the files that the finished adapter consists of.

        Raises:
            FineTuningError: The provider gives none away.
        """
        del client
        message = f"provider {self.label!r} gives no adapters away: job {job.id} stays there"
        raise FineTuningError(message, job_id=job.id, status=job.status)


def key_from(variable: str, provider: str) -> str:
    """Return an API key of the environment.

    Raises:
        FineTuningError: It is not there.
    """
    if key := os.environ.get(variable):
        return key
    message = f"provider {provider!r} needs an API key in the environment variable {variable}"
    raise FineTuningError(message, code="missing_key")


def trainable_model(client: OpenAI, model: str, provider: Provider) -> Model:
    """Look a base model up.

    Raises:
        FineTuningError: It is shut down, or the provider says that it cannot be tuned.
    """
    found = client.models.retrieve(model)
    capabilities = _extension(found, "capabilities")  # Azure's; OpenAI says nothing
    if isinstance(capabilities, dict) and capabilities.get("fine_tune") is False:
        message = f"provider {provider.label!r} does not fine-tune {model!r}"
        raise FineTuningError(message, code="model_not_available")
    deprecation = _extension(found, "deprecation")  # Azure's
    days = [_extension(found, "shutdown_date")]
    if isinstance(deprecation, dict):
        days.append(deprecation.get("fine_tune"))
    for day in filter(None, map(_as_date, days)):
        if day <= datetime.now(tz=timezone.utc).date():
            message = f"provider {provider.label!r} has shut down the base model {model!r} on {day}"
            raise FineTuningError(message, code="model_shut_down")
    return found


def table_rules(provider: str) -> ExampleRules:
    """Return the rules of a provider by its name; tokens are estimated.

    Counting exactly would download tables of tokens.
    """
    return replace(rules_for(provider), count_tokens=LIKELY.of_turns)


def _extension(model: Model, key: str) -> Any:
    # The SDK keeps fields that it does not know (yet), as attributes outside of its types.
    return getattr(model, key, None)


def _as_date(value: Any) -> date | None:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, tz=timezone.utc).date()
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
