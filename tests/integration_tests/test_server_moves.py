"""The real local server is killed under its clients: they find the next one and go on."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from langchain_core.messages import HumanMessage

from langchain_fbmessenger import FineTuner
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.local import ensure_server, find_server, stop_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "SmolLM2-135M-Instruct"
EXAMPLE = {
    "messages": [
        {"role": "user", "content": "ahoy?"},
        {"role": "assistant", "content": "aye, fair winds"},
    ]
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("moves")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LANGCHAIN_FBMESSENGER_HOME", str(folder))
        yield folder
        stop_server(folder)


def kill(home: Path) -> str:
    """Kill the server as a crash would; return where it was."""
    address = ensure_server(home)
    os.kill(address.pid, signal.SIGKILL)
    while find_server(home) is not None:
        time.sleep(0.05)
    return address.base_url


async def test_a_chat_model_outlives_its_server(home: Path) -> None:
    ensure_server(home)
    model = find_provider("local").connection().chat_model(BASE, max_tokens=4, max_retries=0)
    before = model.invoke([HumanMessage("hi")]).content
    seen = {kill(home)}
    assert model.invoke([HumanMessage("hi")]).content
    seen.add(kill(home))
    assert "".join([str(chunk.content) async for chunk in model.astream("hi")])
    await model.root_async_client.close()
    stop_server(home)  # as an idle one ends itself
    assert "".join(str(chunk.content) for chunk in model.stream("hi"))
    address = ensure_server(home)
    assert address.base_url not in seen
    assert before


def test_a_wait_outlives_the_server_that_trains(home: Path, tiny_base: str) -> None:
    job = FineTuner(model=tiny_base, n_epochs=1, batch_size=4, seed=1).submit([EXAMPLE] * 8)
    killed = threading.Event()

    def crash() -> None:
        while job.status != "running":
            time.sleep(0.05)
        kill(home)
        killed.set()

    thread = threading.Thread(target=crash)
    thread.start()
    model = job.wait(timeout=400).chat_model(max_tokens=4)
    thread.join()
    assert killed.is_set()
    assert job.status == "succeeded"
    assert model.invoke("ahoy?").content
    with job._tracker.client() as client:
        assert list(client.files.list()) == [], "the uploads are gone"


def test_a_chat_model_is_used_in_one_event_loop_after_another(home: Path) -> None:
    ensure_server(home)
    model = find_provider("local").connection().chat_model(BASE, max_tokens=4, max_retries=0)

    answers = [asyncio.run(model.ainvoke("hi")).content for _ in range(3)]

    assert all(answers)
