"""Reach a provider: its address, its key, and the clients for it.

The local server ends itself when it is idle and has a new port and key when it is next up.
Clients of it are given HTTP clients that look for it again, so that neither a wait nor a
`ChatOpenAI` notices.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.fine_tuning.following.liveness import look_while_waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_openai import ChatOpenAI
    from openai import OpenAI

__all__ = ["LOOPBACK", "Connection", "ReconnectingServer", "http_library", "refuse_unencrypted"]

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_UNAUTHORIZED = 401
_MOST_MOVES = 3
"""How often a request follows a server that was ended again before it was reached."""


class ReconnectingServer:
    """A server whose address and key change while clients of it live.

    Args:
        at: Its address and key.
        find: Returns its present address and key; starts it where it is down.
        check: Raises an error of this package where it is there and cannot answer.
    """

    def __init__(
        self,
        at: tuple[str, str],
        find: Callable[[], tuple[str, str]],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.at = at
        self.is_doubted = False
        self._find = find
        self._check = check
        self._lock = threading.Lock()

    def check(self) -> None:
        """Make sure that it can answer; it is doubted where it cannot.

        Raises:
            MessengerError: It cannot.
        """
        self.is_doubted = True
        self._check()
        self.is_doubted = False

    def find(self, gone: tuple[str, str]) -> tuple[str, str]:
        """Return its present address and key, as it is gone from the earlier ones."""
        with self._lock:
            if self.at == gone:
                self.at = self._find()
            return self.at


@dataclass(frozen=True)
class Connection:
    """An address on OpenAI's wire.

    Attributes:
        base_url: The address up to `/v1`; None for OpenAI's own, as the environment has it.
        api_key: The key; None takes it from the environment.
        is_loopback: The server runs on this machine: proxies of the environment are not used.
        server: The server, if it may move.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    is_loopback: bool = False
    server: ReconnectingServer | None = field(default=None, repr=False, compare=False)

    def client(self, **options: Any) -> OpenAI:
        """Return a client; options are those of `openai.OpenAI`, such as `timeout`."""
        import openai

        client = openai.OpenAI(
            base_url=self.base_url,
            api_key=self.api_key,
            http_client=_sync_http(self.server) if self.is_loopback else None,
            **options,
        )
        refuse_unencrypted(str(client.base_url))
        return client

    def chat_model(self, model: str, **options: Any) -> ChatOpenAI:
        """Return a `ChatOpenAI` for a model that answers at this address.

        Args:
            model: Its name there.
            **options: Options of the `ChatOpenAI`, and what a `ProviderChatOpenAI` knows beside.
        """
        from langchain_fbmessenger.fine_tuning.chat_model import ProviderChatOpenAI, provider_of

        options = (
            {"provider": provider_of(self)} | options if "provider" not in options else options
        )
        return ProviderChatOpenAI(**({"model": model} | self.chat_settings() | options))

    def chat_settings(self) -> dict[str, Any]:
        """Return the options of a `ChatOpenAI` that reach this address."""
        from pydantic import SecretStr

        settings: dict[str, Any] = {"use_responses_api": False}
        if self.base_url is not None:
            refuse_unencrypted(self.base_url)
            # ChatOpenAI switches usage in streams off for any other address than OpenAI's.
            settings |= {"base_url": self.base_url, "stream_usage": True}
        if self.api_key is not None:
            settings["api_key"] = SecretStr(self.api_key)
        if self.is_loopback:
            settings["http_client"] = _chat_http(self.server)
            settings["http_async_client"] = _async_http(self.server)
        return settings


def refuse_unencrypted(address: str) -> None:
    """Refuse an address that is reached without encryption, unless it is on this machine.

    Raises:
        InvalidOptionError: The address is another machine's, and not https.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        message = f"{parts.hostname} would get your chats and key unencrypted: use https://"
        raise InvalidOptionError(message)


@cache
def http_library() -> Any:
    """Return the library that the SDK sends with: httpx for its major 2, httpx2 for its major 3."""
    import openai

    return import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])


@cache
def _chat_http(server: ReconnectingServer | None) -> Any:
    """Return the one HTTP client of all local chat models: ChatOpenAI never closes its own."""
    return _sync_http(server)


def _sync_http(server: ReconnectingServer | None) -> Any:
    import openai

    if server is None:
        return openai.DefaultHttpxClient(trust_env=False)
    return _following_client()(server)


def _async_http(server: ReconnectingServer | None) -> Any:
    import openai

    if server is None:
        return openai.DefaultAsyncHttpxClient(**_async_options())
    return _following_async_client()(server)


def _async_options() -> dict[str, Any]:
    # A connection that is kept belongs to its event loop, and a model is used in several: the
    # second `asyncio.run` would find it closed.
    return {"trust_env": False, "limits": http_library().Limits(max_keepalive_connections=0)}


@cache
def _following_client() -> type[Any]:
    """Return an HTTP client that follows a server that moves; made late, since openai is slow.

    A request is sent again only where it was surely not acted upon: nothing listened, or what
    did does not know the key.
    """
    import openai

    class FollowingClient(openai.DefaultHttpxClient):
        def __init__(self, server: ReconnectingServer) -> None:
            super().__init__(trust_env=False)
            self._server = server
            look_while_waiting(self, server.check, is_async=False)

        def send(self, request: Any, **options: Any) -> Any:
            if self._server.is_doubted:  # the SDK tries again where a request has failed
                self._server.check()
            for _ in range(_MOST_MOVES):
                at = self._server.at
                _direct(request, at)
                try:
                    response = super().send(request, **options)
                except http_library().ConnectError:
                    self._server.find(gone=at)
                    continue
                if response.status_code != _UNAUTHORIZED or self._server.find(gone=at) == at:
                    return response
                response.close()
            _direct(request, self._server.at)
            return super().send(request, **options)

    return FollowingClient


@cache
def _following_async_client() -> type[Any]:
    """Return the async twin of `_following_client`."""
    import openai

    class FollowingAsyncClient(openai.DefaultAsyncHttpxClient):
        def __init__(self, server: ReconnectingServer) -> None:
            super().__init__(**_async_options())
            self._server = server
            look_while_waiting(self, server.check, is_async=True)

        async def send(self, request: Any, **options: Any) -> Any:
            if self._server.is_doubted:
                await run_in_thread(self._server.check)
            for _ in range(_MOST_MOVES):
                at = self._server.at
                _direct(request, at)
                try:
                    response = await super().send(request, **options)
                except http_library().ConnectError:
                    await run_in_thread(self._server.find, at)
                    continue
                is_known = response.status_code != _UNAUTHORIZED
                if is_known or await run_in_thread(self._server.find, at) == at:
                    return response
                await response.aclose()
            _direct(request, self._server.at)
            return await super().send(request, **options)

    return FollowingAsyncClient


def _direct(request: Any, at: tuple[str, str]) -> None:
    """Point a request at an address."""
    base_url, api_key = at
    parts = urlsplit(base_url)
    request.url = request.url.copy_with(scheme=parts.scheme, host=parts.hostname, port=parts.port)
    request.headers["Host"] = parts.netloc
    request.headers["Authorization"] = f"Bearer {api_key}"
