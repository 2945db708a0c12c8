from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.local.jobs import job_queue, job_runner
from langchain_fbmessenger.local.jobs.job_queue import JobQueue
from langchain_fbmessenger.local.jobs.store import RecordT, Store
from langchain_fbmessenger.local.models.bases import BaseModelInfo
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import (
    FINAL,
    CheckpointRecord,
    EventRecord,
    JobRecord,
    ModelRecord,
)
from langchain_fbmessenger.local.training.protocol import (
    Done,
    EpochEnd,
    Failed,
    Note,
    Paused,
    Saved,
    Step,
    Validation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.training.protocol import Report, TrainingSpec

EXAMPLE = '{"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}'
STEP = Step(
    step=1, total_steps=2, epoch=0.5, train_loss=1.5, tokens_per_second=9.0, seconds_left=60.0
)
STEP_2 = Step(
    step=2, total_steps=2, epoch=1.0, train_loss=1.0, tokens_per_second=9.0, seconds_left=0.0
)


class FakeChild:
    """Reports what it was told to; with `blocks`, only once it was told to end."""

    def __init__(self, reports: list[Report], status: int, *, blocks: bool) -> None:
        self._reports = reports
        self._status = status
        self._ended = threading.Event()
        self.is_paused = False
        if not blocks:
            self._ended.set()

    def reports(self) -> Iterator[Report]:
        yield from self._reports
        assert self._ended.wait(30)
        if self.is_paused:
            yield Paused(1)

    def wait(self) -> int:
        return self._status

    def terminate(self) -> None:
        if not self._ended.is_set():
            self._status = -15
        self._ended.set()

    kill = terminate

    def pause(self, within: float) -> None:
        assert within > 0
        self.is_paused = True
        self._ended.set()


class ToldStore(Store):
    """A store that tells those who wait for a change that there was one."""

    def __init__(self, path: Path) -> None:
        self.written = threading.Condition()
        super().__init__(path)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with super().transaction():
            yield
        if not self._connection.in_transaction:  # those who wait look into the store, too
            self.tell_those_who_wait()

    def tell_those_who_wait(self) -> None:
        with self.written:
            self.written.notify_all()

    def add(self, record: RecordT) -> RecordT:
        with self.transaction():
            return super().add(record)


class Bench:
    """A queue over a folder, whose children do what the test says."""

    def __init__(self, root: Path) -> None:
        self.home = Home.open(root)
        (self.home.files / "file-1").write_text(EXAMPLE + "\n")
        self.store = ToldStore(self.home.database)
        self.queue = JobQueue(self.home, self.store)
        set_running = self.queue._runner._set_running

        def told(running: Any) -> None:
            set_running(running)
            self.store.tell_those_who_wait()

        self.queue._runner._set_running = told  # type: ignore[method-assign]
        self.reports: list[Report] = [Done(trained_tokens=12)]
        self.status = 0
        self.blocks = False
        self.specs: list[TrainingSpec] = []
        self.lives: list[tuple[list[Report], int]] = []

    @contextmanager
    def child(self, spec: TrainingSpec, folder: Path) -> Iterator[FakeChild]:
        assert folder.is_dir()
        self.specs.append(spec)
        reports, status = self.lives.pop(0) if self.lives else (self.reports, self.status)
        yield FakeChild(reports, status, blocks=self.blocks)

    def add(self, job_id: str, **fields: object) -> JobRecord:
        job = JobRecord(
            id=job_id,
            model="tiny",
            training_file="file-1",
            created_at=0,
            seed=1,
            **fields,  # type: ignore[arg-type]
        )
        return self.store.add(job)

    def job(self, job_id: str) -> JobRecord:
        job = self.store.get(JobRecord, job_id)
        assert job is not None
        return job

    def wait(self, job_id: str) -> JobRecord:
        self.wait_until(lambda: self.job(job_id).status in FINAL)
        return self.job(job_id)

    def wait_for_child(self, job_id: str) -> None:
        """Wait until the job's child trains: the job is said to run a little before that."""
        self.wait_until(lambda: self.queue._runner.with_running_child(job_id, lambda _: None))

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what the queue's threads write; a minute without it is a hang."""
        with self.store.written:
            assert self.store.written.wait_for(is_so, timeout=60)

    def events(self, job_id: str) -> list[EventRecord]:
        return self.store.page(EventRecord, parent=job_id)[::-1]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    base = BaseModelInfo("tiny", tmp_path / "tiny.gguf", 128)
    monkeypatch.setattr(job_runner, "find_base", lambda _: base)
    monkeypatch.setattr(job_runner, "training_child", bench.child)
    yield bench
    bench.queue.stop()
    bench.store.close()


def test_a_job_goes_from_file_to_model(bench: Bench) -> None:
    bench.reports = [Note("hello"), STEP, Done(trained_tokens=12)]
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-0123456789", suffix="cap"))

    job = bench.wait("ftjob-0123456789")

    assert job.status == "succeeded"
    assert job.fine_tuned_model == "ft:tiny:local:cap:23456789"
    assert job.trained_tokens == 12
    assert job.estimated_finish is None
    assert job.finished_at is not None
    assert bench.store.get(ModelRecord, job.fine_tuned_model) is not None
    assert not bench.queue.has_work()
    assert [event.message for event in bench.events(job.id)] == [
        "Files validated, moving job to queue: 1 examples.",
        "Fine-tuning job started.",
        "hello",
        "Step 1/2: training loss=1.50",
        f"New fine-tuned model created: {job.fine_tuned_model}",
    ]


def test_metrics_carry_figures_and_tell_when_it_ends(bench: Bench) -> None:
    bench.reports = [STEP, Validation(step=1, total_steps=2, epoch=0.5, valid_loss=2.0)]
    bench.blocks = True
    before = int(time.time())
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.wait_until(lambda: len(bench.events("ftjob-1")) == 4)

    train, valid = bench.events("ftjob-1")[-2:]

    finish = bench.job("ftjob-1").estimated_finish
    assert finish is not None
    assert before <= finish - 60 <= time.time()
    assert train.type == valid.type == "metrics"
    assert train.data == {
        "step": 1,
        "total_steps": 2,
        "epoch": 0.5,
        "train_loss": 1.5,
        "tokens_per_second": 9.0,
        "seconds_left": 60.0,
    }
    assert valid.data["valid_loss"] == 2.0


def test_what_the_child_cannot_do_fails_in_its_words(bench: Bench) -> None:
    bench.reports = [Failed("context_length_exceeded", "line 3: 900 tokens", "training_file")]
    bench.status = 3
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))

    job = bench.wait("ftjob-1")

    assert job.status == "failed"
    assert job.error is not None
    assert job.error.code == "context_length_exceeded"
    assert job.error.param == "training_file"


