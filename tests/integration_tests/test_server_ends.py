"""The real local server is told to end at the worst moments, and its clients go on.

A training step, a conversion, a start, an answer or an upload is under way. Whatever it is, the
process is gone soon, no child of it stays, jobs go on to the same weights, and clients that wait,
ask or follow find the next server.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import openai
import pytest

from langchain_fbmessenger import FineTuner, FineTuningJob
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.fine_tuning.connection import http_library
from langchain_fbmessenger.local import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.process.home import Home, locked
from tests.integration_tests.engines_local import is_running
from tests.integration_tests.small_jobs import (
    BASE,
    chat,
    client_of,
    end_of,
    eventually,
    losses_of,
    submit,
    times_gone_on,
    wait_for_step,
    weights_of,
)
from tests.integration_tests.tiny_models import make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_fbmessenger.local import ServerAddress

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs signals and /proc")

EPOCHS = 12
IGNORES_HANGUPS = sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
"""Under `nohup`, of which the server is part then."""
HANGUP = signal.SIGTERM if IGNORES_HANGUPS or sys.platform == "win32" else signal.SIGHUP
EXAMPLES = [
    chat(topic, number) for number, topic in enumerate(["tea", "rain", "Porto", "work"] * 2)
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("ends")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LANGCHAIN_FBMESSENGER_HOME", str(folder))
        yield folder
        stop_server(folder)


@pytest.fixture(scope="module")
def undisturbed(home: Path, tiny_base: str) -> str:
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=EPOCHS)
    assert end_of(home, job_id).status == "succeeded"
    return job_id


def children_of(pid: int) -> list[int]:
    listed = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    own = [int(child) for line in listed for child in line]
    return own + [pid for child in own for pid in children_of(child)]


def tell_to_end(home: Path, *signals: int) -> ServerAddress:
    """Send signals to the server, and wait till it and all its children are gone."""
    server = find_server(home)
    assert server is not None
    children = children_of(server.pid)
    for number in signals or (signal.SIGTERM,):
        os.kill(server.pid, number)
    until(lambda: not is_running(server.pid))
    until(lambda: not any(map(is_running, children)))
    with locked(Home(home).server_lock, timeout=0) as is_free:
        assert is_free or find_server(home), "unless somebody has started the next already"
    return server


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60  # a guard against hanging, not a measurement
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_event(home: Path, job_id: str, text: str) -> None:
    def was_told(_: object) -> bool:
        with client_of(home) as client:
            return any(text in e.message for e in client.fine_tuning.jobs.list_events(job_id))

    eventually(home, job_id, was_told)


@pytest.mark.parametrize(
    "ends",
    [
        {11: (signal.SIGTERM, signal.SIGTERM, signal.SIGINT)},
        pytest.param(
            {0: (signal.SIGTERM,), 2: (signal.SIGTERM,), 11: (signal.SIGINT,), 25: (HANGUP,)},
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["once", "often"],
)
def test_a_job_goes_on_to_the_same_weights_whenever_its_server_is_told_to_end(
    home: Path, tiny_base: str, undisturbed: str, ends: dict[int, tuple[int, ...]]
) -> None:
    """At these steps, and before the first while the training libraries are loaded."""
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=EPOCHS)
    for step, signals in ends.items():
        if step:
            wait_for_step(home, job_id, step)
        else:
            wait_for_event(home, job_id, "Loading the training libraries")
        tell_to_end(home, *signals)

    assert end_of(home, job_id).status == "succeeded"
    assert times_gone_on(home, job_id) == len(ends)
    assert weights_of(home, job_id) == weights_of(home, undisturbed)
    assert losses_of(home, job_id) == losses_of(home, undisturbed)


def test_a_base_that_was_being_converted_is_converted_again(home: Path, tmp_path: Path) -> None:
    make("qwen2", tmp_path / "other.gguf")
    with client_of(home) as client:
        job_id = submit(client, model=str(tmp_path / "other.gguf"), n_epochs=1)
    wait_for_event(home, job_id, "Preparing the base model")
    tell_to_end(home)

    assert end_of(home, job_id).status == "succeeded"
    assert not list((home / "bases").glob("converting-*"))


def test_who_waits_follows_or_asks_goes_on(home: Path, tiny_base: str) -> None:
    """Not started again by the test: each of them finds or starts the next server itself."""
    job = FineTuner(model=tiny_base, n_epochs=EPOCHS, batch_size=2, seed=1, progress=False).submit(
        EXAMPLES
    )
    again = FineTuningJob.from_id(job.id)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(job.wait, timeout=600)
        following = pool.submit(lambda: [event.id for event in again.stream_events()])
        for step in (1, 10):
            wait_for_step(home, job.id, step)
            tell_to_end(home)
        assert waiting.result().status == "succeeded"
        events = following.result()
    assert len(set(events)) == len(events)
    with client_of(home) as client:
        told = [event.id for event in client.fine_tuning.jobs.list_events(job.id, limit=100)]
    assert set(events[-10:]) <= set(told)

    model = job.chat_model(max_tokens=4)
    assert model.invoke("ahoy?").usage_metadata
    tell_to_end(home)
    assert model.invoke("ahoy?").usage_metadata
    tell_to_end(home)

    async def streamed() -> list[Any]:
        return [chunk async for chunk in job.chat_model(max_tokens=4).astream("ahoy?")]

    assert asyncio.run(streamed())


def test_an_answer_that_was_not_begun_comes_from_the_next_server(home: Path) -> None:
    """The request is under way when the server ends: the SDK sends it again."""
    ensure_server(home)
    endless: Any = {"max_tokens": 200, "logit_bias": {2: -100}}  # some seconds: it may not end
    chat_model = find_provider("local").connection().chat_model(BASE, **endless)
    assert chat_model.invoke("hi", max_tokens=1).usage_metadata  # it is loaded
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(chat_model.invoke, "tell me all")
        until(asking.running)
        server = tell_to_end(home)
        assert asking.result().usage_metadata
    found = find_server(home)
    assert found is not None
    assert found.pid != server.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, HANGUP])
def test_a_stream_that_is_cut_off_is_an_error_and_no_short_answer(home: Path, number: int) -> None:
    address = ensure_server(home)
    with openai.OpenAI(base_url=address.base_url, api_key=address.api_key) as client:
        stream = client.chat.completions.create(
            model=BASE,  # not the tiny one, which would be done at once
            messages=[{"role": "user", "content": "Tell me a very long story."}],
            max_tokens=3000,
            logit_bias={"2": -100},  # its end of turn
            stream=True,
        )
        next(stream)
        tell_to_end(home, number)
        with pytest.raises((openai.APIError, http_library().TransportError)):
            list(stream)


@pytest.mark.parametrize("number", [signal.SIGTERM, HANGUP])
@pytest.mark.parametrize("begun", ["nothing", "headers", "half of a file"])
def test_open_connections_keep_nobody(home: Path, begun: str, number: int) -> None:
    address = ensure_server(home)
    url = urlsplit(address.base_url)
    assert url.hostname
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {address.api_key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n"
    )
    sent = {"nothing": "", "headers": head, "half of a file": f"{head}\r\n--b\r\n"}[begun]
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(sent.encode())
        tell_to_end(home, number)


def test_work_that_cannot_be_broken_off_keeps_nobody(tmp_path: Path) -> None:
    """As a download of a base: it runs in a thread, which nothing can end."""
    code = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from langchain_fbmessenger.local import serve\n"
        "from langchain_fbmessenger.local.api import models\n"
        "def stuck(name):\n"
        "    print('stuck', flush=True)\n"
        "    threading.Event().wait()\n"
        "models.find_base = stuck\n"
        "serve(Path(sys.argv[1]))\n"
    )
    with subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            until(lambda: find_server(tmp_path) is not None)
            address = find_server(tmp_path)
            assert address is not None
            with openai.OpenAI(
                base_url=address.base_url, api_key=address.api_key, max_retries=0
            ) as client, ThreadPoolExecutor(1) as pool:  # fmt: skip
                asking = pool.submit(client.models.retrieve, "owner/name")
                assert process.stdout is not None
                assert process.stdout.readline() == "stuck\n"
                os.kill(process.pid, signal.SIGTERM)
                assert process.wait(60) == 0
                with pytest.raises(openai.APIError):
                    asking.result()
        finally:
            process.kill()
    assert not (tmp_path / "server.json").exists()


def test_the_command_goes_on_when_the_server_is_ended(
    home: Path, tiny_base: str, tmp_path: Path
) -> None:
    (tmp_path / "cap.jsonl").write_text("\n".join(json.dumps(one) for one in EXAMPLES))
    ensure_server(home)
    command = [sys.executable, "-m", "langchain_fbmessenger.cli.app", "finetune"]
    options = ["--model", tiny_base, "--epochs", str(EPOCHS), "--batch-size", "2", "--seed", "5"]
    with subprocess.Popen(  # noqa: S603  # our own
        [*command, str(tmp_path / "cap.jsonl"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().split()[1]
        wait_for_step(home, job_id, 3)
        tell_to_end(home)
        said, told = process.communicate()
    assert process.returncode == 0, told
    assert "model ft:tiny" in said
    assert "could not" not in told
