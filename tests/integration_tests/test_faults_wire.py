"""Whatever breaks while a job is submitted: there is one job in the end, and no file left over."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import FineTuner, FineTuningError, FineTuningJob
from langchain_fbmessenger.fine_tuning import Provider
from tests.integration_tests.fake_provider import BASE, EXAMPLES, FakeProvider, Fault, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UPLOAD, CREATE, LIST = "POST /v1/files", "POST /v1/fine_tuning/jobs", "GET /v1/fine_tuning/jobs"
SENDING = "langchain_fbmessenger.fine_tuning.submitting.idempotent_create"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    monkeypatch.setattr(f"{SENDING}.backoff", lambda *_: 0.01)
    monkeypatch.setattr(f"{SENDING}._ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(f"{SENDING}._UPLOAD_TIMEOUT_S", 0.5)
    with serving() as running:
        yield running


def tuner_at(server: FakeProvider, **options: object) -> FineTuner:
    return FineTuner(provider=server.base_url, model=BASE, **options)  # type: ignore[arg-type]


FAULTS = {
    "cut before it was acted upon": Fault(cut=True),
    "cut after": Fault(cut=True, acted=True),
    "500 and nothing done": Fault(status=500),
    "503 although it was done": Fault(status=503, acted=True),
    "429": Fault(status=429, headers={"Retry-After": "0"}),
    "hangs": Fault(hang=1.0),
    "hangs although it was done": Fault(hang=1.0, acted=True),
}
ASKED = [
    "GET /v1/models/*",
    "GET /v1/files",
    LIST,
    UPLOAD,
    CREATE,
]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("route", ASKED)
def test_one_job_and_its_files_whatever_fails_once(
    server: FakeProvider, route: str, fault: Fault
) -> None:
    server.faults[route] = [fault]

    held_out = EXAMPLES[:1]
    job = tuner_at(server).submit(EXAMPLES, validation=held_out)

    assert list(server.jobs) == [job.id]
    assert not server.faults[route], "it did fail"
    made = server.jobs[job.id]
    assert set(server.files) == {made["training_file"], made["validation_file"]}


@pytest.mark.parametrize("fault", [Fault(status=400), Fault(status=403)])
def test_a_job_that_is_refused_leaves_no_file(server: FakeProvider, fault: Fault) -> None:
    server.faults[CREATE] = [fault]
    with pytest.raises(FineTuningError, match="broken"):
        tuner_at(server).submit(EXAMPLES, validation=EXAMPLES[:1])
    assert server.files == {}
    assert server.routes.count(CREATE) == 1


def test_a_second_file_that_is_refused_takes_the_first_along(server: FakeProvider) -> None:
    server.faults[UPLOAD] = [Fault(cut=True, acted=True), Fault(status=429), Fault(status=400)]
    with pytest.raises(FineTuningError, match="broken"):
        tuner_at(server).submit(EXAMPLES, validation=EXAMPLES[:1])
    assert server.files == {}


def test_out_of_money_is_not_asked_again(server: FakeProvider) -> None:
    server.faults[CREATE] = [Fault(status=429, code="insufficient_quota")] * 3
    with pytest.raises(FineTuningError, match="insufficient_quota"):
        tuner_at(server).submit(EXAMPLES)
    assert server.routes.count(CREATE) == 1
    assert server.files == {}


def test_a_provider_that_stays_broken_is_an_error_without_leftovers(server: FakeProvider) -> None:
    server.faults[CREATE] = [Fault(status=500)] * 20
    with pytest.raises(FineTuningError, match="answered 500"):
        tuner_at(server).submit(EXAMPLES)
    assert server.routes.count(CREATE) == 6
    assert server.files == server.jobs == {}


def test_no_second_job_while_it_is_not_known_whether_there_is_one(server: FakeProvider) -> None:
    server.faults[CREATE] = [Fault(cut=True, acted=True)]
    # The SDK asks three times for each of our questions.
    server.faults[LIST] = [Fault(passes=True), *[Fault(status=500)] * 3]
    job = tuner_at(server).submit(EXAMPLES)
    assert list(server.jobs) == [job.id]
    assert server.routes.count(CREATE) == 1


@pytest.mark.parametrize("broken", [Fault(status=500), Fault(status=404)])
def test_what_cannot_be_known_is_found_by_the_next_submit(
    server: FakeProvider, monkeypatch: pytest.MonkeyPatch, broken: Fault
) -> None:
    """The job was made, its answer is lost, and the provider then lists no jobs any more."""
    monkeypatch.setattr(f"{SENDING}._TRIES", 2)
    server.faults[CREATE] = [Fault(cut=True, acted=True)]
    server.faults[LIST] = [Fault(passes=True), *[broken] * 20]
    with pytest.raises(FineTuningError, match="could not be reached"):
        tuner_at(server).submit(EXAMPLES)
    (job_id,) = server.jobs
    assert server.jobs[job_id]["training_file"] in server.files, "the job still needs it"
    assert server.routes.count(CREATE) == 1

    server.faults.clear()
    assert tuner_at(server).submit(EXAMPLES).id == job_id
    assert len(server.jobs) == len(server.files) == 1


@pytest.mark.parametrize("status", ["queued", "running", "paused", "never heard of", "succeeded"])
def test_the_same_submit_finds_the_job(server: FakeProvider, status: str) -> None:
    first = tuner_at(server).submit(EXAMPLES)
    server.set_job(first.id, status)
    again = tuner_at(server).submit(iter(EXAMPLES))
    assert (again.id, again.status) == (first.id, status)
    assert server.routes.count(UPLOAD) == 1


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_without_a_model_is_not_found_again(server: FakeProvider, status: str) -> None:
    first = tuner_at(server).submit(EXAMPLES)
    server.set_job(first.id, status)
    assert tuner_at(server).submit(EXAMPLES).id != first.id


def test_a_model_that_was_deleted_is_made_again(server: FakeProvider) -> None:
    first = tuner_at(server).submit(EXAMPLES)
    server.set_job(first.id, "succeeded")
    server.models.discard(f"ft:{first.id}")
    assert tuner_at(server).submit(EXAMPLES).id != first.id


def test_another_job_is_made_where_anything_differs_or_it_is_asked_for(
    server: FakeProvider,
) -> None:
    jobs = [
        tuner_at(server).submit(EXAMPLES),
        tuner_at(server, n_epochs=2).submit(EXAMPLES),
        tuner_at(server).submit(EXAMPLES * 2),
        tuner_at(server).submit(EXAMPLES, validation=EXAMPLES[:1]),
        tuner_at(server, resume=False).submit(EXAMPLES),
    ]
    assert len({job.id for job in jobs}) == 5
    needed = {job["training_file"] for job in server.jobs.values()}
    assert needed <= set(server.files), "the forced one took no file of the running one"
    assert tuner_at(server).submit(EXAMPLES).id == jobs[-1].id, "the newest is found"


def test_a_provider_that_keeps_no_metadata_finds_it_by_the_manifest_or_the_file(
    server: FakeProvider, tmp_path: Path
) -> None:
    first = tuner_at(server).submit(EXAMPLES)
    server.jobs[first.id]["metadata"] = None
    assert tuner_at(server).submit(EXAMPLES).id == first.id
    for manifest in (tmp_path / "manifests").glob("*.json"):
        manifest.unlink()
    assert tuner_at(server).submit(EXAMPLES).id == first.id, "its file tells"
    server.set_job(first.id, "succeeded")
    server.files.clear()
    assert tuner_at(server).submit(EXAMPLES).id == first.id, "the second find was remembered"
    server.answers[LIST] = {"object": "list", "data": [], "has_more": False}
    assert tuner_at(server).submit(EXAMPLES).id == first.id, "it need not be among the newest"


SUBMIT = """
import sys
from langchain_fbmessenger import FineTuner
from tests.integration_tests.fake_provider import BASE, EXAMPLES
job = FineTuner(provider=sys.argv[1], model=BASE).submit(EXAMPLES, validation=EXAMPLES[:1])
print(job.id)
"""


def submitting(server: FakeProvider) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", SUBMIT, server.base_url],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for another process; a minute without it is a hang."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("route", "is_held"),
    [
        (UPLOAD, False),  # the first file is there, its answer is not awaited any more
        (CREATE, True),  # both are there, the job is being asked for
        (CREATE, False),  # the job is there; its manifest may or may not know it
    ],
)
def test_a_submit_that_was_killed_is_taken_up_by_the_next(
    server: FakeProvider, route: str, is_held: bool
) -> None:
    if is_held:
        server.held[route] = threading.Event()
    with submitting(server) as child:
        wait_until(lambda: route in (server.arrived if is_held else server.routes))
        os.kill(child.pid, signal.SIGKILL)
    if is_held:
        server.held[route].set()
    wait_until(lambda: len(server.routes) == len(server.arrived))  # what was sent is acted upon

    job = tuner_at(server).submit(EXAMPLES, validation=EXAMPLES[:1])

    assert list(server.jobs) == [job.id]
    made = server.jobs[job.id]
    assert set(server.files) == {made["training_file"], made["validation_file"]}


def test_a_submit_that_was_killed_before_its_job_leaves_no_file(server: FakeProvider) -> None:
    server.faults[CREATE] = [Fault(hang=30)]
    with submitting(server) as child:
        wait_until(lambda: CREATE in server.routes)
        os.kill(child.pid, signal.SIGKILL)
    left = set(server.files)
    assert len(left) == 2

    job = tuner_at(server).submit(EXAMPLES, validation=EXAMPLES[:1])

    assert list(server.jobs) == [job.id]
    assert left.isdisjoint(server.files)
    assert len(server.files) == 2


def test_two_processes_that_submit_at_once_get_one_job(server: FakeProvider) -> None:
    server.slow[UPLOAD] = 1.0  # long enough for both to be at it
    with submitting(server) as one, submitting(server) as other:
        printed = {one.communicate()[0].strip(), other.communicate()[0].strip()}
    assert printed == set(server.jobs)
    assert len(server.jobs) == 1


def test_consent_is_one_line_with_figures_and_no_chats(
    server: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="langchain_fbmessenger")
    tuner_at(server).submit(EXAMPLES)
    tuner_at(server).submit(EXAMPLES)
    told, found = [r.getMessage() for r in caplog.records if r.name == "langchain_fbmessenger"]
    assert "10 examples" in told
    assert "deleted when the job ends" in told
    assert "the very same" in found
    assert "secret" not in caplog.text


def test_keys_go_where_they_belong(server: FakeProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("FINE_TUNING_API_KEY", "own")
    job = tuner_at(server).submit(EXAMPLES)
    job.refresh()
    assert set(server.keys) == {"Bearer own"}
    monkeypatch.delenv("FINE_TUNING_API_KEY")
    with pytest.raises(FineTuningError, match="FINE_TUNING_API_KEY"):
        FineTuner(provider="https://tuning.example.org/v1", model=BASE).submit(EXAMPLES)


def test_a_wait_survives_faults_and_ends_for_refusals(
    server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "langchain_fbmessenger.fine_tuning.following.polling.backoff", lambda *_: 0.01
    )
    monkeypatch.setattr(Provider, "poll_seconds", 0.01)
    job = FineTuningJob.from_id(tuner_at(server).submit(EXAMPLES).id, server.base_url)
    server.faults["GET /v1/fine_tuning/jobs/*"] = [
        Fault(cut=True),
        Fault(status=500),
        Fault(status=429),
        Fault(cut=True),
    ]
    server.faults["GET /v1/fine_tuning/jobs/*/events"] = [Fault(status=502)]
    threading.Timer(0.3, server.set_job, (job.id, "succeeded")).start()
    assert job.wait().status == "succeeded"
    assert server.files == {}
    for status in (401, 403, 404):
        server.faults["GET /v1/fine_tuning/jobs/*"] = [Fault(status=status)]
        with pytest.raises(FineTuningError, match=f"answered {status}"):
            job.wait()


def test_an_outage_ends_a_wait_after_ten_minutes(
    server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    now = time.monotonic()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("langchain_fbmessenger.fine_tuning.following.pacing.time.sleep", sleep)
    monkeypatch.setattr(
        "langchain_fbmessenger.fine_tuning.following.polling.time.monotonic",
        lambda: now + sum(pauses),
    )
    job = tuner_at(server).submit(EXAMPLES)
    server.faults["GET /v1/fine_tuning/jobs/*"] = [Fault(status=503)] * 100
    with pytest.raises(FineTuningError, match="answered 503"):
        job.wait()
    assert 600 < sum(pauses) < 700
    assert max(pauses) <= 60


ENDS: dict[str, Callable[[FakeProvider, FineTuningJob], object]] = {
    "succeeded": lambda server, job: (server.set_job(job.id, "succeeded"), job.wait()),
    "failed": lambda server, job: (server.set_job(job.id, "failed"), job.refresh()),
    "cancel": lambda _server, job: job.cancel(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("keep", [False, True])
def test_uploads_go_when_a_job_has_ended_unless_they_are_kept(
    server: FakeProvider, end: Callable[[FakeProvider, FineTuningJob], object], keep: bool
) -> None:
    server.create_file(b"", {})  # somebody's own
    job = tuner_at(server, keep_files=keep).submit(EXAMPLES, validation=EXAMPLES[:1])
    end(server, FineTuningJob.from_id(job.id, server.base_url))
    assert len(server.files) == (3 if keep else 1)


def test_files_of_others_jobs_are_left_alone(server: FakeProvider) -> None:
    server.create_file(b"", {})
    body = json.dumps({"model": BASE, "training_file": next(iter(server.files))}).encode()
    job_id = server.create_job(body, {})["id"]
    FineTuningJob.from_id(job_id, server.base_url).cancel()
    assert len(server.files) == 1


def test_a_deletion_that_fails_is_a_warning_and_tried_again(server: FakeProvider) -> None:
    job = tuner_at(server).submit(EXAMPLES)
    server.set_job(job.id, "succeeded")
    server.faults["DELETE /v1/files/*"] = [Fault(status=400)]
    with pytest.warns(UserWarning, match="could not be deleted"):
        job.wait()
    assert len(server.files) == 1
    job.refresh()
    assert server.files == {}


def test_the_manifest_tells_what_a_model_was_made_of_and_no_chats(
    server: FakeProvider, tmp_path: Path
) -> None:
    job = tuner_at(server, n_epochs=2).submit(EXAMPLES)
    server.tell(job.id, {"step": 1, "total_steps": 2, "train_loss": 2.5})
    server.tell(job.id, {"step": 2, "total_steps": 2, "train_loss": 1.5, "valid_loss": 1.7})
    server.set_job(job.id, "succeeded", finished_at=9)
    job.wait()
    (path,) = (tmp_path / "manifests").glob("*.json")
    assert path.stat().st_mode & 0o077 == 0
    written = json.loads(path.read_text())
    assert written["job_id"] == job.id
    assert written["settings"] == {"n_epochs": 2}
    assert written["files"][0]["examples"] == 10
    assert len(written["files"][0]["sha256"]) == 64
    assert written["fine_tuned_model"] == f"ft:{job.id}"
    assert written["versions"]["openai"]
    assert written["losses"][-1] == {"step": 2, "train_loss": 1.5, "valid_loss": 1.7}
    assert "secret" not in path.read_text()
