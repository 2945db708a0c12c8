"""Local server, the client's side: find the server of a state folder, start one, end it.

Light on purpose: whoever uses the package imports this, and only the server's own process loads
what a server needs.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_fbmessenger._own_process import TELEMETRY_OFF
from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.address import ServerAddress, proof, read_address
from langchain_fbmessenger.local.home import Home, default_home, locked
from langchain_fbmessenger.local.python_path import python_path
from langchain_fbmessenger.local.server import check_extra

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDLE_TIMEOUT = 15 * 60.0
"""Seconds after which a server that was started in the background ends itself."""

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0
_PROBE_TIMEOUT = 5.0
_POLL_SECONDS = 0.1
_LOG_TAIL = 600


def ensure_server(home: Path | None = None) -> ServerAddress:
    """Return the running server of a state folder; start one in the background if there is none.

    Any number of processes may call this at once: one of them starts the server, all get its
    address. It ends itself after fifteen minutes without a request or a job.

    Args:
        home: State folder; see `default_home`.

    Raises:
        LocalServerError: The server did not start; the message names its log.
        MissingExtraError: The packages of the extra `local` are not installed.

    Example:
        ```python
        address = ensure_server()
        client = openai.OpenAI(base_url=address.base_url, api_key=address.api_key)
        ```
    """
    state = Home.open(home)
    if address := _running(state):
        return address
    check_extra()
    with locked(state.start_lock, timeout=_START_TIMEOUT):
        return _running(state) or _start(state)


def find_server(home: Path | None = None) -> ServerAddress | None:
    """Return the address of the running server of a state folder, or None."""
    return _running(Home.open(home))


def stop_server(home: Path | None = None) -> bool:
    """End the server of a state folder, with a job that it may run; say whether there was one.

    The job is taken up again when a server is next started.
    """
    state = Home((home or default_home()).absolute())  # nothing is made for it
    address = _running(state)
    if address is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(address.pid, signal.SIGTERM)
    if not _wait(lambda: _has_ended(state), _STOP_TIMEOUT):
        msg = f"The local server (process {address.pid}) did not end; its log: {state.log}"
        raise LocalServerError(msg)
    return True


def _running(home: Home) -> ServerAddress | None:
    address = read_address(home)
    return address if address and _is_alive(address) else None


def _is_alive(address: ServerAddress) -> bool:
    """Ask whoever has the port for the proof that only our server can give."""
    challenge = secrets.token_hex(16)
    try:
        answer = _get_json(address, f"/health?challenge={challenge}")
    except (OSError, ValueError, http.client.HTTPException):
        return False
    return answer.get("proof") == proof(address.api_key, challenge)


def _get_json(address: ServerAddress, path: str) -> dict[str, Any]:
    """Send a GET straight to the server; a proxy of the environment has no part in it."""
    connection = http.client.HTTPConnection(
        urlsplit(address.base_url).netloc, timeout=_PROBE_TIMEOUT
    )
    try:
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer if isinstance(answer, dict) else {}


def _start(home: Home) -> ServerAddress:
    command = [sys.executable, "-m", "langchain_fbmessenger.local"]
    options = ["--home", str(home.root), "--idle-timeout", str(IDLE_TIMEOUT)]
    with os.fdopen(os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)) as log:
        process = subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.root,
            env={**TELEMETRY_OFF, **os.environ, "PYTHONPATH": python_path()},
            **_detached(),
        )
    # Waited for in the background: a child that ended and was never waited for stays a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    found: list[ServerAddress] = []

    def is_settled() -> bool:
        if address := _running(home):
            found.append(address)
        return bool(found) or process.poll() is not None

    _wait(is_settled, _START_TIMEOUT)
    if found:
        return found[0]
    process.kill()
    msg = f"The local server could not be started; its log is {home.log}: {_tail(home.log)}"
    raise LocalServerError(msg)


def _detached() -> dict[str, Any]:
    """Make the server outlive the terminal and the program that started it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _has_ended(home: Home) -> bool:
    # The lock and not the address: it is let go of at the very end.
    with locked(home.server_lock, timeout=0) as is_free:
        return is_free


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-_LOG_TAIL:].strip() or "(empty)"


def _wait(is_done: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
