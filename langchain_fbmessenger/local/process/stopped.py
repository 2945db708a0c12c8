"""Local server: processes that were stopped (SIGSTOP, Ctrl-Z, a debugger), told from slow ones.

Their ports take connections and never answer; no time limit that suits a slow model tells that.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.process.address import read_address
from langchain_fbmessenger.local.process.home import locked

if TYPE_CHECKING:
    from langchain_fbmessenger.local.process.home import Home

SERVER_STOPPED = "server_stopped"
_STOPPED = "T"
"""Not `t`, which is what a tracer does for a moment."""
_PS_SECONDS = 5.0


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
        is_running = not is_free  # else its number is another process's by now
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
