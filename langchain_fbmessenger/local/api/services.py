"""Hold what the routes share, in one object at `app.state.services`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

    from langchain_fbmessenger.local.engines.pool import EnginePool
    from langchain_fbmessenger.local.jobs.job_queue import JobQueue
    from langchain_fbmessenger.local.jobs.store import Store
    from langchain_fbmessenger.local.process.home import Home


@dataclass(frozen=True)
class Services:
    """The parts of a running server."""

    home: Home
    store: Store
    queue: JobQueue
    engines: EnginePool
    api_key: str


def services_of(request: Request) -> Services:
    """Return the services of the server that got this request."""
    services: Services = request.app.state.services
    return services
