"""Jobs as they are followed: events, progress, pauses, deletion."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuner, FineTuningError, FineTuningJob
from langchain_fbmessenger.fine_tuning import (
    CompatibleProvider,
    Connection,
    LocalProvider,
    Provider,
)
from langchain_fbmessenger.fine_tuning.connection import ReconnectingServer
from tests.integration_tests.fake_provider import BASE, EXAMPLES, FakeProvider, Fault, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = "GET /v1/fine_tuning/jobs/*/events"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    monkeypatch.setattr(
        "langchain_fbmessenger.fine_tuning.following.polling.backoff", lambda *_: 0.01
    )
    monkeypatch.setattr(Provider, "poll_seconds", 0.02)
    with serving() as running:
        yield running


@pytest.fixture
def tuner(server: FakeProvider) -> FineTuner:
    return FineTuner(provider=server.base_url, model=BASE, progress=False)


def trains(
    server: FakeProvider, job_id: str, steps: int, *, watched: bool = False
) -> threading.Thread:
    """Have a job train, in the background, with faults and looks at it in between."""

    def work() -> None:
        server.set_job(job_id, "running")
        for step in range(1, steps + 1):
            data: dict[str, Any] = {"step": step, "total_steps": steps, "train_loss": 3.0 / step}
            server.tell(job_id, data)
            if step % 50 == 0:
                server.faults[EVENTS] = [Fault(cut=True), Fault(status=500)]
                server.tell(job_id, data | {"valid_loss": 4.0 / step})
                asked = server.routes.count(EVENTS)
                while watched and server.routes.count(EVENTS) < asked + 3:  # two of them fail
                    time.sleep(0.01)
        server.set_job(job_id, "succeeded")
        server.tell(job_id, message="done")

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_events_are_streamed_once_each_and_all_of_them(
    server: FakeProvider, tuner: FineTuner
) -> None:
    job = tuner.submit(EXAMPLES)
    thread = trains(server, job.id, 250, watched=True)
    streamed = [event.id for event in job.stream_events()]
    thread.join()
    told = [event["id"] for event in server.events[job.id]]
    assert streamed == told[: len(streamed)]
    assert len(streamed) >= 255, "pages of a hundred, with faults in between"
    assert job.status == "succeeded"


async def test_async_events_end_with_the_job_too(server: FakeProvider, tuner: FineTuner) -> None:
    job = tuner.submit(EXAMPLES)
    for step in (1, 2):
        server.tell(job.id, {"step": step, "train_loss": 1.0})
    server.set_job(job.id, "failed")
    assert [event.data["step"] async for event in job.astream_events()] == [1, 2]  # type: ignore[index]
    assert job.status == "failed"


async def test_progress_reaches_callbacks_and_event_streams(
    server: FakeProvider, tuner: FineTuner
) -> None:
    made = await tuner.asubmit(EXAMPLES)
    thread = trains(server, made.id, 3)
    events = [event async for event in tuner.astream_events(EXAMPLES, version="v2")]
    thread.join()
    told = [e["data"] for e in events if e["event"] == "on_custom_event"]
    assert {e["name"] for e in events if e["event"] == "on_custom_event"} == {
        "fine_tuning_progress"
    }
    assert told[-1]["status"] == "succeeded"
    assert told[-1]["job_id"] == made.id
    assert (told[-1]["step"], told[-1]["total_steps"], told[-1]["train_loss"]) == (3, 3, 1.0)
    assert "secret" not in str(told)


def test_progress_of_a_plain_call_too(server: FakeProvider, tuner: FineTuner) -> None:
    from langchain_core.callbacks import BaseCallbackHandler

    class Listener(BaseCallbackHandler):
        def __init__(self) -> None:
            self.told: list[Any] = []

        def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
            self.told.append((name, data["status"]))

    server.ends_jobs = True
    listener = Listener()
    tuner.invoke(EXAMPLES, {"callbacks": [listener]})
    assert listener.told == [("fine_tuning_progress", "succeeded")]


def test_a_job_is_paused_and_goes_on(server: FakeProvider, tuner: FineTuner) -> None:
    job = tuner.submit(EXAMPLES)
    assert job.pause().status == "paused"
    with pytest.raises(FineTuningError, match="still paused"):
        job.wait(timeout=0.05)
    assert job.resume().status == "queued"
    assert len(server.files) == 1, "it still needs its file"


async def test_async_twins_of_commands(server: FakeProvider, tuner: FineTuner) -> None:
    job = await tuner.asubmit(EXAMPLES)
    assert (await job.apause()).status == "paused"
    assert (await job.aresume()).status == "queued"
    assert (await job.acancel()).status == "cancelled"
    assert server.files == {}
    with pytest.raises(FineTuningError, match="it has ended"):
        await job.acancel()


def test_a_wait_that_was_cancelled_ends_with_the_job_cancelled(
    server: FakeProvider, tuner: FineTuner
) -> None:
    job = tuner.submit(EXAMPLES)
    threading.Timer(0.1, server.set_job, (job.id, "cancelled")).start()
    with pytest.raises(FineTuningError, match="was cancelled") as caught:
        job.wait()
    assert caught.value.job_id == job.id
    assert server.files == {}


def test_losses_are_remembered_and_drawn(
    server: FakeProvider, tuner: FineTuner, tmp_path: Path
) -> None:
    job = tuner.submit(EXAMPLES)
    trains(server, job.id, 60).join()
    job.wait()
    server.events[job.id] = []  # the provider has forgotten them
    curve = FineTuningJob.from_id(job.id, server.base_url).loss_curve()
    assert (curve[0].step, curve[0].train_loss) == (1, 3.0)
    assert [point.step for point in curve if point.valid_loss is not None] == [50]
    pytest.importorskip("matplotlib")
    axes = job.plot()
    assert [line.get_label() for line in axes.get_lines()] == ["training", "validation"]
    axes.figure.savefig(tmp_path / "losses.png")  # type: ignore[union-attr]


def test_a_job_is_deleted_with_all_that_belongs_to_it(
    server: FakeProvider, tuner: FineTuner, tmp_path: Path
) -> None:
    job = tuner.submit(EXAMPLES)
    with pytest.raises(FineTuningError, match="cancel"):
        job.delete()
    server.set_job(job.id, "succeeded")
    job.delete()
    assert server.models == {BASE}
    assert server.files == {}
    assert list((tmp_path / "manifests").glob("*.json")) == []
    assert [found.id for found in FineTuningJob.newest(server.base_url)] == [job.id]


def test_a_base_that_the_local_server_chooses_is_named_and_hashed(
    server: FakeProvider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = Connection(server.base_url, "k", is_loopback=True)
    monkeypatch.setattr(LocalProvider, "connection", lambda _self: here)
    chosen = {"id": BASE, "object": "model", "created": 1, "owned_by": "local"}
    server.answers["GET /v1/models/*"] = {**chosen, "reason": "8 GiB of memory"}
    caplog.set_level("INFO", logger="langchain_fbmessenger")
    job = FineTuner(model="auto", lora_rank=8).submit(EXAMPLES)
    assert server.jobs[job.id]["model"] == BASE
    assert "8 GiB of memory" in caplog.text
    assert "this machine's own server" in caplog.text
    assert all(record.levelname == "INFO" for record in caplog.records)
    assert FineTuner(model=BASE, lora_rank=8).submit(EXAMPLES).id == job.id


def test_early_stopping_needs_held_out_examples(server: FakeProvider) -> None:
    class Stopping(CompatibleProvider):
        known_settings = CompatibleProvider.known_settings | {"early_stopping"}

    provider = Stopping(base_url=server.base_url)
    tuner = FineTuner(provider=provider, model=BASE, early_stopping=2)
    with pytest.raises(ValueError, match="validation set"):
        tuner.submit(EXAMPLES)
    assert server.files == {}


async def test_clients_follow_a_server_that_moves(server: FakeProvider) -> None:
    """By hand, so that both majors of the SDK can be tried without the local server's packages."""
    import openai

    with serving() as old:
        found = iter([(server.base_url, "new")])
        moving = ReconnectingServer((old.base_url, "old"), lambda: next(found))
        here = Connection(old.base_url, "old", is_loopback=True, server=moving)
        client = here.client(max_retries=0)
        http = here.chat_model(BASE).http_async_client
        async_client = openai.AsyncOpenAI(
            base_url=old.base_url, api_key="old", http_client=http, max_retries=0
        )
        assert client.models.retrieve(BASE).id == BASE
        old.answers["GET /v1/models/*"] = (401, {"error": {"message": "another's key"}})
        assert client.models.retrieve(BASE).id == BASE, "another has its port"
        assert (await async_client.models.retrieve(BASE)).id == BASE
    assert server.keys == ["Bearer new", "Bearer new"]
    moving.at = (old.base_url, "old")  # where nobody listens any more
    found = iter([(server.base_url, "newer")])
    assert (await async_client.models.retrieve(BASE)).id == BASE
    moving.at = (old.base_url, "old")
    found = iter([(server.base_url, "newest")])
    assert client.models.retrieve(BASE).id == BASE
    assert server.keys[2:] == ["Bearer newer", "Bearer newest"]
    nowhere = (old.base_url, "gone again")
    for ask in (
        client.models.retrieve,
        async_client.models.retrieve,
    ):
        moving.at = (old.base_url, "old")
        found = iter([nowhere, (server.base_url, "third")])  # it was ended while it started
        answer = ask(BASE)
        model = await answer if isinstance(answer, Awaitable) else answer
        assert model.id == BASE
    client.close()
    await async_client.close()