def test_a_child_that_crashes_fails_with_status_and_log(bench: Bench) -> None:
    bench.reports, bench.status = [STEP], 1
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))

    error = bench.wait("ftjob-1").error

    assert error is not None
    assert error.code == "training_failed"
    assert "status 1" in error.message
    assert "training.log" in error.message
    assert str(bench.home.root) not in error.message
    assert len(bench.specs) == 1


@pytest.mark.parametrize("status", [-9, -11, 143])
def test_a_child_that_is_killed_goes_on(bench: Bench, status: int) -> None:
    bench.lives = [([STEP], status), ([STEP, STEP_2], 0)]
    bench.lives[1][0].append(Done(trained_tokens=9))
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))

    job = bench.wait("ftjob-1")

    assert job.status == "succeeded"
    assert len(bench.specs) == 2
    told = [event.data["step"] for event in bench.events("ftjob-1") if event.type == "metrics"]
    assert told == [1, 2]  # the second child reported the first step again
    assert any("killed" in event.message for event in bench.events("ftjob-1"))


def test_a_child_that_is_killed_at_one_place_fails(bench: Bench) -> None:
    bench.reports, bench.status = [STEP, Saved(1)], -9
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))

    error = bench.wait("ftjob-1").error

    assert error is not None
    assert error.code == "training_killed"
    assert "lack of memory" in " ".join(error.message.split())
    assert len(bench.specs) == 3


def test_deaths_that_get_further_each_time_are_borne(bench: Bench) -> None:
    bench.lives = [([Saved(step)], -9) for step in range(1, 6)]
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))

    assert bench.wait("ftjob-1").status == "succeeded"
    assert len(bench.specs) == 6


def test_a_running_job_is_paused_and_resumed(bench: Bench) -> None:
    bench.blocks = True
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.wait_for_child("ftjob-1")

    assert bench.queue.pause("ftjob-1")
    assert not bench.queue.pause("ftjob-1")
    assert bench.job("ftjob-1").status == "paused"
    assert not bench.queue.has_work()
    bench.blocks = False
    assert bench.queue.resume("ftjob-1")

    assert bench.wait("ftjob-1").status == "succeeded"
    assert not bench.queue.resume("ftjob-1")
    assert len(bench.specs) == 2


