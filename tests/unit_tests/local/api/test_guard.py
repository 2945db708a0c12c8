"""A page whose name was made to mean this machine reaches no route, whatever it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from langchain_fbmessenger.local.api import adapters, chat, files, fine_tuning, models
from langchain_fbmessenger.local.api.guard import Guard, is_own_host

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import Message, Scope

KEY = "sk-test"
ROUTES = [
    *(route for room in (adapters, chat, files, fine_tuning, models) for route in room.routes)
]
PATHS = sorted({route.path for route in ROUTES} | {"/health", "/nowhere", "/", "/docs"})
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NOTHING"]
OWN = [
    "127.0.0.1", "127.0.0.1:8000", "127.1.2.3", "localhost", "localhost:1", "LocalHost:65535",
    "localhost.", "LOCALHOST.:80", "[::1]", "[::1]:8000", "[0:0:0:0:0:0:0:1]", "127.0.0.1:",
]  # fmt: skip
FOREIGN = [
    "", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example",
    "evil.localhost", "127.0.0.1@evil.example", "evil.example#127.0.0.1", "localhost,evil.example",
    "evil.example, localhost", "localhost evil.example", "0.0.0.0:80", "[::]", "10.0.0.1", "127.1",
    "2130706433", "0177.0.0.1", "0x7f.0.0.1", "::1", "[::1", "::1]", "[::1]x", "[::1%25lo]",
    "[::1%lo]", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[127.0.0.1]", "localhost..",
    "127.0.0.1.", ".localhost", "localhost:80:80", "localhost:abc", "localhost:-1", "localhost/",
    "http://localhost", "\uff4cocalhost", "\u0131ocalhost", "localhost\n", " localhost",
    "localhost\0", "evil.example:127.0.0.1",
]  # fmt: skip


async def asked(path: str, method: str, hosts: list[str], **more: Any) -> tuple[int, bool]:
    """Ask a guarded application; return the status, and whether the application was reached."""
    reached = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await PlainTextResponse("ok")(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", host.encode("latin-1", "replace")) for host in hosts]
    headers.append((b"authorization", f"Bearer {KEY}".encode()))
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "headers": headers, "state": {}, **more,
    }  # fmt: skip
    await Guard(app, api_key=KEY)(scope, receive, send)
    return sent[0]["status"], bool(reached)


def test_all_routes_are_looked_at() -> None:
    """A new module of routes has to be added above, or it is not tested here."""
    from langchain_fbmessenger.local.api import create_app

    class Services:
        api_key = KEY

    app: Starlette = create_app(Services())  # type: ignore[arg-type]
    assert {route.path for route in app.routes} <= set(PATHS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PATHS)
async def test_no_route_answers_another_host(path: str) -> None:
    for method in METHODS:
        for host in FOREIGN:
            assert await asked(path, method, [host]) == (400, False), (method, host)
        for hosts in ([], ["localhost", "localhost"], ["localhost", "evil.example"]):
            assert await asked(path, method, hosts) == (400, False), (method, hosts)
        assert await asked(path, method, ["localhost"]) == (200, True)


@pytest.mark.parametrize("host", OWN)
async def test_who_names_this_machine_is_answered(host: str) -> None:
    assert await asked("/v1/models", "GET", [host]) == (200, True)


@pytest.mark.parametrize(
    "target", ["http://evil.example/v1/models", "http://127.0.0.1/v1/models", "*", "", "evil:80"]
)
async def test_a_target_that_is_no_path_is_refused(target: str) -> None:
    """A whole URL names a host of its own, which counts for more than the header."""
    assert await asked(target, "OPTIONS", ["127.0.0.1"]) == (400, False)


async def test_nothing_but_requests_passes() -> None:
    """A WebSocket, say, is no way around the guard."""
    assert await asked("/v1/models", "GET", ["evil.example"], type="websocket") == (400, False)


@given(st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,3}\.?(:[0-9]{1,5})?", fullmatch=True))
def test_no_other_name_is_ours(name: str) -> None:
    bare = name.partition(":")[0]
    is_ours = bare in {"localhost", "localhost."} or (
        bare.startswith("127.") and len(bare.split(".")) == 4 and bare.replace(".", "").isdigit()
    )
    assert is_ours or not is_own_host(name)


@given(st.text(max_size=30))
def test_no_text_is_too_strange(text: str) -> None:
    assert is_own_host(text) in {True, False}


@given(st.ip_addresses())
def test_addresses_are_ours_if_they_are_this_machine_s(address: Any) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    is_mapped = address.version == 6 and address.ipv4_mapped is not None
    assert is_own_host(host) == (address.is_loopback and not is_mapped)
