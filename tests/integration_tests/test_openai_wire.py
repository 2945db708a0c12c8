"""What OpenAI answers, told by a server on this machine that answers the same.

OpenAI itself is out of reach here, and closing. Its answers are taken from its API reference and,
for `training_not_available`, from its deprecation notice (2026-11).
"""

from __future__ import annotations

import asyncio
import json
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
from tests.integration_tests.fake_provider import BASE, EXAMPLE, EXAMPLES, FakeProvider, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

MODEL = {"id": BASE, "object": "model", "created": 1, "owned_by": "openai"}
JOB = "GET /v1/fine_tuning/jobs/*"


@pytest.fixture
def openai_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with serving() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


def put_job(server: FakeProvider, status: str, **more: Any) -> str:
    """Have the provider know a job that is not of this package's making."""
    server.create_file(b"", {})
    file = next(iter(server.files))
    body = json.dumps({"model": BASE, "training_file": file}).encode()
    job_id = server.create_job(body, {})["id"]
    server.set_job(job_id, status, **more)
    return job_id


tuner = FineTuner(provider="openai", model="gpt-4o-mini", n_epochs=2, seed=3, suffix="zoe")
warns_of_the_end = pytest.mark.filterwarnings("ignore:OpenAI takes no fine-tuning jobs")


@pytest.mark.usefixtures("openai_server")
def test_every_use_warns_with_the_date() -> None:
    with pytest.warns(UserWarning, match="2027-01-06"):
        tuner.submit(EXAMPLES)


@warns_of_the_end
def test_job_is_made_of_what_was_asked(openai_server: FakeProvider) -> None:
    tuner.submit(iter(EXAMPLES))
    assert openai_server.routes[0] == "GET /v1/models/*"
    made = [route for route in openai_server.routes if not route.startswith("GET")]
    assert made == ["POST /v1/files", "POST /v1/fine_tuning/jobs"]
    (upload,) = openai_server.bodies("POST /v1/files")
    assert upload.count(b"secret") == 10
    assert b"expires_after" in upload
    (asked,) = map(json.loads, openai_server.bodies("POST /v1/fine_tuning/jobs"))
    key = asked["metadata"].pop("langchain_fbmessenger_key")
    assert len(key) == 64
    assert asked == {
        "model": "gpt-4o-mini",
        "training_file": next(iter(openai_server.files)),
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
        "seed": 3,
        "suffix": "zoe",
        "metadata": {"system_prompt_00": "You are {Zoë}."},
    }


@warns_of_the_end
def test_training_not_available_says_what_to_use_instead(openai_server: FakeProvider) -> None:
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
def test_bad_examples_never_leave(openai_server: FakeProvider, examples: list, words: str) -> None:
    with pytest.raises(InvalidExampleError, match=words):
        tuner.submit(examples)
    assert openai_server.routes == ["GET /v1/models/*"]


@warns_of_the_end
def test_base_model_that_was_shut_down_is_refused(openai_server: FakeProvider) -> None:
    openai_server.answers["GET /v1/models/*"] = MODEL | {"shutdown_date": "2026-01-14"}
    with pytest.raises(FineTuningError, match="2026-01-14"):
        tuner.submit(EXAMPLES)
    assert "POST /v1/files" not in openai_server.routes


@warns_of_the_end
@pytest.mark.usefixtures("openai_server")
def test_unknown_base_model_is_the_providers_word() -> None:
    with pytest.raises(FineTuningError, match=r"404 \(not_found\): no such thing"):
        FineTuner(provider="openai", model="gpt-9").submit(EXAMPLES)


@warns_of_the_end
def test_failed_job_raises_the_providers_code_and_words(openai_server: FakeProvider) -> None:
    error = {"code": "invalid_training_file", "message": "line 3 is wrong", "param": None}
    job = tuner.submit(EXAMPLES)
    openai_server.set_job(job.id, "failed", error=error)
    with pytest.raises(FineTuningError, match="line 3 is wrong") as caught:
        job.wait(progress=False)
    failure = caught.value
    assert (failure.job_id, failure.status, failure.code) == (
        job.id,
        "failed",
        "invalid_training_file",
    )


@pytest.mark.parametrize("status", ["validating_files", "queued", "running", "paused", "whatever"])
def test_other_statuses_never_end_a_wait(openai_server: FakeProvider, status: str) -> None:
    waiting = FineTuningJob.from_id(put_job(openai_server, status), "openai")
    with pytest.raises(FineTuningError, match="from_id") as caught:
        waiting.wait(timeout=0.2)
    assert (caught.value.code, caught.value.status) == ("timeout", status)
    with pytest.raises(FineTuningError, match=f"it is {status}"):
        waiting.chat_model()


async def test_async_wait_ends_like_the_sync_one(openai_server: FakeProvider) -> None:
    job_id = put_job(openai_server, "succeeded")
    finished = await FineTuningJob.afrom_id(job_id, "openai")
    assert await finished is finished
    assert finished.chat_model().model_name == f"ft:{job_id}"
    openai_server.set_job(job_id, "cancelled")
    with pytest.raises(FineTuningError, match="was cancelled"):
        await finished


@warns_of_the_end
def test_in_a_foreign_chain_the_tuner_trains_on_all_chunks_of_a_stream(
    openai_server: FakeProvider,
) -> None:
    openai_server.ends_jobs = True
    chain = RunnablePassthrough() | tuner
    for models in (
        list(chain.stream(EXAMPLES)),  # one chunk that holds them all
        list(tuner.transform(iter(EXAMPLES))),  # a chunk each
        asyncio.run(_alist(tuner.atransform(_aiter(EXAMPLES)))),
    ):
        assert [model.model_name for model in models] == [f"ft:{next(iter(openai_server.jobs))}"]
    (upload,) = openai_server.bodies("POST /v1/files")  # the same examples: the same job
    assert upload.count(b"secret") == 10


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
