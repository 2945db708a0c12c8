"""Starting a server: one that ends is waited for, one that was ended is started again."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.process import launcher
from langchain_fbmessenger.local.process.address import ServerAddress
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.process.launcher import SECOND_STATUS, ensure_server, stop_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Folder:
    """A state folder whose server is not real: what starts is a program that ends at once."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home.open(root)
        self.address = ServerAddress("http://127.0.0.1:1/v1", "k", 1, root)
        self.starts: list[int] = []
        """Exit statuses of the servers that are started; None of them left: the next answers."""
        self.started = 0
        self.answers: Callable[[], bool] = lambda: self.started > len(self.starts)
        self.is_free: Callable[[], bool] = lambda: True
        self.slept = 0
        monkeypatch.setattr(launcher, "running_server", self._running)
        monkeypatch.setattr(launcher, "_is_free", lambda _: self.is_free())
        monkeypatch.setattr(launcher, "_spawn", self._spawn)
        clock = SimpleNamespace(sleep=self._sleep, monotonic=lambda: float(self.slept))
        monkeypatch.setattr(launcher, "time", clock)

    def _running(self, _: Home) -> ServerAddress | None:
        return self.address if self.answers() else None

    def _sleep(self, _: float) -> None:
        self.slept += 1

    def _spawn(self, home: Home) -> Any:
        number = self.started
        self.started += 1
        with home.log.open("a") as log:
            log.write(f"lines of start {number}\n")
        status = self.starts[number] if number < len(self.starts) else 0
        code = (
            f"import os, signal; s = {status}; os.kill(os.getpid(), -s) if s < 0 else os._exit(s)"
        )
        process = subprocess.Popen([sys.executable, "-c", code])  # noqa: S603  # our own
        process.wait()
        return process


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    return Folder(tmp_path, monkeypatch)


def test_a_server_that_is_going_is_waited_for(folder: Folder) -> None:
    """It holds its lock and answers nobody."""
    folder.is_free = lambda: folder.slept > 20

    assert ensure_server(folder.home.root) == folder.address
    assert folder.started == 1
    assert folder.slept > 20


def test_one_that_somebody_else_has_started_meanwhile_is_taken(folder: Folder) -> None:
    folder.is_free = lambda: False
    folder.answers = lambda: folder.slept > 5

    assert ensure_server(folder.home.root) == folder.address
    assert folder.started == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("status", [-15, -2, -9, 0, SECOND_STATUS])
def test_one_that_is_ended_while_it_starts_is_started_again(folder: Folder, status: int) -> None:
    folder.starts = [status, status]

    assert ensure_server(folder.home.root) == folder.address
    assert folder.started == 3


def test_one_that_fails_tells_the_lines_of_its_own_start_only(folder: Folder) -> None:
    folder.home.log.write_text("lines of last week\n")
    folder.starts = [-15, 1] if sys.platform != "win32" else [0, 1]

    with pytest.raises(LocalServerError) as caught:
        ensure_server(folder.home.root)

    assert "lines of start 1" in str(caught.value)
    assert "start 0" not in str(caught.value)
    assert "last week" not in str(caught.value)
    assert str(folder.home.log) in str(caught.value)


def test_nobody_is_started_for_ever(folder: Folder) -> None:
    folder.starts = [0] * 100

    with pytest.raises(LocalServerError, match="could not be started"):
        ensure_server(folder.home.root)
    assert folder.started == 5


def test_one_that_never_answers_is_an_error(folder: Folder) -> None:
    folder.is_free = folder.answers = lambda: False

    with pytest.raises(LocalServerError, match=r"running already .* does not answer"):
        ensure_server(folder.home.root)
    assert folder.started == 0


def test_stopping_waits_for_one_that_is_going_already(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.home.server_lock.touch()
    killed: list[int] = []
    monkeypatch.setattr(launcher.os, "kill", lambda pid, _: killed.append(pid))
    folder.is_free = lambda: folder.slept > 3
    folder.answers = lambda: False
    assert stop_server(folder.home.root)
    assert killed == []

    folder.slept = 0
    folder.answers = lambda: folder.slept == 1  # it has just come up
    assert stop_server(folder.home.root)
    assert killed == [folder.address.pid]


def test_a_folder_without_a_server_has_none_to_stop(folder: Folder) -> None:
    assert not stop_server(folder.home.root)
    assert not stop_server(folder.home.root / "nowhere")
