"""What a real server, its training and its engine leave on the disk, and that all of it can go."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pytest

from langchain_fbmessenger._internal.own_processes import TELEMETRY_OFF
from langchain_fbmessenger.local import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.process.address import ServerAddress, read_address, write_address
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.state import purge_state, survey_state
from tests.integration_tests.small_jobs import BASE, child_of, client_of, end_of, wait_for_step
from tests.unit_tests.canaries import PROMPT, TEXT, assert_clean

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX's")

ASKED: dict[str, Any] = {
    "model": BASE,
    "messages": [{"role": "system", "content": PROMPT}, {"role": "user", "content": TEXT}],
    "max_tokens": 4,
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state folder that a careless machine would have open to all."""
    before = os.umask(0)
    yield tmp_path / "home"
    os.umask(before)
    stop_server(tmp_path / "home")


def line(number: int, **more: Any) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": f"{TEXT} {number}?"},
            {"role": "assistant", "content": f"aye, {TEXT} {number}.", **more},
        ]
    }


def upload(client: openai.OpenAI, lines: list[dict[str, Any]]) -> str:
    content = "\n".join(map(json.dumps, lines)).encode()
    return client.files.create(file=("cap.jsonl", content), purpose="fine-tune").id


def train(client: openai.OpenAI, base: str, lines: list[dict[str, Any]], epochs: int = 1) -> str:
    return client.fine_tuning.jobs.create(
        model=base,
        training_file=upload(client, lines),
        hyperparameters={"n_epochs": epochs, "batch_size": 4},
        extra_body={"lora": {"r": 4}},
    ).id


def environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def crash(address: ServerAddress) -> None:
    """Have the engine's process die of a fault amid an answer, as a bug in its library would."""
    with openai.OpenAI(base_url=address.base_url, api_key=address.api_key, max_retries=0) as client:
        client.chat.completions.create(**ASKED)
        engine = child_of(address)
        if sys.platform == "linux":
            assert environment_of(engine).items() >= TELEMETRY_OFF.items()
            limits = Path(f"/proc/{engine}/limits").read_text()
            assert "Max core file size        1 " in limits
        stream = client.chat.completions.create(**{**ASKED, "max_tokens": 400}, stream=True)
        next(iter(stream))
        os.kill(engine, signal.SIGSEGV)
        with pytest.raises(openai.APIError):
            list(stream)


def test_chats_stand_where_they_belong_and_nowhere_else(home: Path, tiny_base: str) -> None:
    address = ensure_server(home)
    with client_of(home) as client:
        for odd in (
            {**ASKED, "extra_body": {TEXT: 1}},
            {**ASKED, "messages": [{"role": TEXT, "content": TEXT}]},
            {**ASKED, "messages": [{"role": "user", "content": f"{TEXT} " * 20_000}]},
            {**ASKED, "logit_bias": {TEXT: TEXT}},
            {**ASKED, "response_format": {"type": "json_schema", "json_schema": {"name": TEXT}}},
        ):
            with pytest.raises(openai.APIError):
                client.chat.completions.create(**odd)
        failing = [
            train(client, tiny_base, lines)
            for lines in (
                [line(1, weight=7)],
                [{"messages": [{"role": TEXT, "content": TEXT}]}],
                [line(1), {"messages": [{"role": "user", "content": TEXT}] * 2}],
                [{"messages": [{"role": "assistant", "content": f"{TEXT} " * 20_000}]}],
            )
        ]
    assert [end_of(home, one).status for one in failing] == ["failed"] * 4
    crash(address)  # the engine is the server's only child now
    with client_of(home) as client:
        job = train(client, tiny_base, [line(number) for number in range(8)])
    assert end_of(home, job).status == "succeeded", end_of(home, job)
    with client_of(home) as client:
        error = client.fine_tuning.jobs.retrieve(failing[-1]).error
    assert_clean(error, "a job's error")
    paths = [path for path in home.rglob("*") if not path.is_symlink()]
    for path in paths:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    texts = {path.relative_to(home): path.read_bytes() for path in paths if path.is_file()}
    assert sum(TEXT.encode() in text for text in texts.values()) == 5, "the uploads hold chats"
    for path, text in texts.items():
        if path.parts[0] != "files":
            assert_clean(text.decode("latin-1"), str(path))
    assert {Path("server.log"), Path("jobs", job, "training.log")} <= texts.keys()
    assert not [path for path in paths if path.name.startswith("core")]
    stop_server(home)
    assert purge_state(home).kinds["uploads"].count == 5
    assert not home.exists()


def test_purge_ends_a_server_that_trains_and_leaves_nothing(home: Path, tiny_base: str) -> None:
    address = ensure_server(home)
    with client_of(home) as client:
        job = train(client, tiny_base, [line(number) for number in range(8)], epochs=400)
    wait_for_step(home, job, 1)
    child = child_of(address)
    assert survey_state(home).kinds["jobs"].count == 1
    command = [sys.executable, "-m", "langchain_fbmessenger.cli.app", "purge", "--yes"]
    done = subprocess.run(  # noqa: S603
        command,
        env={**os.environ, "LANGCHAIN_FBMESSENGER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The local server was ended." in done.stdout
    assert not home.exists()
    for pid in (address.pid, child):
        assert not Path(f"/proc/{pid}/cmdline").exists() or not (
            Path(f"/proc/{pid}/cmdline").read_bytes()
        ), "it has ended, or is a zombie of another parent"


def test_purge_sends_no_signal_to_who_has_a_dead_server_s_number(home: Path) -> None:
    state = Home.open(home)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        write_address(state, ServerAddress("http://127.0.0.1:9/v1", "key", stranger.pid, home))
        assert read_address(state) is not None
        assert not purge_state(home).stopped_server
        assert stranger.poll() is None
        stranger.kill()
    assert find_server(home) is None
