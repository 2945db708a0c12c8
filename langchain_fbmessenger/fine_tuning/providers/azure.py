"""Train at Azure OpenAI (Microsoft Foundry), by its v1 surface.

Sources: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/fine-tuning and
https://learn.microsoft.com/azure/ai-foundry/openai/how-to/fine-tuning-deploy (read 2026-11).
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from typing_extensions import override

from langchain_fbmessenger.exceptions import FineTuningError, InvalidOptionError
from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.fine_tuning.providers.azure_deployment import AzureAccount, deploy
from langchain_fbmessenger.fine_tuning.providers.base import (
    WEEK_S,
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

_ENDPOINT = "AZURE_OPENAI_ENDPOINT"
_LONGEST_SUFFIX = 18


class AzureProvider(Provider):
    """Azure OpenAI. Address and key are `AZURE_OPENAI_ENDPOINT` and `AZURE_OPENAI_API_KEY`.

    A finished model answers only from a deployment, which costs by the hour: name one that is
    there, or give `account` to have one of the name `deployment` made when it is first needed.

    Example:
        ```python
        account = AzureAccount(subscription="…", resource_group="chats", resource="mine")
        provider = AzureProvider(deployment="zoe", account=account)
        tuner = FineTuner(provider=provider, model="gpt-4.1-mini-2025-04-14")
        ```
    """

    name: ClassVar[str] = "azure"
    upload_lifetime: ClassVar[int | None] = WEEK_S
    checks_files: ClassVar[bool] = True
    poll_seconds: ClassVar[float] = 15.0

    training_type: Literal["GlobalStandard", "Standard", "Developer"] = "Standard"
    """`Standard` keeps chats in the resource's region; the others may copy them to another."""

    deployment: str | None = None
    """The deployment that the finished model answers from."""

    base_deployment: str | None = None
    """The deployment that the untuned base model answers from, for `job.base_chat_model()`."""

    account: AzureAccount | None = None
    """Where the deployment is made if it does not exist."""

    @override
    def connection(self) -> Connection:
        endpoint = os.environ.get(_ENDPOINT)
        if not endpoint:
            message = (
                f"provider 'azure' needs its address in the environment variable {_ENDPOINT}, such "
                "as https://RESOURCE.openai.azure.com"
            )
            raise FineTuningError(message, code="missing_endpoint")
        root = endpoint.rstrip("/").removesuffix("/openai/v1")
        return Connection(f"{root}/openai/v1/", key_from("AZURE_OPENAI_API_KEY", self.name))

    @override
    def check_settings(self, settings: JobSettings) -> None:
        super().check_settings(settings)
        suffix = settings.suffix or ""
        if "." in suffix or len(suffix) > _LONGEST_SUFFIX:
            message = f"a suffix has no dots at Azure and at most {_LONGEST_SUFFIX} characters"
            raise InvalidOptionError(message)

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        trainable_model(client, model, self)
        return table_rules(self.name)

    @override
    def job_body(self, settings: JobSettings) -> dict[str, Any]:
        body = super().job_body(settings)
        body["extra_body"] = {"trainingType": self.training_type, **(settings.extra_body or {})}
        return body

    @override
    def answering_model(self, job: JobState) -> str:
        model = super().answering_model(job)
        if self.deployment is None:
            msg = f"{_needs_deployment(model)} Then AzureProvider(deployment=NAME) finds it."
            raise FineTuningError(
                msg,
                job_id=job.id,
                status=job.status,
                code="not_deployed",
            )
        if self.account is not None:
            deploy(self.account, self.deployment, model)
        return self.deployment

    @override
    def base_answering_model(self, job: JobState) -> str:
        if self.base_deployment is not None:
            return self.base_deployment
        msg = (
            f"At Azure the base model {job.model} answers only from a deployment of its own: make "
            "one in the portal, then AzureProvider(base_deployment=NAME) finds it."
        )
        raise FineTuningError(msg, job_id=job.id, status=job.status, code="not_deployed")


def _needs_deployment(model: str) -> str:
    """Say how a model is deployed, in a command that can be pasted."""
    host = urlsplit(os.environ.get(_ENDPOINT, "")).hostname or ""
    resource = host.partition(".")[0] or "RESOURCE"
    return (
        "At Azure a finished model answers only from a deployment, which costs by the hour. Make "
        f"one: az cognitiveservices account deployment create --name {shlex.quote(resource)} "
        "--resource-group RESOURCE_GROUP --deployment-name NAME "
        f"--model-name {shlex.quote(model)} --model-version 1 --model-format OpenAI "
        "--sku-name Standard --sku-capacity 1"
    )
