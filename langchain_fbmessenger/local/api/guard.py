"""Local server: what every request passes before it reaches a route.

Plain ASGI: the key is asked for (in constant time), bodies are bounded, and the time of the last
request is kept, by which an idle server ends itself.
"""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from langchain_fbmessenger.local.api.errors import ApiError, error_body

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_UPLOAD = 512 * 1024 * 1024
"""OpenAI's limit for one training file."""
MAX_BODY = 16 * 1024 * 1024

_OPEN_PATHS = frozenset({"/health"})
_UPLOAD_PATH = "/v1/files"
_FORM_OVERHEAD = 64 * 1024


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, api_key: str) -> None:
        self._app = app
        self._api_key = api_key.encode()
        self._open_requests = 0
        self._last_request = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last request ended; 0 while one is open."""
        return 0.0 if self._open_requests else time.monotonic() - self._last_request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._open_requests += 1
        try:
            await self._guarded(scope, receive, send)
        finally:
            self._open_requests -= 1
            self._last_request = time.monotonic()

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = scope["path"]
        limit = MAX_UPLOAD + _FORM_OVERHEAD if path == _UPLOAD_PATH else MAX_BODY
        length = headers.get("content-length", "0")
        if path not in _OPEN_PATHS and not self._knows_key(headers):
            message = "Incorrect API key provided. It stands in the state folder's server.json."
            body = error_body(message, status=401, code="invalid_api_key")
            await JSONResponse(body, 401)(scope, receive, send)
        elif not length.isdecimal() or int(length) > limit:
            body = error_body(f"The body is larger than {limit} bytes.", status=413)
            await JSONResponse(body, 413)(scope, receive, send)
        else:
            await self._app(scope, _bounded(receive, limit), send)

    def _knows_key(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(key.encode(), self._api_key)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Count what really arrives: a chunked body announces no length."""
    arrived = 0

    async def bounded() -> Message:
        nonlocal arrived
        message = await receive()
        arrived += len(message.get("body", b""))
        if arrived > limit:
            msg = f"The body is larger than {limit} bytes."
            raise ApiError(msg, status=413)
        return message

    return bounded
