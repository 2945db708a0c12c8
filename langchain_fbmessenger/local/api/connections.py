"""Accept connections, limit their number and time, and end them.

Any process that reaches the port may connect, with or without the key. So a connection that owes
something (a request, its body, the reading of its answer) has a time limit, those that only wait
make room for new ones, oldest first, and the server never takes more of them than it can have files
open.
"""

from __future__ import annotations

import asyncio
import errno
import heapq
import itertools
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import h11
import msgspec
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from langchain_fbmessenger.local.api.errors import error_body
from langchain_fbmessenger.local.api.guard import STRANGER
from langchain_fbmessenger.local.process.ending import REQUESTS_SECONDS
from langchain_fbmessenger.local.process.logs import LOGGING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

_logger = logging.getLogger(__name__)

_AT_ONCE = 16
"""How many are accepted before those that are connected are heard again."""
_SHARE = 8
"""Of all connections, one in so many makes room at once."""
_TURNS = 2
"""Of the loop: after them it was heard what a new client had sent already."""
_STALL_SECONDS = 0.25
"""How long a client that knows the key may be silent within a request before it makes room."""
_SWEEP_SECONDS = 1.0
_ROOM_SECONDS = 0.005
_TIMED_OUT = 408
_QUEUE = 4096
"""Clients that the system lets wait to be accepted; the kernel may allow fewer."""
_EXHAUSTED_SECONDS = 0.2
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class _Patience(NamedTuple):
    """For how long a client may owe something without at least so much progress."""

    seconds: float
    progress: float


Debt = Literal["request", "body", "reading", "leaving"]
PATIENCE: dict[Debt, _Patience] = {
    # Its first lines, whole: a byte now and then does not count.
    "request": _Patience(10, float("inf")),
    # However long an upload takes: on the same machine, it brings more than this.
    "body": _Patience(15, 1024),
    # Of its answer. A client that stops for longer has left, and an engine works for it meanwhile.
    "reading": _Patience(60, 1),
    # After the server has closed the connection, with an answer that the client does not read.
    "leaving": _Patience(5, float("inf")),
}
_TOO_SLOW: dict[Debt, str] = {
    "request": "The request was not whole in {seconds:g} seconds.",
    "body": "Less than {progress} bytes of the body came in {seconds:g} seconds.",
}


@dataclass
class _Account:
    """What a client owes, since when, and how far it was then."""

    debt: Debt | None = None
    number: int = 0
    since: float = 0.0
    progress: float = 0.0

    def is_overdrawn(self, now: float, debt: Debt | None, number: int, progress: float) -> bool:
        """Say whether patience has ended; a new debt, or enough progress, begins anew."""
        is_same = (debt, number) == (self.debt, self.number)
        if debt is not None and is_same and progress - self.progress < PATIENCE[debt].progress:
            return now - self.since >= PATIENCE[debt].seconds
        self.debt, self.number, self.since, self.progress = debt, number, now, progress
        return False


