"""What OpenAI answers, told by a server on this machine that answers the same.

OpenAI itself is out of reach here, and closing. Its answers are taken from its API reference and,
for `training_not_available`, from its deprecation notice (2026-11).
"""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.runnables import RunnablePassthrough

from langchain_fbmessenger import (
    FineTuner,
    FineTuningError,
    FineTuningJob,
    InvalidExampleError,
    TrainingNotAvailableError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

EXAMPLE = {
    "messages": [
        {"role": "system", "content": "You are {Zoë}."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "secret"},
    ]
}
EXAMPLES = [EXAMPLE] * 10
MODEL = {"id": "gpt-4o-mini", "object": "model", "created": 1, "owned_by": "openai"}
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 1,
    "created_at": 1,
    "filename": "f",
    "purpose": "fine-tune",
    "status": "processed",
}
NOT_FOUND = (404, {"error": {"message": "no such thing", "type": "x", "code": "not_found"}})


def job(status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "ftjob-1",
        "object": "fine_tuning.job",
        "created_at": 1,
        "model": "gpt-4o-mini",
        "organization_id": "o",
        "result_files": [],
        "seed": 1,
        "status": status,
        "training_file": "file-1",
        "hyperparameters": {},
        **more,
    }


class OpenAI(ThreadingHTTPServer):
    """Answers each route with what the test has put there; a list is answered one by one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Any] = {
            "GET /v1/models/gpt-4o-mini": MODEL,
            "POST /v1/files": FILE,
            "POST /v1/fine_tuning/jobs": job("queued"),
            "GET /v1/fine_tuning/jobs/ftjob-1/events": {"object": "list", "data": []},
        }
        self.asked: list[tuple[str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: OpenAI

    def _answer(self) -> None:
        route = f"{self.command} {self.path.partition('?')[0]}"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((route, body))
        answer = self.server.answers.get(route, NOT_FOUND)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    server = OpenAI()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


tuner = FineTuner(provider="openai", model="gpt-4o-mini", n_epochs=2, seed=3, suffix="zoe")
warns_of_the_end = pytest.mark.filterwarnings("ignore:OpenAI takes no fine-tuning jobs")


def routes(server: OpenAI) -> list[str]:
    return [route for route, _ in server.asked]


@pytest.mark.usefixtures("openai_server")
def test_every_use_warns_with_the_date() -> None:
    with pytest.warns(UserWarning, match="2027-01-06"):
        tuner.submit(EXAMPLES)


@warns_of_the_end
def test_job_is_made_of_what_was_asked(openai_server: OpenAI) -> None:
    tuner.submit(iter(EXAMPLES))
    assert routes(openai_server) == [
        "GET /v1/models/gpt-4o-mini",
        "POST /v1/files",
        "POST /v1/fine_tuning/jobs",
    ]
    upload = openai_server.asked[1][1]
    assert upload.count(b"secret") == 10
    assert b"expires_after" in upload
    asked = json.loads(openai_server.asked[2][1])
    assert asked == {
        "model": "gpt-4o-mini",
        "training_file": "file-1",
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
        "seed": 3,
        "suffix": "zoe",
        "metadata": {"system_prompt_00": "You are {Zoë}."},
    }


@warns_of_the_end
def test_training_not_available_says_what_to_use_instead(openai_server: OpenAI) -> None:
    refusal = {"message": "Fine-tuning is closed.", "code": "training_not_available"}
    openai_server.answers["POST /v1/fine_tuning/jobs"] = (403, {"error": refusal})
    with pytest.raises(TrainingNotAvailableError) as caught:
        tuner.submit(EXAMPLES)
    assert "Fine-tuning is closed." in str(caught.value)
    assert 'FineTuner(provider="local")' in str(caught.value)
    assert caught.value.code == "training_not_available"


@warns_of_the_end
@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ([], "no training examples"),
        (EXAMPLES[:9], "at least 10"),
        ([*EXAMPLES, {"messages": [{"role": "user", "content": "x"}]}], "example 11"),
        (
            [
                *EXAMPLES,
                {
                    "messages": [
                        *EXAMPLE["messages"][:2],
                        {"role": "assistant", "content": "x" * 300_000},
                    ]
                },
            ],
            "example 11: it has 75,",
        ),
    ],
)
def test_bad_examples_never_leave(openai_server: OpenAI, examples: list, words: str) -> None:
    with pytest.raises(InvalidExampleError, match=words):
        tuner.submit(examples)
    assert routes(openai_server) == ["GET /v1/models/gpt-4o-mini"]


@warns_of_the_end
def test_base_model_that_was_shut_down_is_refused(openai_server: OpenAI) -> None:
    openai_server.answers["GET /v1/models/gpt-4o-mini"] = MODEL | {"shutdown_date": "2026-01-14"}
    with pytest.raises(FineTuningError, match="2026-01-14"):
        tuner.submit(EXAMPLES)
    assert "POST /v1/files" not in routes(openai_server)


@warns_of_the_end
@pytest.mark.usefixtures("openai_server")
def test_unknown_base_model_is_the_providers_word() -> None:
    with pytest.raises(FineTuningError, match=r"404 \(not_found\): no such thing"):
        FineTuner(provider="openai", model="gpt-9").submit(EXAMPLES)


@warns_of_the_end
def test_failed_job_raises_the_providers_code_and_words(openai_server: OpenAI) -> None:
    error = {"code": "invalid_training_file", "message": "line 3 is wrong", "param": None}
    openai_server.answers["GET /v1/fine_tuning/jobs/ftjob-1"] = job("failed", error=error)
    with pytest.raises(FineTuningError, match="line 3 is wrong") as caught:
        tuner.submit(EXAMPLES).wait(progress=False)
    failure = caught.value
    assert (failure.job_id, failure.status, failure.code) == (
        "ftjob-1",
        "failed",
        "invalid_training_file",
    )


@pytest.mark.parametrize("status", ["validating_files", "queued", "running", "paused", "whatever"])
def test_other_statuses_never_end_a_wait(openai_server: OpenAI, status: str) -> None:
    openai_server.answers["GET /v1/fine_tuning/jobs/ftjob-1"] = job(status)
    waiting = FineTuningJob.from_id("ftjob-1", "openai")
    with pytest.raises(FineTuningError, match="from_id") as caught:
        waiting.wait(timeout=0.2)
    assert (caught.value.code, caught.value.status) == ("timeout", status)
    with pytest.raises(FineTuningError, match=f"it is {status}"):
        waiting.chat_model()


async def test_async_wait_ends_like_the_sync_one(openai_server: OpenAI) -> None:
    done = job("succeeded", fine_tuned_model="ft:zoe")
    openai_server.answers["GET /v1/fine_tuning/jobs/ftjob-1"] = done
    finished = await FineTuningJob.afrom_id("ftjob-1", "openai")
    assert await finished.await_() is finished
    assert finished.chat_model().model_name == "ft:zoe"
    openai_server.answers["GET /v1/fine_tuning/jobs/ftjob-1"] = job("cancelled")
    with pytest.raises(FineTuningError, match="was cancelled"):
        await finished.await_()


@warns_of_the_end
def test_in_a_foreign_chain_the_tuner_trains_on_all_chunks_of_a_stream(
    openai_server: OpenAI,
) -> None:
    done = job("succeeded", fine_tuned_model="ft:zoe")
    openai_server.answers["GET /v1/fine_tuning/jobs/ftjob-1"] = done
    chain = RunnablePassthrough() | tuner
    for models in (
        list(chain.stream(EXAMPLES)),  # one chunk that holds them all
        list(tuner.transform(iter(EXAMPLES))),  # a chunk each
        asyncio.run(_alist(tuner.atransform(_aiter(EXAMPLES)))),
    ):
        assert [model.model_name for model in models] == ["ft:zoe"]
    uploads = [body for route, body in openai_server.asked if route == "POST /v1/files"]
    assert [upload.count(b"secret") for upload in uploads] == [10, 10, 10]


async def _aiter(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


async def _alist(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@pytest.mark.usefixtures("openai_server")
def test_job_that_is_not_there() -> None:
    with pytest.raises(FineTuningError, match="no such thing") as caught:
        FineTuningJob.from_id("ftjob-0", "openai")
    assert caught.value.job_id == "ftjob-0"


@warns_of_the_end
def test_provider_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(FineTuningError, match="could not be reached") as caught:
        tuner.submit(EXAMPLES)
    assert caught.value.code == "connection_error"


@warns_of_the_end
def test_missing_key_is_a_clear_error() -> None:
    with pytest.raises(FineTuningError, match="OPENAI_API_KEY"):
        tuner.submit(EXAMPLES)
