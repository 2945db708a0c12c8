"""A time limit holds whatever a provider does, and a wait ends where lists do not."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from langchain_fbmessenger import FineTuningError, FineTuningJob
from langchain_fbmessenger.fine_tuning import provider_queries
from langchain_fbmessenger.fine_tuning.following import polling
from langchain_fbmessenger.fine_tuning.manifests import Manifest, Manifests
from tests.unit_tests.fine_tuning.wire import (
    EVENTS,
    FILES,
    WIRES,
    Query,
    Wire,
    Wired,
    listed,
    set_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def job(wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FineTuningJob]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    WIRES["wire"] = wire
    set_status(wire, "running")
    # One that was submitted here: when it ends, files and events are listed.
    Manifests().write(
        Manifest(
            key="k",
            attempt="a",
            provider="wired",
            host="h",
            model="m",
            files=[],
            settings={},
            metadata={},
            versions={},
            job_id="ftjob-1",
        )
    )
    yield FineTuningJob.from_id("ftjob-1", Wired())
    WIRES.clear()


def ignores_after() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(1, 2, 3)


def test_a_wait_ends_where_events_are_listed_for_ever(wire: Wire, job: FineTuningJob) -> None:
    wire.answers[EVENTS] = ignores_after()
    wire.answers[FILES] = ignores_after()
    set_status(wire, "succeeded")

    assert job.wait(timeout=30).status == "succeeded"
    assert wire.asked[EVENTS] == 3, "a look, and the losses in two pages"
    assert sum(wire.asked.values()) < 15


async def test_each_event_is_streamed_once_in_async_code_too(
    wire: Wire, job: FineTuningJob
) -> None:
    numbers: list[int] = []

    def events(query: Query) -> dict[str, Any]:
        if "after" not in query:
            numbers.insert(0, len(numbers))
        if len(numbers) == 6:
            set_status(wire, "succeeded")
        return listed(*numbers)  # all of them, on each page

    wire.answers[EVENTS] = events

    streamed = [event.id async for event in job.astream_events()]

    assert streamed == [f"x-{number}" for number in range(len(numbers))]
    assert wire.asked[EVENTS] < 15


class Hang:
    """Gives no answer before the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.was_heard_out = False

    def __call__(self, content: bytes) -> Any:
        self.was_heard_out = not self.over.wait(20)
        return content


class Trickle(Hang):
    """Gives a byte at a time."""

    @override
    def __call__(self, content: bytes) -> Any:
        for _ in range(20_000):
            if self.over.wait(0.001):
                return
            yield b" "
        self.was_heard_out = True
        yield content


@contextmanager
def answering_never(wire: Wire, fault: type[Hang]) -> Iterator[None]:
    wire.body = hanging = fault()
    try:
        with pytest.raises(FineTuningError, match="still running") as caught:
            yield
    finally:
        hanging.over.set()
    assert caught.value.code == "timeout"
    assert not hanging.was_heard_out


@pytest.mark.parametrize("fault", [Hang, Trickle])
def test_a_time_limit_holds_although_no_answer_is_whole(
    wire: Wire, job: FineTuningJob, fault: type[Hang]
) -> None:
    with answering_never(wire, fault):
        job.wait(timeout=0.1)


@pytest.mark.parametrize("fault", [Hang, Trickle])
async def test_and_in_async_code(wire: Wire, job: FineTuningJob, fault: type[Hang]) -> None:
    with answering_never(wire, fault), pytest.warns(DeprecationWarning, match="`await job`"):
        await job.await_(timeout=0.1)


def test_a_time_limit_holds_while_an_endless_list_is_read(
    wire: Wire, job: FineTuningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job has succeeded: that its losses cannot be read to the end takes nothing from it."""
    monkeypatch.setattr(provider_queries, "_MOST_PAGES", 10**9)
    numbers = count()
    wire.answers[EVENTS] = lambda _: listed(next(numbers))
    set_status(wire, "succeeded")

    assert job.wait(timeout=0.1).status == "succeeded"


def test_a_look_is_taken_although_there_is_no_time(wire: Wire, job: FineTuningJob) -> None:
    wire.answers[EVENTS] = ignores_after()
    with pytest.raises(FineTuningError, match="still running"):
        job.wait(timeout=0)
    set_status(wire, "succeeded")
    assert job.wait(timeout=0).fine_tuned_model == "ft:1"


def test_a_provider_that_gives_no_whole_answer_ends_a_wait_without_limit(
    wire: Wire, job: FineTuningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "OUTAGE_S", 0.05)
    wire.body = hanging = Trickle()
    try:
        with pytest.raises(FineTuningError, match="no whole answer"):
            job.wait()
    finally:
        hanging.over.set()
