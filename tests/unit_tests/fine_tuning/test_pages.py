"""Lists that do not end as they should: few requests, each item once, and time limits that hold."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import openai
import pytest
from typing_extensions import override

from langchain_fbmessenger import FineTuningError, FineTuningJob
from langchain_fbmessenger.fine_tuning import Connection, Provider, pages, watching
from langchain_fbmessenger.fine_tuning.connection import http_library
from langchain_fbmessenger.fine_tuning.manifests import Manifest, Manifests
from langchain_fbmessenger.fine_tuning.pages import items_of
from langchain_fbmessenger.fine_tuning.providers.nebius import NebiusProvider
from langchain_fbmessenger.fine_tuning.remote import files_named, list_jobs
from langchain_fbmessenger.fine_tuning.watching import events_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.examples import ExampleRules

Query = dict[str, str]
JOBS, FILES = "/v1/fine_tuning/jobs", "/v1/files"
JOB, EVENTS = f"{JOBS}/ftjob-1", f"{JOBS}/ftjob-1/events"
CHECKPOINTS = f"{JOB}/checkpoints"


def item(number: int | None) -> dict[str, Any]:
    """Make what passes for a job, a file, an event and a checkpoint; None has no id."""
    named = {} if number is None else {"id": f"x-{number}"}
    return named | {
        "created_at": 1,
        "filename": "mine",
        "training_file": "file-1",
        "status": "running",
        "type": "message",
        "message": f"m {number}",
        "step_number": number or 0,
        "result_files": [f"file-{number}"],
    }


class Wire:
    """A provider without sockets: it answers by route, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Callable[[Query], dict[str, Any]]] = {}
        self.body: Callable[[bytes], Any] = lambda content: content

    def client(self) -> openai.OpenAI:
        httpx = http_library()

        def answer(request: Any) -> Any:
            path = request.url.path
            self.asked[path] += 1
            query = {k: v[0] for k, v in parse_qs(request.url.query.decode()).items()}
            if path not in self.answers:
                return httpx.Response(404, json={"error": {"message": "no such thing"}})
            content = json.dumps(self.answers[path](query)).encode()
            return httpx.Response(
                200, content=self.body(content), headers={"Content-Type": "application/json"}
            )

        transport = httpx.MockTransport(answer)
        return openai.OpenAI(
            base_url="http://127.0.0.1/v1",
            api_key="k",
            http_client=httpx.Client(transport=transport),
            max_retries=0,
        )


@pytest.fixture
def wire() -> Wire:
    return Wire()


def listed(*numbers: int | None, has_more: bool | None = None) -> dict[str, Any]:
    more = {} if has_more is None else {"has_more": has_more}
    return {"object": "list", "data": [item(number) for number in numbers], **more}


def ignores_after() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(1, 2, 3)


def always_has_more() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(1, 2, 3, has_more=True)


def empty_with_more() -> Callable[[Query], dict[str, Any]]:
    return lambda query: listed(*(() if "after" in query else (1, 2, 3)), has_more=True)


def turns_in_a_circle() -> Callable[[Query], dict[str, Any]]:
    pages = {None: (1, 2), "x-2": (3,), "x-3": (1, 2)}
    return lambda query: listed(*pages[query.get("after")], has_more=True)


def repeats_its_last() -> Callable[[Query], dict[str, Any]]:
    return lambda query: listed(*((3,) if "after" in query else (1, 2, 3)), has_more=True)


def without_ids() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(None, has_more=True)


def without_data() -> Callable[[Query], dict[str, Any]]:
    return lambda _: {"object": "list", "has_more": True}


def honest_without_has_more() -> Callable[[Query], dict[str, Any]]:
    pages = {None: (1, 2), "x-2": (3,), "x-3": ()}
    return lambda query: listed(*pages[query.get("after")])


