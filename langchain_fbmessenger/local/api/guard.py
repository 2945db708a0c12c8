"""Check every request before it reaches a route.

Plain ASGI: the host is checked, the key is asked for (in constant time), requests are counted,
bodies are bounded, and the time of the last request is kept, by which an idle server ends itself.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from langchain_fbmessenger.local.api.errors import ApiError, error_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD = 512 * 1024 * 1024
"""OpenAI's limit for one training file."""
MAX_BODY = 16 * 1024 * 1024
DEFAULT_REQUESTS = 1024

STRANGER = "is_stranger"
"""Marks, in the scope's state, a request whose client does not know the key."""

_OPEN_PATHS = frozenset({"/health"})
_UPLOAD_PATH = "/v1/files"
_FORM_OVERHEAD = 64 * 1024
_HOST = re.compile(r"(?P<name>[^\[\]:@/\\\s]+|\[(?P<v6>[0-9A-Fa-f:.]+)\])(:[0-9]{0,5})?")
_V6 = ipaddress.ip_address("::1")


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, api_key: str, most_requests: int = DEFAULT_REQUESTS
    ) -> None:
        """Guard an application.

        Args:
            app: The application.
            api_key: The key that is asked for.
            most_requests: How many that know the key are answered at once.
        """
        self._app = app
        self._most_requests = most_requests
        self._api_key = api_key.encode()
        self._open_requests = 0
        self._answered = 0
        self._last_request = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last request ended; 0 while one is open."""
        return 0.0 if self._open_requests else time.monotonic() - self._last_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        self._open_requests += 1
        try:
            answer = self._refusal(scope) or self._admitted
            await answer(scope, receive, send)
        finally:
            self._open_requests -= 1
            self._last_request = time.monotonic()

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, _limit_of(scope["path"]), self._take_in)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._answered -= body.is_whole

    def _take_in(self) -> None:
        """Count a request whose body has come; a slow sender takes no place until then.

        Raises:
            ApiError: Too many are being answered.
        """
        if self._answered >= self._most_requests:
            message = f"{self._most_requests} requests are being answered: send fewer at once."
            raise ApiError(message, status=503, headers={"Retry-After": "1"})
        self._answered += 1

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that reaches no route, None to one that may."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        is_open, knows_key = scope["path"] in _OPEN_PATHS, self._knows_key(headers)
        if not knows_key:
            scope.setdefault("state", {})[STRANGER] = True
        if len(hosts) != 1 or not is_own_host(hosts[0]):
            return _refused("Only localhost and loopback addresses are served as Host.", 400)
        if not scope["path"].startswith("/"):  # a whole URL, which names a host of its own
            return _refused("The request's target is not a path.", 400)
        if not (is_open or knows_key):
            message = "Incorrect API key provided. The state folder's server.json holds it."
            return _refused(message, 401, code="invalid_api_key")
        length, limit = headers.get("content-length", "0"), _limit_of(scope["path"])
        if not length.isdecimal() or int(length) > limit:
            return _refused(f"The body is larger than {limit} bytes.", 413)
        return None

    def _knows_key(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(key.encode(), self._api_key)


def _limit_of(path: str) -> int:
    return MAX_UPLOAD + _FORM_OVERHEAD if path == _UPLOAD_PATH else MAX_BODY


def _refused(message: str, status: int, *, code: str | None = None) -> Response:
    return JSONResponse(error_body(message, status=status, code=code), status)


class _Body:
    """The body of a request as its route receives it."""

    def __init__(self, receive: Receive, limit: int, when_whole: Callable[[], None]) -> None:
        self._receive = receive
        self._limit = limit
        self._when_whole = when_whole
        self._arrived = 0
        self.is_whole = False

    async def receive(self) -> Message:
        """Count what really arrives: a chunked body announces no length."""
        message = await self._receive()
        if message["type"] == "http.request" and not self.is_whole:
            self._arrived += len(message.get("body", b""))
            if self._arrived > self._limit:
                msg = f"The body is larger than {self._limit} bytes."
                raise ApiError(msg, status=413)
            if not message.get("more_body", False):
                self._when_whole()
                self.is_whole = True
        return message


def is_own_host(value: str) -> bool:
    """Say whether a Host header names this machine by `localhost` or a loopback address.

    A web page can have its own name resolve to 127.0.0.1 and then read what this server answers,
    key or not (DNS rebinding). Its browser still sends that name as the Host, so only names that no
    other site can have are served.

    The port is not compared: it may be another one at the other end of a tunnel.
    """
    match = _HOST.fullmatch(value)
    if match is None:
        return False
    name = match["name"].lower()
    if name in {"localhost", "localhost."}:
        return True
    try:
        address = ipaddress.ip_address(match["v6"] or name)
    except ValueError:
        return False
    is_bracketed = match["v6"] is not None
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_loopback and not is_bracketed
    return address == _V6 and is_bracketed
