"""Train open models at Nebius Token Factory; adapters can be fetched and served at home.

Sources: https://docs.tokenfactory.nebius.com/post-training/how-to-fine-tune and
https://docs.tokenfactory.nebius.com/api-reference/fine-tuning/create-a-fine-tuning-job
(read 2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.fine_tuning.provider_queries import items_of
from langchain_fbmessenger.fine_tuning.providers.base import (
    Provider,
    key_from,
    table_rules,
    trainable_model,
)

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.examples import ExampleRules
    from langchain_fbmessenger.fine_tuning.settings import JobSettings

_BASE_URL = "https://api.tokenfactory.nebius.com/v1/"


class NebiusProvider(Provider):
    """Nebius Token Factory. The key is the environment's `NEBIUS_API_KEY`.

    LoRA is always on: Nebius would tune the whole model otherwise. A finished job gives files
    instead of a model: `job.serve_locally(base)` fetches them and serves them on this machine.
    """

    name: ClassVar[str] = "nebius"
    poll_seconds: ClassVar[float] = 15.0
    keeps_metadata: ClassVar[bool] = False  # its jobs have no such field
    known_settings: ClassVar[frozenset[str]] = frozenset(
        {
            "n_epochs",
            "batch_size",
            "learning_rate",
            "lora_rank",
            "lora_alpha",
            "suffix",
            "seed",
            "extra_body",
        }
    )

    base_url: str = _BASE_URL
    """Its address, up to `/v1/`."""

    served_as: str | None = None
    """Name of an endpoint of yours at Nebius that serves the finished model."""

    @override
    def connection(self) -> Connection:
        return Connection(self.base_url, key_from("NEBIUS_API_KEY", self.name))

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        trainable_model(client, model, self)
        return table_rules(self.name)

    @override
    def job_body(self, settings: JobSettings) -> dict[str, Any]:
        hyperparameters = settings.pick("n_epochs", "batch_size", "learning_rate", "lora_alpha")
        if settings.lora_rank is not None:
            hyperparameters["lora_r"] = settings.lora_rank
        hyperparameters["lora"] = True
        return {"hyperparameters": hyperparameters} | settings.pick("suffix", "seed", "extra_body")

    @override
    def has_result(self, client: OpenAI, job: JobState) -> bool:
        return bool(_newest_files(client, job))

    @override
    def answering_model(self, job: JobState) -> str:
        if self.served_as is not None and job.status == "succeeded":
            return self.served_as
        if job.status != "succeeded":
            return super().answering_model(job)
        message = (
            f"Nebius serves job {job.id} only from an endpoint of your own: "
            'job.serve_locally("BASE") serves it on this machine (BASE: the base model that it '
            "was trained from), job.download_adapter(FOLDER) fetches its files, and "
            'NebiusProvider(served_as="NAME") uses an endpoint that you have made'
        )
        raise FineTuningError(message, job_id=job.id, status=job.status, code="not_deployed")

    @override
    def adapter_files(self, client: OpenAI, job: JobState) -> list[str]:
        if files := _newest_files(client, job):
            return files
        message = f"job {job.id} has no checkpoint with files (yet): it is {job.status}"
        raise FineTuningError(message, job_id=job.id, status=job.status)


def _newest_files(client: OpenAI, job: JobState) -> list[str]:
    """Return the ids of the newest checkpoint's files."""
    found = items_of(client.fine_tuning.jobs.checkpoints.list(job.id))
    checkpoints = sorted(found, key=lambda one: one.step_number)
    files: Any = getattr(checkpoints[-1], "result_files", None) if checkpoints else None
    return [str(file) for file in files or []]
