"""The real local server is ended while it starts, or needed while it ends: there is a next one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.process import launcher
from langchain_fbmessenger.local.process.home import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop_server(tmp_path)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60  # a guard against hanging, not a measurement
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_that_is_ended_while_it_starts_is_started_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn, started = launcher._spawn, []

    def ended_at_once(state: Home) -> Any:
        process = spawn(state)
        started.append(process.pid)
        if len(started) == 2:  # not at once, as the first, but when it has the folder
            until(lambda: not launcher._is_free(state))
        if len(started) <= 2:
            process.terminate()
        return process

    monkeypatch.setattr(launcher, "_spawn", ended_at_once)

    assert ensure_server(home).pid == started[-1]
    assert len(started) == 3


def test_clients_that_come_while_one_ends_all_get_the_next(home: Path) -> None:
    server = ensure_server(home)
    barrier = threading.Barrier(5)

    def find() -> int:
        barrier.wait()
        return ensure_server(home).pid

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(find) for _ in range(4)]
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: find_server(home) is None)
        barrier.wait()
        found = {one.result() for one in asked}
    assert len(found) == 1
    assert server.pid not in found


def test_a_server_that_cannot_start_tells_nothing_of_others(tmp_path: Path) -> None:
    Home.open(tmp_path).log.write_text("told long ago\n")
    (tmp_path / "state.db").write_bytes(b"no database" * 100)

    with pytest.raises(LocalServerError, match=r"state\.db") as caught:
        ensure_server(tmp_path)

    assert "long ago" not in str(caught.value)
