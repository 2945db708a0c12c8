"""Define the providers of fine-tuning: where jobs are sent, and what each asks for.

A provider is a small class with hooks (`base.Provider`); what differs between those that speak
OpenAI's wire is in its class and nowhere else.
"""

from __future__ import annotations

from langchain_fbmessenger.exceptions import InvalidInputError, UnknownProviderError
from langchain_fbmessenger.fine_tuning.providers.azure import AzureProvider
from langchain_fbmessenger.fine_tuning.providers.base import Provider
from langchain_fbmessenger.fine_tuning.providers.compatible import CompatibleProvider
from langchain_fbmessenger.fine_tuning.providers.local import LocalProvider
from langchain_fbmessenger.fine_tuning.providers.nebius import NebiusProvider
from langchain_fbmessenger.fine_tuning.providers.openai import OpenAIProvider

__all__ = [
    "AzureProvider",
    "CompatibleProvider",
    "LocalProvider",
    "NebiusProvider",
    "OpenAIProvider",
    "Provider",
    "find_provider",
]

_BY_NAME: dict[str, type[Provider]] = {
    provider.name: provider
    for provider in (LocalProvider, OpenAIProvider, AzureProvider, NebiusProvider)
}


def find_provider(provider: str | Provider) -> Provider:
    """Return a provider by its name or address; an instance is returned as it is.

    Args:
        provider: `local`, `openai`, `azure`, `nebius`, the address of another server that speaks
            OpenAI's wire (`https://host/v1`), or a `Provider`.

    Raises:
        UnknownProviderError: No provider has that name.
        InvalidInputError: It is neither a name nor an instance, but a class for one.
    """
    if isinstance(provider, Provider):
        return provider
    if isinstance(provider, type):
        message = f"give an instance of the provider, {provider.__name__}(), not its class"
        raise InvalidInputError(message)
    if not isinstance(provider, str):
        message = f"a provider is a name, an address or a Provider, not a {type(provider).__name__}"
        raise InvalidInputError(message)
    if provider.startswith(("https://", "http://")):
        return CompatibleProvider(base_url=provider)
    if provider in _BY_NAME:
        return _BY_NAME[provider]()
    raise UnknownProviderError(
        provider,
        sorted(_BY_NAME),
        what="provider",
        others=", the address of another (https://host/v1), or a Provider of your own",
    )
