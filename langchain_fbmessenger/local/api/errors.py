"""Write every refusal in OpenAI's shape, `{"error": {message, type, param, code}}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import JSONResponse, Response

from langchain_fbmessenger.local.training.shortages import is_disk_full, is_out_of_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.exceptions import HTTPException
    from starlette.requests import Request


CLIENT_CLOSED = 499
"""nginx's status for it."""
_BUSY, _NO_STORAGE = 503, 507


class ApiError(Exception):
    """A request that is refused, with what its sender is told."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.body = error_body(message, status=status, param=param, code=code)


def error_body(
    message: str, *, status: int, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """Write an error as OpenAI's clients read it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def not_found(*, what: str, value: str, param: str = "id", code: str | None = None) -> ApiError:
    """Return the error for an id that does not exist."""
    return ApiError(f"No such {what}: {value}", status=404, param=param, code=code)


async def on_api_error(request: Request, error: Exception) -> Response:
    """Answer with an `ApiError`."""
    del request
    refusal = cast("ApiError", error)
    return JSONResponse(refusal.body, status_code=refusal.status, headers=refusal.headers)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer where Starlette itself refused: unknown path, wrong method, broken form."""
    refusal = cast("HTTPException", error)
    message = f"{refusal.detail}: {request.method} {request.url.path}"
    body = error_body(message, status=refusal.status_code)
    return JSONResponse(body, status_code=refusal.status_code, headers=refusal.headers)


async def on_disconnect(request: Request, error: Exception) -> Response:
    """Answer a client that has gone away during its own request; nothing reads this."""
    del request, error
    return Response(status_code=CLIENT_CLOSED)


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer when our own code failed; what is known goes to the log, not to the client."""
    del request
    if is_disk_full(error):
        message = "The disk of the state folder is full."
        return JSONResponse(
            error_body(message, status=_NO_STORAGE, code="insufficient_storage"), _NO_STORAGE
        )
    if is_out_of_files(error):
        message = "The server has too many files open at the moment."
        return JSONResponse(error_body(message, status=_BUSY), _BUSY, {"Retry-After": "1"})
    message = f"The server failed ({type(error).__name__}); see its log."
    return JSONResponse(error_body(message, status=500), status_code=500)