def test_a_waiting_job_is_paused_and_others_pass_it(bench: Bench) -> None:
    bench.add("ftjob-1", status="queued")
    assert bench.queue.pause("ftjob-1")
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-2"))

    assert bench.wait("ftjob-2").status == "succeeded"
    assert bench.job("ftjob-1").status == "paused"
    assert bench.queue.cancel("ftjob-1")


def test_a_job_is_deleted_with_all_that_it_made(bench: Bench) -> None:
    folder = bench.home.jobs / "ftjob-1"
    (folder / "epochs" / "2").mkdir(parents=True)
    bench.reports = [EpochEnd(2, 1.0, 2.0), Done(trained_tokens=1)]
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.queue.submit(bench.add("ftjob-2"))
    bench.wait("ftjob-1")
    bench.wait("ftjob-2")
    (checkpoint,) = bench.store.page(CheckpointRecord, parent="ftjob-1")

    deleted = bench.queue.delete("ftjob-1")

    assert deleted is not None
    assert checkpoint.model in deleted
    assert len(deleted) == 2
    assert bench.store.get(JobRecord, "ftjob-1") is None
    assert bench.events("ftjob-1") == []
    assert not folder.exists()
    assert bench.events("ftjob-2")
    assert bench.queue.delete("ftjob-1") is None


def test_a_running_job_is_not_deleted(bench: Bench) -> None:
    bench.blocks = True
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.wait_for_child("ftjob-1")

    assert bench.queue.delete("ftjob-1") is None
    assert bench.job("ftjob-1").status == "running"


