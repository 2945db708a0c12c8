"""Deploy models at Azure OpenAI, by its management REST API.

Source: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/fine-tuning-deploy (read
2026-11).
"""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr

from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.connection import http_library, refuse_unencrypted

__all__ = ["AzureAccount", "deploy"]

_TOKEN = "AZURE_MANAGEMENT_TOKEN"  # noqa: S105  # the name of a variable
_API_VERSION = "2024-10-01"
_POLL_SECONDS = 10.0
_LONGEST_SECONDS = 3600.0
_RETRY_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
_FAILED = {"Failed", "Canceled", "Disabled"}


class AzureAccount(Options):
    """An Azure OpenAI resource and the right to make deployments in it."""

    subscription: str
    resource_group: str
    resource: str

    token: SecretStr | None = Field(default=None, repr=False)
    """What `az account get-access-token` prints; None takes the environment's
    `AZURE_MANAGEMENT_TOKEN`."""

    sku: str = "Standard"
    capacity: int = 1

    management_url: str = "https://management.azure.com"
    """Another for Azure's sovereign clouds."""


def deploy(account: AzureAccount, name: str, model: str) -> None:
    """Make a deployment of a model unless that name exists, and wait until it is ready.

    Raises:
        FineTuningError: It cannot be made, or the one of that name serves another model.
    """
    import openai

    token = account.token.get_secret_value() if account.token else os.environ.get(_TOKEN)
    if not token:
        message = (
            f"a deployment is made with a token in the environment variable {_TOKEN}: "
            "export it from `az account get-access-token --query accessToken -o tsv`"
        )
        raise FineTuningError(message, code="missing_key")
    refuse_unencrypted(account.management_url)
    address = (
        f"{account.management_url}/subscriptions/{quote(account.subscription, safe='')}"
        f"/resourceGroups/{quote(account.resource_group, safe='')}"
        f"/providers/Microsoft.CognitiveServices/accounts/{quote(account.resource, safe='')}"
        f"/deployments/{quote(name, safe='')}"
    )
    with openai.DefaultHttpxClient(
        params={"api-version": _API_VERSION}, headers={"Authorization": f"Bearer {token}"}
    ) as http:
        found = _ask(http, "GET", address)
        if found.status_code == 404:  # noqa: PLR2004  # HTTP's "not found"
            found = _ask(http, "PUT", address, json=_wanted(account, model))
        _await_ready(http, address, found, name, model)


def _wanted(account: AzureAccount, model: str) -> dict[str, Any]:
    return {
        "sku": {"name": account.sku, "capacity": account.capacity},
        "properties": {"model": {"format": "OpenAI", "name": model, "version": "1"}},
    }


def _await_ready(http: Any, address: str, answer: Any, name: str, model: str) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while True:
        properties = _properties(answer, name)
        served = properties.get("model", {}).get("name")
        if served is not None and served != model:
            message = f"the deployment {name!r} serves another model, {served!r}: choose a new name"
            raise FineTuningError(message, code="deployment_taken")
        state = properties.get("provisioningState")
        if state == "Succeeded":
            return
        if state in _FAILED:
            message = f"the deployment {name!r} of {model!r} ended as {state}"
            raise FineTuningError(message, code="deployment_failed")
        if time.monotonic() > deadline:
            message = f"the deployment {name!r} is still {state}; ask again later"
            raise FineTuningError(message, code="timeout")
        time.sleep(_POLL_SECONDS)
        answer = _ask(http, "GET", address)


def _ask(http: Any, method: str, address: str, **options: Any) -> Any:
    """Ask again after transient faults until an answer comes; both methods may be repeated.

    Raises:
        FineTuningError: No answer came.
    """
    for pause in (*_RETRY_PAUSES, None):
        try:
            answer = http.request(method, address, **options)
        except http_library().HTTPError as error:
            if pause is None:
                message = f"Azure's management API could not be reached: {type(error).__name__}"
                raise FineTuningError(message, code="connection_error") from error
        else:
            if pause is None or not (answer.status_code == 429 or answer.is_server_error):  # noqa: PLR2004
                return answer
        time.sleep(pause)
    return None


def _properties(answer: Any, name: str) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.is_error:
        error = body.get("error") or {}
        message = (
            f"Azure answered {answer.status_code} to the deployment {name!r}: "
            f"{error.get('message') or error.get('code') or answer.reason_phrase}"
        )
        raise FineTuningError(message, code=error.get("code"))
    properties: dict[str, Any] = body.get("properties") or {}
    return properties
