"""The real local server is stopped (SIGSTOP): who needs it hears so, and it goes on later."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuner, FineTuningJob
from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.fine_tuning.following import liveness
from langchain_fbmessenger.local import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.process import address
from langchain_fbmessenger.local.process.home import Home, locked
from langchain_fbmessenger.state import purge_state
from tests.integration_tests.small_jobs import BASE, chat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

COMMAND = (
    "from langchain_fbmessenger.cli.app import app\n"
    "from langchain_fbmessenger.fine_tuning.following import liveness\n"
    "from langchain_fbmessenger.local.process import address\n"
    "liveness._LOOK_SECONDS, address._PROBE_TIMEOUT = 0.5, 1.0\n"
    "app()"
)
IS_STOPPED = r"does not answer: its process {pid} is stopped\. .*kill -CONT {pid}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LANGCHAIN_FBMESSENGER_HOME", str(folder))
        yield folder
        stop_server(folder)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_LOOK_SECONDS", 0.5)
    monkeypatch.setattr(address, "_PROBE_TIMEOUT", 1.0)


@contextmanager
def stopped(home: Path) -> Iterator[str]:
    """Stop the server for the length of a block; give what its clients are to be told."""
    server = ensure_server(home)
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield IS_STOPPED.format(pid=server.pid)
    finally:
        os.kill(server.pid, signal.SIGCONT)
    assert ensure_server(home).pid == server.pid, "it goes on"


def test_chats_hear_of_it_wherever_they_are(home: Path) -> None:
    model = find_provider("local").chat_model(BASE, max_tokens=600, logit_bias={"2": -100})
    stream = model.stream("Tell me a very long story.")
    next(stream)
    with stopped(home) as words:
        with pytest.raises(LocalServerError, match=words):
            list(stream)
        with pytest.raises(LocalServerError, match=words):
            model.invoke("ahoy?")
        with pytest.raises(LocalServerError, match=words):
            asyncio.run(model.ainvoke("ahoy?"))
        with pytest.raises(LocalServerError, match=words):
            model.get_num_tokens("ahoy")
    assert model.invoke("ahoy?", max_tokens=2).usage_metadata

    async def asked() -> Any:
        answers = model.astream("Tell me a very long story.")
        await anext(answers)
        with stopped(home) as words, pytest.raises(LocalServerError, match=words):
            async for _ in answers:
                pass

    asyncio.run(asked())
    assert model.invoke("ahoy?", max_tokens=2).usage_metadata


def test_jobs_hear_of_it_and_go_on(home: Path, tiny_base: str) -> None:
    examples = [chat("tea", number) for number in range(8)]
    tuner = FineTuner(model=tiny_base, n_epochs=1, batch_size=2, progress=False)
    job = tuner.submit(examples)
    with stopped(home) as words:
        with pytest.raises(LocalServerError, match=words):
            job.wait()
        with pytest.raises(LocalServerError, match=words):
            job.refresh()
        with pytest.raises(LocalServerError, match=words):
            tuner.submit(examples)
    assert job.wait(timeout=240).status == "succeeded"


def test_nobody_starts_another_or_removes_what_it_uses(home: Path) -> None:
    with stopped(home) as words:
        for ask in (ensure_server, stop_server, purge_state):
            with pytest.raises(LocalServerError, match=words):
                ask(home)
        with pytest.raises(LocalServerError, match=words):
            FineTuningJob.newest("local")
        assert (home / "state.db").exists()


@pytest.mark.parametrize(
    "command",
    [["jobs", "list"], ["purge", "--yes"], ["chat", BASE, "--message", "ahoy"], ["serve"]],
    ids=" ".join,
)
def test_commands_say_so_in_a_line(home: Path, command: list[str]) -> None:
    with stopped(home) as words:
        told = subprocess.run(  # noqa: S603  # our own
            [sys.executable, "-c", COMMAND, *command],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert re.search(words, " ".join(told.stderr.split()))


def test_another_process_of_its_number_is_not_taken_for_it(home: Path) -> None:
    """One that was killed leaves its address behind, and the number goes to somebody else."""
    server = ensure_server(home)
    os.kill(server.pid, signal.SIGKILL)
    with locked(Home(home).server_lock, timeout=60) as is_free:
        assert is_free, "the kernel has taken the server down"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        try:
            os.kill(other.pid, signal.SIGSTOP)
            told = (home / "server.json").read_text()
            (home / "server.json").write_text(
                told.replace(f'"pid":{server.pid}', f'"pid":{other.pid}')
            )
            assert ensure_server(home).pid != other.pid
        finally:
            other.kill()
    assert find_server(home)
