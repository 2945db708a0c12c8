"""Run the server in this process.

One server per state folder, on the loopback interface only, with a random key. Its address lies in
the folder's `server.json` while it runs.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import socket
import sqlite3
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.own_processes import no_core_dumps, switch_off_telemetry
from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.process.address import (
    ServerAddress,
    raise_if_stopped,
    running_server,
    write_address,
)
from langchain_fbmessenger.local.process.ending import Ending
from langchain_fbmessenger.local.process.home import PRIVATE_UMASK, Home, locked
from langchain_fbmessenger.local.process.launcher import check_extra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.api.guard import Guard
    from langchain_fbmessenger.local.api.services import Services
    from langchain_fbmessenger.local.engines.engine import Engine
    from langchain_fbmessenger.local.models.bases import BaseModelInfo

SERVER_RUNNING = "server_running"

_IDLE_POLL_SECONDS = 5.0
_PREDECESSOR_SECONDS = 5.0
"""How long a server that ends, or one that begins, is waited for."""
_WANTED = 8192
_KEPT_FREE = 64
"""For the database, logs, children's pipes and what is opened for a moment."""
_MOST_CONNECTIONS = 2048
_FEWEST = 8


def serve(
    home: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    idle_timeout: float = 0,
    announce: Callable[[ServerAddress], None] | None = None,
) -> None:
    """Run the server in this process until a signal tells it to end.

    It returns within two seconds then, or the process ends, whatever runs in it.

    Args:
        home: State folder; see `default_home`.
        host: A loopback address.
        port: 0 takes a free one.
        idle_timeout: Seconds without a request or a job after which it ends itself; 0 for never.
        announce: Is given the address as soon as clients can connect.

    Raises:
        LocalServerError: The folder has a running server (the error's code is then
            `SERVER_RUNNING`), or the address cannot be used.
        MissingExtraError: The packages of the extra `local` are not installed.
    """
    check_extra()
    os.umask(PRIVATE_UMASK)
    no_core_dumps()
    switch_off_telemetry()
    state = Home.open(home)
    ending = Ending()
    with ending.by_signals(), _only_server_of(state), _listen(host, port) as listener:
        address = ServerAddress(
            base_url=_base_url(listener),
            api_key=secrets.token_urlsafe(32),
            pid=os.getpid(),
            home=state.root,
        )
        write_address(state, address)
        try:
            if announce is not None:
                announce(address)
            asyncio.run(_run(_services(state, address), listener, idle_timeout, ending))
        finally:
            state.address.unlink(missing_ok=True)


@contextmanager
def _only_server_of(home: Home) -> Iterator[None]:
    """Be the only server of a state folder; one that is ending is waited for.

    Raises:
        LocalServerError: There is another one, which may have been stopped.
    """
    timeout = 0.0 if running_server(home) else _PREDECESSOR_SECONDS
    with locked(home.server_lock, timeout=timeout) as is_ours:
        if not is_ours:
            raise_if_stopped(home)
            msg = f"A server is running already for the state folder {home.root}."
            raise LocalServerError(msg, code=SERVER_RUNNING)
        yield


def _services(home: Home, address: ServerAddress) -> Services:
    from langchain_fbmessenger.local.api.services import Services
    from langchain_fbmessenger.local.engines.engine import Engine
    from langchain_fbmessenger.local.engines.kinds import kind_for
    from langchain_fbmessenger.local.engines.pool import EnginePool
    from langchain_fbmessenger.local.jobs.job_queue import JobQueue
    from langchain_fbmessenger.local.jobs.store import Store

    def engine_of(base: BaseModelInfo) -> Engine:
        return Engine(kind_for(base), base.path, home.bases, base.context_length)

    try:
        store = Store(home.database)
    except sqlite3.Error as error:
        msg = (
            f"{home.database.name} in the state folder {home.root} cannot be used ({error}). If it "
            "is damaged, move it away: jobs, files and models are forgotten then."
        )
        raise LocalServerError(msg) from error
    return Services(home, store, JobQueue(home, store), EnginePool(engine_of), address.api_key)


async def _run(
    services: Services, listener: socket.socket, idle_timeout: float, ending: Ending
) -> None:
    from langchain_fbmessenger.local.api import create_app
    from langchain_fbmessenger.local.api.connections import ConnectionServer
    from langchain_fbmessenger.local.api.guard import Guard

    capacity = capacity_of(raise_limit())
    guard = Guard(create_app(services), api_key=services.api_key, most_requests=capacity.requests)
    server = ConnectionServer(guard, listener, capacity.connections)

    def end() -> None:
        server.should_exit = True
        services.queue.begin_stop()

    def cut_off() -> None:
        services.home.address.unlink(missing_ok=True)
        services.queue.kill()

    ending.serve(end, cut_off)
    watch = asyncio.create_task(_end_when_idle(ending, guard, services, idle_timeout))
    try:
        await server.serve()
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch


async def _end_when_idle(
    ending: Ending, guard: Guard, services: Services, idle_timeout: float
) -> None:
    if not idle_timeout:
        return
    while (  # noqa: ASYNC110  # no event to await, so poll
        guard.idle_seconds < idle_timeout or await asyncio.to_thread(services.queue.has_work)
    ):
        await asyncio.sleep(min(_IDLE_POLL_SECONDS, idle_timeout))
    ending.ask()


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before the address is written, so that its readers can connect."""
    loopback = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(loopback).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        msg = f"{host!r} is not a loopback address; private chats are served on this machine only."
        raise LocalServerError(msg)
    family = socket.AF_INET6 if ":" in loopback else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((loopback, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or "no such port"
        msg = f"The server cannot listen on {host} port {port} ({why})."
        raise LocalServerError(msg) from error
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


@dataclass(frozen=True)
class Capacity:
    """What the server takes on at once.

    Attributes:
        connections: Open connections. Those that wait for a request make room for new ones.
        requests: Requests of clients that know the key. Fewer, so that some connections always
            can make room, and each may open a file or two.
    """

    connections: int
    requests: int


def capacity_of(open_files: int) -> Capacity:
    """Return what fits a limit of open files."""
    connections = min(max((open_files - _KEPT_FREE) // 2, _FEWEST), _MOST_CONNECTIONS)
    return Capacity(connections, connections // 2)


def raise_limit() -> int:
    """Let this process open as many files as it may and could need; return how many that are."""
    if sys.platform == "win32":
        return _WANTED
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _WANTED if soft == resource.RLIM_INFINITY else soft
    with suppress(ValueError, OSError):  # macOS has a limit below its own "no limit"
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
