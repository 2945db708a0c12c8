"""Wrap a provider's model as a `ChatOpenAI` that counts tokens as the model itself does.

Imported late, since langchain-openai is slow.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence  # noqa: TC003 - see BaseTool
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import LangSmithParams  # noqa: TC002 - see BaseTool
from langchain_core.messages import BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk, ChatResult  # noqa: TC002 - see BaseTool
from langchain_core.tools import BaseTool  # noqa: TC002 - `with_fallbacks` reads our type hints
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field, SecretStr, model_validator
from typing_extensions import Self, override

from langchain_fbmessenger.exceptions import FineTuningError, InvalidOptionError
from langchain_fbmessenger.fine_tuning.errors import own_errors
from langchain_fbmessenger.fine_tuning.providers import (
    CompatibleProvider,
    LocalProvider,
    OpenAIProvider,
    Provider,
    find_provider,
)
from langchain_fbmessenger.fine_tuning.token_counts import (
    Counted,
    CountsHere,
    ask_server,
    encoding_on_disk,
    is_refusal,
    say_estimated,
    user_first,
)

if TYPE_CHECKING:
    import tiktoken

    from langchain_fbmessenger.fine_tuning.connection import Connection

__all__ = ["ProviderChatOpenAI", "provider_of"]

_KEYS = frozenset({"openai_api_key", "api_key"})
_ADDRESSES = frozenset({"openai_api_base", "base_url"})
_CLIENTS = frozenset(
    {
        "client",
        "async_client",
        "root_client",
        "root_async_client",
        "http_client",
        "http_async_client",
    }
)
_UNTOLD = _CLIENTS | _KEYS | _ADDRESSES | {"provider", "stream_usage", "use_responses_api"}


class ProviderChatOpenAI(ChatOpenAI):
    """A `ChatOpenAI` whose model answers at a provider; made by `job.chat_model()`.

    Beside what `ChatOpenAI` does, it counts tokens by the model's own tokenizer and chat template
    where the provider's server has vLLM's `/tokenize` (`local`, vLLM), so that `trim_messages` cuts
    a history to what really fits. It holds no address and no key where it is cached, serialised or
    pickled, and finds both again from its provider.

    Example:
        ```python
        model = job.chat_model(max_tokens=200)
        room = model.context_length() - 200
        trim_messages(history, max_tokens=room, token_counter=model, include_system=True)
        ```
    """

    provider: Any = Field(default=None, exclude=True)
    """The `Provider`, or what `find_provider` takes."""

    job_id: str | None = None
    """The job that tuned the model, None for a base: two jobs never share a cached answer."""

    base_model: str | None = None
    """The base model that was tuned: its tokenizer counts."""

    @model_validator(mode="before")
    @classmethod
    def _reached(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Find address and key where they are not given, as in what was serialised."""
        provider = values.get("provider")
        if provider is None or values.keys() & (_CLIENTS | _KEYS):
            return values
        provider = find_provider(provider)
        found = provider.lazy_connection().chat_settings()
        given = next((values[name] for name in _ADDRESSES & values.keys()), None)
        if given is not None and str(found.get("base_url", given)).rstrip("/") != given.rstrip("/"):
            message = f"the model was at {given}, and provider {provider.label!r} is elsewhere now"
            raise InvalidOptionError(message)
        kept = {name: value for name, value in values.items() if name not in _ADDRESSES}
        return found | kept | {"provider": provider}

    @model_validator(mode="after")
    def _of_a_provider(self) -> Self:
        provider = self.provider
        if provider is None:
            address = self.openai_api_base
            provider = CompatibleProvider(base_url=address) if address else OpenAIProvider()
        if not isinstance(provider, Provider):
            provider = find_provider(provider)
        if provider is not self.provider:
            self.provider = provider
        return self

    def context_length(self) -> int | None:
        """Return how many tokens the model reads and writes; None where its server does not say.

        Raises:
            FineTuningError: The server cannot be reached.
        """
        counted = self._counted(prompt="", add_special_tokens=False)
        return counted.context_length if counted else None

    @override
    def get_token_ids(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, as the model's tokenizer gives them.

        Raises:
            FineTuningError: The provider's server has no tokenizer to ask, and tiktoken does not
                know the model or has no table of it on this machine.
        """
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        counted = self._counted(prompt=text, add_special_tokens=False)
        if counted is not None and counted.tokens is not None:
            return counted.tokens
        if (encoding := self._encoding()) is not None:
            return encoding.encode(text, disallowed_special=())
        message = (
            f"provider {self.provider.label!r} does not tell the tokens of {self.model_name!r}, "
            "and tiktoken has no table of it on this machine: get_num_tokens() estimates how many "
            "there are, custom_get_token_ids= takes a tokenizer"
        )
        raise FineTuningError(message, code="no_tokenizer")

    @override
    def get_num_tokens(self, text: str) -> int:
        """Return the number of a text's tokens.

        Raises:
            FineTuningError: The server cannot be reached.
        """
        if self.custom_get_token_ids is None:
            counted = self._counted(prompt=text, add_special_tokens=False)
            if counted is not None:
                return counted.n_tokens
        return self._counter().of_text(text)

    @override
    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool] | None = None,
        *,
        allow_fetching_images: bool = False,
    ) -> int:
        """Return the number of tokens of a chat, its template and the answer's opening included.

        Args:
            messages: The chat; an empty one has no tokens.
            tools: Tools that the model is shown; a server whose model reads none refuses them.
            allow_fetching_images: Without effect: no image is ever fetched. Servers with a
                `/tokenize` say whether their model reads images; elsewhere they count nothing,
                and a warning says so.

        Raises:
            FineTuningError: The server refuses the messages, or cannot be reached.
        """
        del allow_fetching_images
        if not messages:
            return 0
        payload = self._get_request_payload(list(messages))
        told = payload.get("messages") or convert_to_openai_messages(list(messages))
        shown = [convert_to_openai_tool(tool) for tool in tools or ()]
        if self.custom_get_token_ids is None:
            counted = self._counted_chat(told, {"tools": shown} if shown else {})
            if counted is not None:
                return counted.n_tokens
        return self._counter().of_chat(told, shown)

    @override
    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        with own_errors():
            return super()._generate(*args, **kwargs)

    @override
    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        with own_errors():
            return await super()._agenerate(*args, **kwargs)

    @override
    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        with own_errors():
            yield from super()._stream(*args, **kwargs)

    @override
    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        with own_errors():
            async for chunk in super()._astream(*args, **kwargs):
                yield chunk

    def _counted_chat(self, messages: list[dict[str, Any]], more: dict[str, Any]) -> Counted | None:
        try:
            return self._counted(messages=messages, **more)
        except FineTuningError as error:
            whole = user_first(messages)
            if whole == messages or not is_refusal(error):
                raise
            return self._counted(messages=whole, **more)

    def _counter(self) -> CountsHere:
        """Return what counts on this machine."""
        if self.custom_get_token_ids is not None:
            return CountsHere(self.custom_get_token_ids)
        encoding = self._encoding()
        if encoding is None:
            say_estimated(self.provider.label, self._known_as())
            return CountsHere(None)
        return CountsHere(partial(encoding.encode, disallowed_special=()))

    def _encoding(self) -> tiktoken.Encoding | None:
        return encoding_on_disk(self._known_as())

    def _known_as(self) -> str:
        """Return the name of the base model, by which tokenizers are known."""
        name = self.tiktoken_model_name or self.base_model or self.model_name
        parts = name.split(":")
        return parts[1] if parts[0] == "ft" and len(parts) > 1 else name

    def _counted(self, **asked: Any) -> Counted | None:
        if self.root_client is None:  # its key is given by an async function only
            return None
        return ask_server(self.root_client, self.provider, {"model": self.model_name, **asked})

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = self.provider.name
        return params

    @classmethod
    @override
    def get_lc_namespace(cls) -> list[str]:
        """Return where the class is found again; `ChatOpenAI`'s own would ask OpenAI."""
        return cls.__module__.split(".")

    @property
    @override
    def lc_secrets(self) -> dict[str, str]:
        return {}  # the key is the provider's to find, and never OpenAI's for another host

    @override
    def to_json(self) -> Any:
        told: Any = super().to_json()
        left_out = _KEYS | _ADDRESSES if self.provider.moves else _KEYS
        kwargs = {name: v for name, v in told["kwargs"].items() if name not in left_out}
        return {**told, "kwargs": {**kwargs, "provider": self.provider.label}}

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        del protocol
        provider = _without_secrets(self.provider)
        return _rebuilt, (type(self), {**self._given(), "provider": provider})

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # The clients are shared: they hold locks, and one of them serves any number of models.
        return self.model_copy(update=deepcopy(self._given(), memo))

    def _given(self) -> dict[str, Any]:
        names = self.model_fields_set - _CLIENTS - _KEYS - _ADDRESSES - {"provider"}
        return {name: getattr(self, name) for name in names}

    @override
    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        yield "model", self.model_name
        yield "provider", self.provider.label
        fields = type(self).model_fields
        for name in sorted(self.model_fields_set - _UNTOLD - {"model_name"}):
            value = getattr(self, name)
            is_default = value == fields[name].get_default(call_default_factory=True)
            if isinstance(value, int | float) and not is_default:
                yield name, value


def provider_of(connection: Connection) -> Provider:
    """Return a provider for a connection that does not say whose it is."""
    if connection.server is not None:
        return LocalProvider()
    if connection.base_url is None:
        return OpenAIProvider()
    key: Any = connection.api_key
    return CompatibleProvider(base_url=connection.base_url, api_key=key)


def _without_secrets(part: BaseModel) -> BaseModel:
    """Return a copy of a provider without its keys, which are then found in the environment."""
    kept: dict[str, Any] = {}
    for name, value in part:
        if isinstance(value, SecretStr):
            kept[name] = None
        elif isinstance(value, BaseModel):
            kept[name] = _without_secrets(value)
    return part.model_copy(update=kept)


def _rebuilt(cls: type[ProviderChatOpenAI], values: dict[str, Any]) -> ProviderChatOpenAI:
    return cls(**values)
