"""Train at any other server that speaks OpenAI's wire, given by its address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from typing_extensions import override

from langchain_fbmessenger.examples import ExampleRules
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.fine_tuning.connection import LOOPBACK, Connection, refuse_unencrypted
from langchain_fbmessenger.fine_tuning.providers.base import (
    Provider,
    key_from,
    table_rules,
    trainable_model,
)

if TYPE_CHECKING:
    from openai import OpenAI

_KEY = "FINE_TUNING_API_KEY"


class CompatibleProvider(Provider):
    """A server of your own or another service that does as OpenAI's fine-tuning does.

    Its key is `api_key`, else the environment's `FINE_TUNING_API_KEY`: OpenAI's key is never sent
    to another host. A server on this machine may do without.

    Example:
        ```python
        provider = CompatibleProvider(base_url="https://tuning.example.org/v1")
        tuner = FineTuner(provider=provider, model="Qwen3-8B")
        ```
    """

    name: ClassVar[str] = "compatible"
    tokenize_path: ClassVar[str | None] = "/tokenize"  # vLLM has it; other servers are asked once

    base_url: str
    """Its address up to `/v1`."""

    api_key: SecretStr | None = Field(default=None, repr=False)
    """The key; None takes it from the environment."""

    rules: str | None = None
    """Whose rules hold for training examples, such as `openai`; None asks for the least."""

    @field_validator("base_url")
    @classmethod
    def _safe(cls, base_url: str) -> str:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = "the address of a provider must be such as https://host/v1"
            raise InvalidOptionError(message)
        if parts.query or parts.fragment:
            message = "the address of a provider must end with its path, such as https://host/v1"
            raise InvalidOptionError(message)
        if parts.username or parts.password:
            message = f"the address of a provider must not hold a key: set {_KEY}"
            raise InvalidOptionError(message)
        refuse_unencrypted(base_url)
        return base_url

    @field_validator("rules")
    @classmethod
    def _known_rules(cls, rules: str | None) -> str | None:
        if rules is not None:
            table_rules(rules)
        return rules

    @property
    @override
    def label(self) -> str:
        return self.base_url

    @property
    @override
    def is_private(self) -> bool:
        return urlsplit(self.base_url).hostname in LOOPBACK

    @override
    def connection(self) -> Connection:
        if self.api_key is not None:
            key = self.api_key.get_secret_value()
        elif self.is_private:
            key = os.environ.get(_KEY, "none")
        else:
            key = key_from(_KEY, self.label)
        return Connection(self.base_url, key, is_loopback=self.is_private)

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        trainable_model(client, model, self)
        if self.rules is not None:
            return table_rules(self.rules)
        return ExampleRules(provider=self.name, names=True)