def test_a_full_disk_fails_the_job_once_that_can_be_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = bench.store.add
    is_full, was_tried = threading.Event(), threading.Semaphore(0)
    is_full.set()

    def full(record: EventRecord) -> EventRecord:
        if is_full.is_set():
            was_tried.release()
            msg = "database or disk is full"
            raise sqlite3.OperationalError(msg)
        return add(record)

    job = bench.add("ftjob-1")
    monkeypatch.setattr(job_queue, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(bench.store, "add", full)
    bench.queue.start()
    bench.queue.submit(job)
    assert all(was_tried.acquire(timeout=60) for _ in range(3)), "it is tried again and again"
    assert bench.job("ftjob-1").status != "failed"
    is_full.clear()

    error = bench.wait("ftjob-1").error

    assert error is not None
    assert error.code == "insufficient_storage"
    bench.queue.submit(bench.add("ftjob-2"))
    assert bench.wait("ftjob-2").status == "succeeded"


def test_a_bad_file_fails_before_anything_is_trained(bench: Bench) -> None:
    job = bench.add("ftjob-1")
    (bench.home.files / "file-1").write_text(f"{EXAMPLE}\n{{}}\n")
    bench.queue.start()
    bench.queue.submit(job)

    error = bench.wait("ftjob-1").error

    assert error is not None
    assert (error.code, error.param) == ("invalid_training_file", "training_file")
    assert error.message.startswith("line 2: ")
    assert bench.specs == []


def test_a_bad_validation_file_is_named(bench: Bench) -> None:
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1", validation_file="file-gone"))

    error = bench.wait("ftjob-1").error

    assert error is not None
    assert error.param == "validation_file"


def test_a_running_job_can_be_cancelled_and_the_next_one_runs(bench: Bench) -> None:
    bench.blocks = True
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.queue.submit(bench.add("ftjob-2"))
    bench.wait_for_child("ftjob-1")

    assert bench.queue.cancel("ftjob-1")

    bench.wait_for_child("ftjob-2")
    assert bench.job("ftjob-1").status == "cancelled"
    assert bench.job("ftjob-1").fine_tuned_model is None
    assert bench.store.page(ModelRecord) == []
    assert bench.queue.cancel("ftjob-2")


def test_a_waiting_job_can_be_cancelled_and_never_runs(bench: Bench) -> None:
    bench.add("ftjob-1", status="queued")
    assert bench.queue.cancel("ftjob-1")
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-2"))
    bench.wait("ftjob-2")

    assert len(bench.specs) == 1
    assert bench.job("ftjob-1").status == "cancelled"


def test_a_job_that_has_ended_cannot_be_cancelled(bench: Bench) -> None:
    bench.add("ftjob-1", status="succeeded")
    bench.queue.start()

    assert not bench.queue.cancel("ftjob-1")
    assert not bench.queue.cancel("ftjob-unknown")


def test_what_a_killed_server_left_is_taken_up(bench: Bench) -> None:
    bench.add("ftjob-1", status="running")
    bench.add("ftjob-2", status="validating_files")
    bench.queue.start()

    assert bench.wait("ftjob-1").status == "succeeded"
    assert bench.wait("ftjob-2").status == "succeeded"
    assert "restarted" in bench.events("ftjob-1")[0].message


def test_a_job_is_left_as_it_is_when_the_server_stops(bench: Bench) -> None:
    bench.blocks = True
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.wait_for_child("ftjob-1")

    bench.queue.stop()

    assert bench.job("ftjob-1").status == "running"


def test_a_child_that_does_not_end_is_killed_when_the_server_stops(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DeafChild(FakeChild):
        def pause(self, within: float) -> None:
            """Go on with the step."""

        def terminate(self) -> None:
            """Go on importing."""

        def kill(self) -> None:
            self._status = -9
            self._ended.set()

    begun = threading.Event()

    @contextmanager
    def child(*_: object) -> Iterator[DeafChild]:
        begun.set()
        yield DeafChild([], 0, blocks=True)

    monkeypatch.setattr(job_runner, "training_child", child)
    monkeypatch.setattr(job_queue, "CHILDREN_SECONDS", 0.05)
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    assert begun.wait(30)

    bench.queue.stop()
    bench.queue._worker.join(30)

    assert not bench.queue._worker.is_alive()
    assert bench.job("ftjob-1").status == "running"


def test_a_check_of_a_file_is_broken_off_and_done_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(_: Path) -> Iterator[None]:
        while True:
            begun.set()
            yield

    monkeypatch.setattr(job_queue.training_file, "read_examples", endless)
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    assert begun.wait(30)

    bench.queue.stop()
    bench.queue._validator.shutdown()  # waits for the thread

    assert bench.job("ftjob-1").status == "validating_files"
    bench.queue.submit(bench.add("ftjob-2"))
    assert bench.job("ftjob-2").status == "validating_files"


def test_trouble_amid_the_end_of_the_server_is_no_fault_of_the_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def child(*_: object) -> Iterator[FakeChild]:
        bench.queue.begin_stop()
        yield FakeChild([], 0, blocks=False)
        raise OSError

    monkeypatch.setattr(job_runner, "training_child", child)
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    bench.queue._worker.join(30)

    assert bench.job("ftjob-1").status == "running"


def test_trouble_in_the_server_ends_one_job_only(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(job_runner, "training_child", broken)
    bench.queue.start()
    bench.queue.submit(bench.add("ftjob-1"))
    error = bench.wait("ftjob-1").error
    monkeypatch.setattr(job_runner, "training_child", bench.child)
    bench.queue.submit(bench.add("ftjob-2"))

    assert error is not None
    assert error.code == "server_error"
    assert bench.wait("ftjob-2").status == "succeeded"


@pytest.mark.parametrize("by", ["pause", "stop"])
def test_a_training_that_was_done_when_it_was_to_be_broken_off_is_kept(
    bench: Bench, by: str
) -> None:
    class DoneChild(FakeChild):
        def reports(self) -> Iterator[Report]:
            assert self._ended.wait(30)
            yield Done(trained_tokens=3)

    @contextmanager
    def child(*_: object) -> Iterator[DoneChild]:
        yield DoneChild([], 0, blocks=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_runner, "training_child", child)
        bench.queue.start()
        bench.queue.submit(bench.add("ftjob-1"))
        bench.wait_for_child("ftjob-1")
        if by == "stop":
            bench.queue.stop()
        else:
            bench.queue.pause("ftjob-1")

        assert bench.wait("ftjob-1").status == "succeeded"


def test_a_job_is_deleted_as_soon_as_its_cancelled_child_has_ended(bench: Bench) -> None:
    was_looked_for = threading.Event()

    class SlowChild(FakeChild):
        def wait(self) -> int:
            assert was_looked_for.wait(60)
            return -15

    def pause(_seconds: float) -> None:
        was_looked_for.set()

    @contextmanager
    def child(*_: object) -> Iterator[SlowChild]:
        yield SlowChild([], 0, blocks=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_runner, "training_child", child)
        patch.setattr(job_queue, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
        bench.queue.start()
        bench.queue.submit(bench.add("ftjob-1"))
        bench.wait_for_child("ftjob-1")
        assert bench.queue.cancel("ftjob-1")

        assert bench.queue.delete("ftjob-1") == []