class Connection(H11Protocol):
    """A client's connection, which knows what the client owes."""

    def __init__(self, connections: Connections, **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._all = connections
        self._account = _Account()
        self._received = 0
        self._answers = 0
        self._silent_since = time.monotonic()
        self._made_at = 0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._all.add(self)
        self._made_at = self._all.turns

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._all.discard(self)
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if not self.waits:
            self._silent_since = time.monotonic()
        super().data_received(data)

    @override
    def on_response_complete(self) -> None:
        self._answers += 1
        self._silent_since = time.monotonic()
        super().on_response_complete()

    @property
    def waits(self) -> bool:
        """Whether no request of it is being answered: none has come, or all were."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def debt(self) -> Debt | None:
        """What the client is waited for, if it is."""
        if self.transport.is_closing():
            return "leaving"
        if self.waits:
            return "request"
        if self.flow.write_paused:
            return "reading"
        # What is unread here is nothing that the client owes.
        return "body" if self.cycle.more_body and not self.flow.read_paused else None

    def claim(self, now: float) -> tuple[bool, float] | None:
        """Return what decides which connections make room, lowest first; None where it stays.

        Clients that wait, or do not know the key, go before those that owe the rest of a request.
        """
        if self.transport.is_closing():
            return None
        if self.waits or self.cycle.scope["state"].get(STRANGER, False):
            was_heard = self._all.turns - self._made_at >= _TURNS
            return (False, self._silent_since) if was_heard else None
        is_stalled = self.debt == "body" and now - self._silent_since >= _STALL_SECONDS
        return (True, self._silent_since) if is_stalled else None

    def end_if_overdue(self, now: float) -> None:
        """Close the connection of a client that has been waited for long enough."""
        debt = self.debt
        # What is still to be read only shrinks while it is waited for.
        unread = self.transport.get_write_buffer_size() if debt == "reading" else 0
        progress = -unread if debt == "reading" else self._received
        if not self._account.is_overdrawn(now, debt, self._answers, progress):
            return
        if debt in _TOO_SLOW and self._received and not self._is_answering():
            self._say_too_slow(debt)
        else:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}

    def _say_too_slow(self, debt: Debt) -> None:
        if self.cycle is not None:  # the reader of the body sees that its sender has gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        patience = PATIENCE[debt]
        message = _TOO_SLOW[debt].format(seconds=patience.seconds, progress=patience.progress)
        body = msgspec.json.encode(error_body(message, status=_TIMED_OUT))
        head = [("content-type", "application/json"), ("content-length", str(len(body)))]
        response = h11.Response(status_code=_TIMED_OUT, headers=[*head, ("connection", "close")])
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class Connections:
    """All connections of the server: accepts them, makes room for them, ends them in time.

    Accepted here and not by asyncio, which accepts all that are there before it reports the first,
    and writes a traceback for each that the system refuses.
    """

    def __init__(self, most: int) -> None:
        """Keep up to `most` connections open."""
        self._most = most
        self.turns = 0
        self._open: set[Connection] = set()
        self._accepted: set[asyncio.Task[Any]] = set()

    def add(self, connection: Connection) -> None:
        """Count one that has just been made."""
        self._open.add(connection)

    def discard(self, connection: Connection) -> None:
        """Forget one that has ended."""
        self._open.discard(connection)

    async def accept(self, listener: socket.socket, make: Callable[[], Connection]) -> None:
        """Accept connections until this task is cancelled.

        Args:
            listener: Accepts them.
            make: Makes the protocol of one.
        """
        loop = asyncio.get_running_loop()
        listener.settimeout(0)
        listener.listen(_QUEUE)
        for number in itertools.count(1):
            await self._room()
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as error:
                await self._after_refusal(error)
                continue
            accepted.settimeout(0)
            task = loop.create_task(_connected(loop, make, accepted))
            self._accepted.add(task)
            task.add_done_callback(self._accepted.discard)
            if number % _AT_ONCE == 0:
                await self._turn()  # clients that are connected already are heard meanwhile

    async def sweep(self) -> None:
        """End connections whose clients are overdue, until this task is cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            for connection in list(self._open):
                connection.end_if_overdue(now)

    def make_room(self) -> bool:
        """Close those that have been silent for longest; say whether there were any."""
        now = time.monotonic()
        claims = [(claim, one) for one in self._open if (claim := one.claim(now)) is not None]
        ended = heapq.nsmallest(-(-self._most // _SHARE), claims, key=itemgetter(0))
        for _, connection in ended:
            connection.transport.abort()
        return bool(ended)

    async def _room(self) -> None:
        while len(self._open) + len(self._accepted) >= self._most:
            # Those that make room have gone after a turn of the loop.
            await self._turn(0 if self.make_room() else _ROOM_SECONDS)

    async def _turn(self, seconds: float = 0) -> None:
        await asyncio.sleep(seconds)
        self.turns += 1

    async def _after_refusal(self, error: OSError) -> None:
        """Go on where the system gives no connection; what else uses up its files may end."""
        if error.errno in _EXHAUSTED:
            _logger.warning("No connection could be accepted: too many files are open.")
            self.make_room()
        await self._turn(_EXHAUSTED_SECONDS)


async def _connected(
    loop: asyncio.AbstractEventLoop, make: Callable[[], Connection], accepted: socket.socket
) -> None:
    try:
        await loop.connect_accepted_socket(make, accepted)
    except OSError:  # the client has gone already
        accepted.close()


class ConnectionServer(uvicorn.Server):
    """A uvicorn server of an application, whose connections are ours."""

    def __init__(self, app: ASGIApp, listener: socket.socket, most: int) -> None:
        """Serve an application on a socket, with up to `most` connections."""
        # Named, so that they do not depend on what else is installed.
        config = uvicorn.Config(app, http="h11", ws="none", access_log=False, log_config=LOGGING)
        config.timeout_graceful_shutdown = REQUESTS_SECONDS  # type: ignore[assignment]  # any number
        super().__init__(config)
        self._listener = listener
        self._connections = Connections(most)
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Ending`."""
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self._tasks = [
            asyncio.create_task(self._connections.accept(self._listener, self._connection)),
            asyncio.create_task(self._connections.sweep()),
        ]

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()
        await super().shutdown(sockets=[])

    def _connection(self) -> Connection:
        return Connection(
            self._connections,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
