"""Chats as the real server answers them: many clients, many adapters, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import psutil
import pytest

from langchain_fbmessenger.local import ensure_server, stop_server
from langchain_fbmessenger.local.jobs.store import Store
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import ModelRecord
from tests.integration_tests.engines_local import BASE, broken, bundled, is_running, make_adapters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai.types.chat import ChatCompletion

    from langchain_fbmessenger.local import ServerAddress

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")

LONG: Any = [{"role": "user", "content": "Write a very long story about a ship."}]
SHORT: Any = [{"role": "user", "content": "Tell me about the sea."}]
ENDLESS: Any = {"max_tokens": 1500, "logit_bias": {"2": -100, "0": -100}}


@pytest.fixture(scope="module")
def home(local_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a state folder that knows three tuned models and a broken one."""
    root = tmp_path_factory.mktemp("engines-server")
    state = Home.open(root)
    shutil.copytree(Home.open(local_home).bases, state.bases, dirs_exist_ok=True)
    folder = root / "adapters"  # as those that are trained elsewhere
    adapters = make_adapters(folder, state.bases, 3)
    adapters.append(broken(adapters[0], folder / "broken"))
    store = Store(state.database)
    for number, adapter in enumerate(adapters):
        store.add(
            ModelRecord(
                id=adapter.name,
                root=BASE,
                job_id=f"job-{number}",
                created_at=1,
                adapter=str(adapter.folder.relative_to(root)),
            )
        )
    store.close()
    yield root
    stop_server(root)


@pytest.fixture(scope="module")
def server(home: Path) -> ServerAddress:
    return ensure_server(home)


@pytest.fixture(scope="module")
def client(server: ServerAddress) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=120
    ) as client:
        yield client


def ask(client: openai.OpenAI, model: str = BASE, **options: Any) -> ChatCompletion:
    options = {"messages": SHORT, "temperature": 0, "max_tokens": 12, **options}
    answer: ChatCompletion = client.chat.completions.create(model=model, **options)
    return answer


def text(answer: ChatCompletion) -> str | None:
    return answer.choices[0].message.content


def engines_of(server: ServerAddress) -> list[int]:
    listed = Path(f"/proc/{server.pid}/task").glob("*/children")
    return [int(child) for children in listed for child in children.read_text().split()]


def resident(pids: list[int]) -> float:
    """Return the memory of processes in MB."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """Return how long the processor has worked for a process."""
    return sum(psutil.Process(pid).cpu_times()[:2])


def test_many_clients_of_which_half_leave_are_answered_and_cost_no_memory(
    client: openai.OpenAI, server: ServerAddress
) -> None:
    models = [f"ft:tiny.{number}" for number in range(3)]
    # One token: beside others llama.cpp rounds otherwise, by which long answers part in the end.
    expected = {model: text(ask(client, model, max_tokens=1)) for model in models}
    assert len(set(expected.values())) == 3

    def one(number: int) -> bool:
        model = models[number % 3]
        if number % 2:
            return text(ask(client, model, max_tokens=1)) == expected[model]
        with client.chat.completions.create(
            model=model, messages=LONG, stream=True, **ENDLESS
        ) as stream:
            next(iter(stream))
        return True

    sizes = []
    for _ in range(3):
        with ThreadPoolExecutor(20) as clients:
            assert all(clients.map(one, range(20)))
        sizes.append(resident([server.pid, *engines_of(server)]))

    assert len(engines_of(server)) == 1
    assert sizes[2] < sizes[0] * 1.2


def test_a_client_that_leaves_before_the_first_token_frees_the_engine(
    client: openai.OpenAI,
) -> None:
    impatient = client.with_options(timeout=0.3)
    with ThreadPoolExecutor(20) as clients:
        waits = [clients.submit(ask, impatient, messages=LONG, **ENDLESS) for _ in range(20)]
    assert all(isinstance(wait.exception(), openai.APITimeoutError) for wait in waits)

    assert text(ask(client.with_options(timeout=60)))  # twenty to their ends take minutes


def test_choices_are_reproducible_and_share_the_prompt(client: openai.OpenAI) -> None:
    options: Any = {"temperature": 1.5, "seed": 7}
    single = [text(ask(client, **{**options, "seed": 7 + index})) for index in range(3)]
    prompt = ask(client).usage
    answer = ask(client, **options, n=3)

    assert [choice.message.content for choice in answer.choices] == single
    assert answer.usage is not None
    assert prompt is not None
    assert answer.usage.prompt_tokens == prompt.prompt_tokens
    assert answer.usage.completion_tokens <= 3 * 12


def test_choices_are_streamed_with_their_index(client: openai.OpenAI) -> None:
    *chunks, last = client.chat.completions.create(
        model=BASE, messages=SHORT, n=2, max_tokens=4, stream=True,
        stream_options={"include_usage": True},
    )  # fmt: skip

    assert [chunk.choices[0].index for chunk in chunks] == sorted(
        chunk.choices[0].index for chunk in chunks
    )
    assert {chunk.choices[0].index for chunk in chunks} == {0, 1}
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_is_killed_amid_an_answer_is_an_error_of_that_answer(
    client: openai.OpenAI, server: ServerAddress, stream: bool
) -> None:
    expected = text(ask(client))
    (engine,) = engines_of(server)

    def answer() -> None:
        got = client.chat.completions.create(model=BASE, messages=LONG, stream=stream, **ENDLESS)  # type: ignore[call-overload]
        list(got)

    with ThreadPoolExecutor(1) as clients:
        idle = cpu_seconds(engine)
        waiting = clients.submit(answer)
        assert eventually(lambda: cpu_seconds(engine) > idle + 0.3), "it is at it"
        os.kill(engine, signal.SIGKILL)
        error = waiting.exception()

    assert isinstance(error, openai.APIError)
    assert "ended unexpectedly" in error.message
    assert text(ask(client)) == expected


def test_a_broken_adapter_is_an_error_and_the_next_request_works(client: openai.OpenAI) -> None:
    expected = text(ask(client, "ft:tiny.1"))

    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "ft:broken")

    assert caught.value.type == "server_error"
    assert text(ask(client, "ft:tiny.1")) == expected


def test_a_base_that_is_gone_is_not_found_and_the_next_request_works(
    client: openai.OpenAI, tmp_path: Path
) -> None:
    base = tmp_path / "copy.gguf"
    shutil.copy(bundled(), base)
    assert text(ask(client, str(base)))
    base.unlink()

    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, str(base))

    assert caught.value.code == "model_not_found"
    assert text(ask(client))


def test_a_deleted_model_is_not_served_any_more(client: openai.OpenAI) -> None:
    assert text(ask(client, "ft:tiny.2"))
    client.models.delete("ft:tiny.2")

    with pytest.raises(openai.NotFoundError):
        ask(client, "ft:tiny.2")
    assert text(ask(client, "ft:tiny.0"))


def test_what_no_engine_does_is_refused_by_name(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, audio={"voice": "x", "format": "mp3"})

    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "audio")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_engines_end_with_a_server_that_is_killed(
    client: openai.OpenAI, server: ServerAddress
) -> None:
    ask(client)
    engines = engines_of(server)
    assert engines

    os.kill(server.pid, signal.SIGKILL)

    assert eventually(lambda: not any(map(is_running, engines)))


def eventually(is_so: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
