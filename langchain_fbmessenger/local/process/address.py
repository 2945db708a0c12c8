"""Find a running server by the address that it writes down, and tell a stopped one from a slow one.

The port of a process that was stopped (SIGSTOP, Ctrl-Z, a debugger) takes connections and never
answers; no time limit that suits a slow model detects that.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.process.children import path_from_text, path_to_text
from langchain_fbmessenger.local.process.home import locked, write_private

if TYPE_CHECKING:
    from langchain_fbmessenger.local.process.home import Home

_PROBE_TIMEOUT = 5.0
SERVER_STOPPED = "server_stopped"
_STOPPED = "T"
"""Not `t`, which is what a tracer does for a moment."""
_PS_SECONDS = 5.0


@dataclass(frozen=True)
class ServerAddress:
    """How to reach a local server with OpenAI's client.

    Attributes:
        base_url: Such as `http://127.0.0.1:49152/v1`.
        api_key: The key that this server wants; it changes with each start.
        pid: Its process.
        home: Its state folder.
    """

    base_url: str
    api_key: str = field(repr=False)
    pid: int
    home: Path


def write_address(home: Home, address: ServerAddress) -> None:
    """Leave the address in the state folder, readable by its owner only."""
    write_private(home.address, msgspec.json.encode(address, enc_hook=path_to_text))


def read_address(home: Home) -> ServerAddress | None:
    """Return the address of the last server of this folder; it may be gone."""
    try:
        return msgspec.json.decode(
            home.address.read_bytes(),
            type=ServerAddress,
            dec_hook=path_from_text,
        )
    except (OSError, msgspec.DecodeError):
        return None


def proof(api_key: str, challenge: str) -> str:
    """Return what only a holder of the key can answer to a challenge.

    By it a client recognises its server without sending the key to a process that got the port
    of a server that is gone.
    """
    return hmac.new(api_key.encode(), challenge.encode(), hashlib.sha256).hexdigest()


def running_server(home: Home) -> ServerAddress | None:
    """Return the address of this folder's server, if it answers there."""
    address = read_address(home)
    return address if address and _is_alive(address) else None


def _is_alive(address: ServerAddress) -> bool:
    """Ask the process that has the port for the proof that only our server can give."""
    challenge = secrets.token_hex(16)
    try:
        answer = _get_json(address, f"/health?challenge={challenge}")
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return answer.get("proof") == proof(address.api_key, challenge)


def _get_json(address: ServerAddress, path: str) -> dict[str, Any]:
    """Send a GET straight to the server, never through a proxy of the environment."""
    connection = http.client.HTTPConnection(
        urlsplit(address.base_url).netloc, timeout=_PROBE_TIMEOUT
    )
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else {}


def is_stopped(pid: int) -> bool:
    """Say whether a process is there and was stopped."""
    if sys.platform == "win32" or pid <= 0:
        return False
    return _state_of(pid).startswith(_STOPPED)


def raise_if_stopped(home: Home) -> None:
    """Make sure that the server of a state folder, if one runs, was not stopped.

    Raises:
        LocalServerError: It was; says which process that is and what to do.
    """
    address = read_address(home)
    if address is None or not is_stopped(address.pid):
        return
    with locked(home.server_lock, timeout=0) as is_free:
        is_running = not is_free  # else another process has its number by now
    if is_running:
        msg = (
            f"The local server of the state folder {home.root} does not answer: its process "
            f"{address.pid} is stopped. Continue it (kill -CONT {address.pid}) or end it "
            f"(kill -KILL {address.pid})."
        )
        raise LocalServerError(msg, code=SERVER_STOPPED)


def _state_of(pid: int) -> str:
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return ""
        # After the name, which may hold anything.
        return fields.rpartition(b")")[2].strip().decode(errors="replace")
    command = ["/bin/ps", "-o", "state=", "-p", str(pid)]
    try:
        told = subprocess.run(  # noqa: S603  # a fixed program, a number
            command, capture_output=True, text=True, timeout=_PS_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()