LISTS = {
    ignores_after: ([1, 2, 3], 2),
    always_has_more: ([1, 2, 3], 2),
    empty_with_more: ([1, 2, 3], 2),
    turns_in_a_circle: ([1, 2, 3], 3),
    repeats_its_last: ([1, 2, 3], 2),
    without_ids: ([None], 1),
    without_data: ([], 1),
    honest_without_has_more: ([1, 2, 3], 3),
}
READERS: dict[str, Callable[[openai.OpenAI], list[Any]]] = {
    JOBS: lambda client: list_jobs(client, 500),
    FILES: lambda client: files_named(client, "mine"),
    EVENTS: lambda client: events_since(client, "ftjob-1")[::-1],
    CHECKPOINTS: lambda client: list(items_of(client.fine_tuning.jobs.checkpoints.list("ftjob-1"))),
}


@pytest.mark.parametrize("route", READERS)
@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.__name__)
def test_a_list_is_read_once_and_with_few_requests(
    wire: Wire, route: str, kind: Callable[[], Callable[[Query], dict[str, Any]]]
) -> None:
    wire.answers[route] = kind()
    expected, requests = LISTS[kind]

    found = READERS[route](wire.client())

    ids = [None if number is None else f"x-{number}" for number in expected]
    assert [one.id for one in found] == ids
    assert wire.asked[route] == requests


def test_a_list_that_never_ends_is_left(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MOST_PAGES", 5)
    numbers = count()
    wire.answers[EVENTS] = lambda _: listed(next(numbers), next(numbers))

    assert len(events_since(wire.client(), "ftjob-1")) == 10
    assert wire.asked[EVENTS] == 5


def test_what_was_seen_before_is_not_given_again_nor_passed(wire: Wire) -> None:
    wire.answers[EVENTS] = lambda _: listed(4, 3, 2, 1, has_more=True)

    new = events_since(wire.client(), "ftjob-1", {"x-2", "x-1"})

    assert [event.id for event in new] == ["x-3", "x-4"]
    assert wire.asked[EVENTS] == 1


def test_different_items_that_share_an_id_are_all_given(wire: Wire) -> None:
    """As of a server that has no ids and says the same of each."""
    twins = [item(1), {**item(1), "message": "other"}, item(1)]
    wire.answers[EVENTS] = lambda _: {"data": twins, "has_more": True}

    assert [event.message for event in events_since(wire.client(), "ftjob-1")] == ["other", "m 1"]


class AtWire(Connection):
    """Connects to the wire instead of an address."""

    @override
    def client(self, **options: Any) -> openai.OpenAI:
        return WIRES[str(self.base_url)].client().with_options(**options)


WIRES: dict[str, Wire] = {}


class Wired(Provider):
    name = "wired"
    poll_seconds = 0.001

    @override
    def connection(self) -> Connection:
        return AtWire("wire")

    @override
    def preflight(self, client: openai.OpenAI, model: str) -> ExampleRules:
        raise NotImplementedError


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


def set_status(wire: Wire, status: str) -> None:
    state = {**item(1), "id": "ftjob-1", "status": status, "fine_tuned_model": "ft:1"}
    wire.answers[JOB] = lambda _: state


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
    with answering_never(wire, fault):
        await job.await_(timeout=0.1)


def test_a_time_limit_holds_while_an_endless_list_is_read(
    wire: Wire, job: FineTuningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job has succeeded: that its losses cannot be read to the end takes nothing from it."""
    monkeypatch.setattr(pages, "_MOST_PAGES", 10**9)
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
    monkeypatch.setattr(watching, "OUTAGE_S", 0.05)
    wire.body = hanging = Trickle()
    try:
        with pytest.raises(FineTuningError, match="no whole answer"):
            job.wait()
    finally:
        hanging.over.set()


def test_nebius_takes_the_newest_checkpoint_of_a_list_without_end(
    wire: Wire, job: FineTuningJob
) -> None:
    wire.answers[CHECKPOINTS] = always_has_more()

    assert NebiusProvider().adapter_files(wire.client(), job.state) == ["file-3"]
    assert wire.asked[CHECKPOINTS] == 2
