"""Who is waited for, and for how long: connections without sockets, and a clock set by hand."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from langchain_fbmessenger.local.api.connections import PATIENCE, Connection, Connections
from langchain_fbmessenger.local.api.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

KEY = "k"
HEAD = b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\n"
KNOWN = HEAD + b"Authorization: Bearer k\r\n"
BODY = b"Content-Length: 100000\r\n\r\n"


class Transport(asyncio.Transport):
    """Keeps what is written; `unread` is what the client has not taken of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unread = 0
        self.ended: str | None = None

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.ended is not None

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Client:
    """The other end of a connection to a server that answers when it is let."""

    def __init__(self, connections: Connections) -> None:
        self.may_answer = asyncio.Event()
        self.was_left = False
        self.now = 0.0
        app = Guard(self._app, api_key=KEY)
        config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
        state = ServerState()
        self.transport = Transport()
        self.connection = Connection(connections, config=config, server_state=state, app_state={})
        self.connection.connection_made(self.transport)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        self.was_left = message["type"] == "http.disconnect"
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def send(self, data: bytes) -> None:
        if data:
            self.connection.data_received(data)
        for _ in range(5):
            await asyncio.sleep(0)
        self.connection.end_if_overdue(self.now)

    def ends_by(self, seconds: float, between: Callable[[], None] = lambda: None) -> bool:
        """Let time pass, a second at a time; say whether it was hung up on."""
        for _ in range(int(seconds)):
            self.now += 1
            between()
            self.connection.end_if_overdue(self.now)
            if self.transport.ended is not None:
                return True
        return False


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    connections = Connections(most=8)
    yield connections
    for connection in list(connections._open):
        connection.connection_lost(None)


@pytest.fixture
async def client(connections: Connections) -> Client:
    return Client(connections)


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, KNOWN, HEAD + b"X-A: " + b"a" * 5000])
async def test_a_request_that_is_not_whole_is_not_waited_for_long(
    client: Client, sent: bytes
) -> None:
    await client.send(sent)
    assert not client.ends_by(PATIENCE["request"].seconds - 1)
    assert client.ends_by(1)
    assert client.transport.written.startswith(b"HTTP/1.1 408 ") == bool(sent)


async def test_a_byte_now_and_then_buys_no_time(client: Client) -> None:
    await client.send(HEAD + b"X-A: ")
    trickle = lambda: client.connection.data_received(b"a")  # noqa: E731
    assert client.ends_by(PATIENCE["request"].seconds, trickle)


async def test_a_trickling_body_is_not_waited_for_long(client: Client) -> None:
    await client.send(KNOWN + BODY)
    trickle = lambda: client.connection.data_received(b"a")  # noqa: E731
    assert client.ends_by(PATIENCE["body"].seconds, trickle)
    assert client.transport.written.startswith(b"HTTP/1.1 408 ")
    assert b'"invalid_request_error"' in client.transport.written
    for _ in range(5):
        await asyncio.sleep(0)
    assert client.was_left


async def test_a_chunked_body_without_end_is_not_waited_for_long(client: Client) -> None:
    await client.send(KNOWN + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    assert client.ends_by(PATIENCE["body"].seconds)


async def test_an_upload_that_takes_long_is_waited_for(client: Client) -> None:
    await client.send(KNOWN + b"Content-Length: 500000000\r\n\r\n")
    assert not client.ends_by(600, lambda: client.connection.data_received(b"a" * 100))


async def test_what_the_server_itself_is_slow_to_read_is_nobody_s_debt(client: Client) -> None:
    await client.send(KNOWN + BODY)
    client.connection.flow.pause_reading()
    assert not client.ends_by(600)


async def test_an_answer_that_takes_long_is_waited_for(client: Client) -> None:
    await client.send(KNOWN + b"Content-Length: 2\r\n\r\n{}")
    assert not client.ends_by(3600)
    client.may_answer.set()
    await client.send(b"")
    assert b"ok" in client.transport.written


async def test_who_does_not_read_their_answer_is_left(client: Client) -> None:
    await client.send(KNOWN + b"Content-Length: 2\r\n\r\n{}")
    client.transport.unread = 70_000
    client.connection.pause_writing()
    client.connection.end_if_overdue(client.now)
    assert not client.ends_by(PATIENCE["reading"].seconds - 1)
    assert client.ends_by(1)
    assert client.transport.ended == "aborted"


async def test_who_reads_slowly_is_not(client: Client) -> None:
    await client.send(KNOWN + b"Content-Length: 2\r\n\r\n{}")
    client.transport.unread = 70_000
    client.connection.pause_writing()

    def read() -> None:
        client.transport.unread -= 10

    assert not client.ends_by(600, read)


async def test_who_was_hung_up_on_and_stays_is_cut_off(client: Client) -> None:
    client.transport.close()
    client.transport.unread = 100
    for second in range(int(PATIENCE["leaving"].seconds) + 1):
        assert client.transport.ended == "closed"
        client.connection.end_if_overdue(second)
    assert client.transport.ended == "aborted"


async def test_each_request_has_its_own_time(client: Client) -> None:
    client.may_answer.set()
    for _ in range(30):
        await client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not client.ends_by(5)
    assert client.transport.written.count(b"HTTP/1.1 200") == 30


async def test_a_refused_body_that_goes_on_is_not_heard_for_long(client: Client) -> None:
    """Who knows no key is answered at once, and may not stay by sending on."""
    await client.send(HEAD + BODY)
    assert client.transport.written.startswith(b"HTTP/1.1 401 ")
    trickle = lambda: client.connection.data_received(b"a" * 1000)  # noqa: E731
    assert client.ends_by(PATIENCE["request"].seconds, trickle)


async def test_those_who_wait_make_room_for_new_ones(connections: Connections) -> None:
    clients = [Client(connections) for _ in range(8)]
    await clients[0].send(KNOWN + b"Content-Length: 2\r\n\r\n{}")  # is being answered
    await clients[1].send(KNOWN + BODY)  # an upload that goes on
    await clients[2].send(HEAD + BODY)  # knows no key
    assert not connections.make_room(), "nobody is hung up on before being heard"
    connections.turns += 2
    while connections.make_room():
        pass
    assert [client.transport.ended for client in clients] == [None, None, *["aborted"] * 6]


async def test_the_oldest_goes_first(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr("langchain_fbmessenger.local.api.connections.time", clock)
    clients = []
    for number in range(8):
        clock.monotonic = lambda number=number: float(number)
        clients.append(Client(connections))
    connections.turns += 2
    for number in range(8):
        assert connections.make_room()
        ended = [client.transport.ended is not None for client in clients]
        assert ended == [other <= number for other in range(8)]


async def test_an_upload_that_stands_still_makes_room_at_last(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr("langchain_fbmessenger.local.api.connections.time", clock)
    still, going = Client(connections), Client(connections)
    for client in (still, going):
        await client.send(KNOWN + BODY)
    connections.turns += 2
    assert not connections.make_room()
    clock.monotonic = lambda: 1.0
    await going.send(b"more")
    assert connections.make_room()
    assert (still.transport.ended, going.transport.ended) == ("aborted", None)
    assert not connections.make_room()
