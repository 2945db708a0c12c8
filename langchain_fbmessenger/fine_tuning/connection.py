"""How a provider is reached: address, key, and the clients for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI
    from openai import AsyncOpenAI, OpenAI

__all__ = ["Connection"]


@dataclass(frozen=True)
class Connection:
    """An address on OpenAI's wire.

    Attributes:
        base_url: The address up to `/v1`; None for OpenAI's own, as the environment has it.
        api_key: The key; None takes it from the environment.
        is_loopback: The server runs on this machine: proxies of the environment are passed by.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    is_loopback: bool = False

    def client(self) -> OpenAI:
        """Return a client."""
        import openai

        http = openai.DefaultHttpxClient(trust_env=False) if self.is_loopback else None
        return openai.OpenAI(base_url=self.base_url, api_key=self.api_key, http_client=http)

    def async_client(self) -> AsyncOpenAI:
        """Return a client for async code."""
        import openai

        http = openai.DefaultAsyncHttpxClient(trust_env=False) if self.is_loopback else None
        return openai.AsyncOpenAI(base_url=self.base_url, api_key=self.api_key, http_client=http)

    def chat_model(self, model: str, **options: Any) -> ChatOpenAI:
        """Return a `ChatOpenAI` for a model that answers at this address."""
        import openai
        from langchain_openai import ChatOpenAI
        from pydantic import SecretStr

        settings: dict[str, Any] = {"model": model, "use_responses_api": False}
        if self.base_url is not None:
            # ChatOpenAI switches usage in streams off for any other address than OpenAI's.
            settings |= {"base_url": self.base_url, "stream_usage": True}
        if self.api_key is not None:
            settings["api_key"] = SecretStr(self.api_key)
        if self.is_loopback:
            settings["http_client"] = _loopback_client()
            settings["http_async_client"] = openai.DefaultAsyncHttpxClient(trust_env=False)
        return ChatOpenAI(**(settings | options))


@cache
def _loopback_client() -> Any:
    """Return the one HTTP client of all local chat models: ChatOpenAI never closes its own."""
    import openai

    return openai.DefaultHttpxClient(trust_env=False)
