"""Providers of fine-tuning: where jobs are sent, and what each asks for.

`local` is this package's own server on the user's machine; `openai` is OpenAI's, which closes.
Sources: https://platform.openai.com/docs/deprecations and
https://platform.openai.com/docs/guides/supervised-fine-tuning (read 2026-11).
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from langchain_fbmessenger.examples import ExampleRules, rules_for
from langchain_fbmessenger.examples.tokens import LIKELY
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.connection import Connection

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import Model

__all__ = ["LocalProvider", "OpenAIProvider", "Provider", "find_provider"]

_OPENAI_LAST_DAY = date(2027, 1, 6)
_OPENAI_MODELS_LEAVE = date(2027, 1, 14)


class Provider(BaseModel, ABC):
    """A provider of fine-tuning that speaks OpenAI's wire.

    Subclass it for another one and give the instance to `FineTuner(provider=...)`.
    """

    model_config = ConfigDict(frozen=True)

    name: ClassVar[str]

    poll_seconds: ClassVar[float] = 5.0
    """Time between two looks at a job."""

    @abstractmethod
    def connection(self) -> Connection:
        """Return where the provider is reached; may start a server."""

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


class LocalProvider(Provider):
    """The fine-tuning server of this package, on the user's own machine.

    A running server is found, else one is started. Chats stay on this machine. Needs the extra
    `[local]`.
    """

    name: ClassVar[str] = "local"
    poll_seconds: ClassVar[float] = 0.5

    @override
    def connection(self) -> Connection:
        from langchain_fbmessenger.local import ensure_server

        server = ensure_server()
        return Connection(base_url=server.base_url, api_key=server.api_key, is_loopback=True)

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        found = client.models.retrieve(model)

        def count_tokens(turns: list[Any]) -> int:
            address = str(client.base_url.copy_with(path="/tokenize"))
            body = {"model": model, "messages": turns}
            answer: Any = client.post(address, body=body, cast_to=object)
            return int(answer["count"])

        context = _extension(found, "context_length")
        return replace(rules_for(self.name), max_tokens=context, count_tokens=count_tokens)


class OpenAIProvider(Provider):
    """OpenAI's own fine-tuning, which takes no new jobs from 2027-01-06 on.

    The key is the environment's `OPENAI_API_KEY`. Chats are uploaded to OpenAI.
    """

    name: ClassVar[str] = "openai"

    @override
    def connection(self) -> Connection:
        return Connection()

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        warnings.warn(
            f"OpenAI takes no fine-tuning jobs from {_OPENAI_LAST_DAY} on, and the models that can "
            f"be tuned leave its API on {_OPENAI_MODELS_LEAVE}, together with their fine-tunes. "
            'FineTuner(provider="local") trains on this machine.',
            stacklevel=3,
        )
        shutdown = _as_date(_extension(client.models.retrieve(model), "shutdown_date"))
        if shutdown is not None and shutdown <= datetime.now(tz=timezone.utc).date():
            message = f"OpenAI has shut down the base model {model!r} on {shutdown}."
            raise FineTuningError(message, code="model_shut_down")
        # Counting exactly would download tiktoken's tables.
        return replace(rules_for(self.name), count_tokens=LIKELY.of_turns)


_PROVIDERS: dict[str, type[Provider]] = {
    provider.name: provider for provider in (LocalProvider, OpenAIProvider)
}


def find_provider(provider: str | Provider) -> Provider:
    """Return a provider by its name; an instance is returned as it is.

    Raises:
        ValueError: There is none of that name.
    """
    if isinstance(provider, Provider):
        return provider
    if provider not in _PROVIDERS:
        known = ", ".join(sorted(_PROVIDERS))
        message = f"unknown provider {provider!r}: use one of {known}, or a Provider of your own"
        raise ValueError(message)
    return _PROVIDERS[provider]()


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
