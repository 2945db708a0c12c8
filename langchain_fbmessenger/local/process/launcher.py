"""Find the server of a state folder, start one, end it: the client's side.

Light on purpose: every user of the package imports this, and only the server's own process loads
what a server needs.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.own_processes import TELEMETRY_OFF
from langchain_fbmessenger.exceptions import LocalServerError, MissingExtraError
from langchain_fbmessenger.local.process.address import (
    ServerAddress,
    raise_if_stopped,
    running_server,
)
from langchain_fbmessenger.local.process.children import UTF8, python_path
from langchain_fbmessenger.local.process.home import Home, locked

if TYPE_CHECKING:
    from pathlib import Path

IDLE_TIMEOUT = 15 * 60.0
"""Seconds after which a server that was started in the background ends itself."""

SECOND_STATUS = 75
"""Exit status of a server that found another one in its folder; sysexits' "try again"."""

_START_TIMEOUT = 60.0
_BUSY_TIMEOUT = 30.0
"""For a server that holds the folder and does not answer: it ends, or it starts."""
_STOP_TIMEOUT = 30.0
_SILENT_TIMEOUT = 5.0
_POLL_SECONDS = 0.1
_LOG_TAIL = 600
_MOST_ATTEMPTS = 5
_TOO_LATE = -1
_TRY_AGAIN = {
    SECOND_STATUS,
    0,
    *(-getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGKILL")
      if hasattr(signal, name)),
}  # fmt: skip
"""Exit statuses of a server that was ended from outside while it started."""
_NEEDED = ("starlette", "uvicorn", "python_multipart", "xllamacpp", "gguf", "peft", "torch")


def ensure_server(home: Path | None = None) -> ServerAddress:
    """Return the running server of a state folder; start one in the background if there is none.

    Any number of processes may call this at once: one of them starts the server, all get its
    address; one that is ending is waited for. The server ends itself after fifteen minutes without
    a request or a job.

    Args:
        home: State folder; see `default_home`.

    Raises:
        LocalServerError: The server did not start, and the message names its log; or there is one
            whose process was stopped.
        MissingExtraError: The packages of the extra `local` are not installed.

    Example:
        ```python
        address = ensure_server()
        client = openai.OpenAI(base_url=address.base_url, api_key=address.api_key)
        ```
    """
    state = Home.open(home)
    if address := running_server(state):
        return address
    raise_if_stopped(state)
    check_extra()
    with locked(state.start_lock, timeout=_START_TIMEOUT):
        return _start(state)


def find_server(home: Path | None = None) -> ServerAddress | None:
    """Return the address of the running server of a state folder, or None."""
    return running_server(Home.open(home))


def check_server(home: Path | None = None) -> None:
    """Make sure that the server of a state folder, if one runs, was not stopped (SIGSTOP, Ctrl-Z).

    Cheap, as the server is not asked: for a client that waits for an answer that may take long.

    Raises:
        LocalServerError: It was; says which process that is and what to do.
    """
    raise_if_stopped(Home.at(home))


def stop_server(home: Path | None = None) -> bool:
    """End the server of a state folder, with a job that it may run; say whether there was one.

    The job is taken up again when a server is next started.

    Raises:
        LocalServerError: It does not end, for one as its process was stopped.
    """
    state = Home.at(home)  # makes no folder
    if not state.server_lock.exists() or _is_free(state):
        return False
    told: int | None = None
    # One that does not answer is waited for a little: it begins, or ends already.
    deadline = time.monotonic() + _SILENT_TIMEOUT
    while not _is_free(state):
        address = running_server(state)
        if address is None:
            raise_if_stopped(state)
        elif address.pid != told:
            told = address.pid
            deadline = time.monotonic() + _STOP_TIMEOUT
            with contextlib.suppress(ProcessLookupError):
                os.kill(address.pid, signal.SIGTERM)
        if time.monotonic() > deadline:
            if told is None:
                return False  # no server has answered that could be told to end
            msg = f"The local server (process {told}) did not end; its log: {state.log}"
            raise LocalServerError(msg)
        time.sleep(_POLL_SECONDS)
    return True


def _start(home: Home) -> ServerAddress:
    """Start a server once the one before has gone, or find one that another process has started."""
    attempts = 0
    silent_until = time.monotonic() + _BUSY_TIMEOUT
    while (address := running_server(home)) is None:
        if _is_free(home):
            attempts += 1
            log_begins = home.log.stat().st_size if home.log.exists() else 0
            status = _status_unless_it_answers(_spawn(home), home)
            if status is not None and (status not in _TRY_AGAIN or attempts >= _MOST_ATTEMPTS):
                msg = (
                    f"The local server could not be started; its log is {home.log}: "
                    f"{_since(home.log, log_begins)}"
                )
                raise LocalServerError(msg)
            silent_until = time.monotonic() + _BUSY_TIMEOUT
        elif time.monotonic() < silent_until:  # it ends, or it begins
            raise_if_stopped(home)
            time.sleep(_POLL_SECONDS)
        else:
            msg = (
                f"A server is running already for the state folder {home.root}, but does not "
                f"answer: end its process. Its log is {home.log}."
            )
            raise LocalServerError(msg)
    return address


def _spawn(home: Home) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "langchain_fbmessenger.local"]
    options = ["--home", str(home.root), "--idle-timeout", str(IDLE_TIMEOUT)]
    with os.fdopen(os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)) as log:
        process = subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.root,
            env={**TELEMETRY_OFF, **os.environ, **UTF8, "PYTHONPATH": python_path()},
            **_detached(),
        )
    # Waited for in the background: a child that ended and was never waited for stays a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def _status_unless_it_answers(process: subprocess.Popen[bytes], home: Home) -> int | None:
    """Wait for a server to answer; return its exit status if it has ended instead."""
    deadline = time.monotonic() + _START_TIMEOUT
    while running_server(home) is None:
        if (status := process.poll()) is not None:
            return status
        if time.monotonic() > deadline:
            process.kill()
            return _TOO_LATE
        time.sleep(_POLL_SECONDS)
    return None


def _detached() -> dict[str, Any]:
    """Make the server outlive the terminal and the program that started it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _is_free(home: Home) -> bool:
    # The lock and not the address: it is released at the very end.
    with locked(home.server_lock, timeout=0) as is_free:
        return is_free


def _since(log: Path, begin: int) -> str:
    """Return the last lines of a log, but none before `begin`."""
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode(errors="replace")[-_LOG_TAIL:].strip() or "(empty)"


def check_extra() -> None:
    """Make sure that what the server and its training child import is there.

    Raises:
        MissingExtraError: Naming the first package that is not.
    """
    for name in _NEEDED:
        if importlib.util.find_spec(name) is None:
            msg = "The local server"
            raise MissingExtraError(msg, extra="local", missing=name)
