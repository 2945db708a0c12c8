"""Build the HTTP application: OpenAI's routes over the store, the queue and the engines."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from langchain_fbmessenger.local.api import adapters, chat, files, fine_tuning, models
from langchain_fbmessenger.local.api.errors import (
    ApiError,
    on_api_error,
    on_crash,
    on_disconnect,
    on_http_error,
)
from langchain_fbmessenger.local.api.services import Services, services_of
from langchain_fbmessenger.local.jobs.store import sweep
from langchain_fbmessenger.local.process.address import proof
from langchain_fbmessenger.local.process.ending import CHILDREN_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response


def create_app(services: Services) -> Starlette:
    """Build the application; its queue runs between startup and shutdown."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(sweep, services.home, services.store)
        await anyio.to_thread.run_sync(files.remove_expired, services)
        await anyio.to_thread.run_sync(services.queue.start)
        yield
        async with anyio.create_task_group() as ending:
            ending.start_soon(anyio.to_thread.run_sync, services.queue.stop)
            ending.start_soon(services.engines.close, CHILDREN_SECONDS)
        await anyio.to_thread.run_sync(services.store.close)

    app = Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            *files.routes,
            *fine_tuning.routes,
            *models.routes,
            *adapters.routes,
            *chat.routes,
        ],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_error,
            ClientDisconnect: on_disconnect,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # it would send clients to whatever host they named
    app.state.services = services
    return app


def _health(request: Request) -> Response:
    """Say that the server is up, and prove that it is the one of this state folder."""
    challenge = request.query_params.get("challenge", "")
    return JSONResponse({"status": "ok", "proof": proof(services_of(request).api_key, challenge)})
