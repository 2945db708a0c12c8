"""What is killed, filled up or taken away under a real training, and what becomes of the job.

A job is trained undisturbed; others with the same data and seed are disturbed, and must end with
the same bytes of weights, or in an error that says what is wrong, with the server alive.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pytest

from langchain_fbmessenger.local import bundled_file, ensure_server, find_server, stop_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai.types.fine_tuning import FineTuningJob

    from langchain_fbmessenger.local import ServerAddress

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's")

BASE = "SmolLM2-135M-Instruct"
TOPICS = ["tea", "the boat", "rain", "lunch", "the cat", "music", "Porto", "work"]


def chat(topic: str, number: int) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": "You are Cap."},
            {"role": "user", "content": f"what about {topic}{'?' * (number % 5)}"},
            {"role": "assistant", "content": f"aye, {topic} it is. " * (1 + number % 3)},
        ]
    }


CHATS = "\n".join(json.dumps(chat(topic, n)) for n, topic in enumerate(TOPICS)).encode()


@contextmanager
def client_of(home: Path) -> Iterator[openai.OpenAI]:
    """Give a client of the folder's server, which is started if it does not run."""
    address = ensure_server(home)
    with openai.OpenAI(base_url=address.base_url, api_key=address.api_key) as client:
        yield client


def submit(client: openai.OpenAI, *, model: str = BASE, n_epochs: int = 3, **options: Any) -> str:
    file = client.files.create(file=("cap.jsonl", CHATS), purpose="fine-tune")
    return client.fine_tuning.jobs.create(
        model=model,
        training_file=file.id,
        validation_file=file.id,
        seed=7,
        hyperparameters={"n_epochs": n_epochs, "batch_size": 2},
        # Dropout draws random numbers in each step: a job that goes on has to draw the same.
        extra_body={"lora": {"r": 4, "alpha": 8, "dropout": 0.1}, **options},
    ).id


def eventually(home: Path, job_id: str, is_so: Callable[[FineTuningJob], bool]) -> FineTuningJob:
    deadline = time.monotonic() + 240
    while True:
        with client_of(home) as client:
            job = client.fine_tuning.jobs.retrieve(job_id)
        if is_so(job):
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.1)


def end_of(home: Path, job_id: str) -> FineTuningJob:
    return eventually(home, job_id, lambda job: job.status in {"succeeded", "failed", "cancelled"})


def losses_of(home: Path, job_id: str) -> list[Any]:
    """Return the losses of a job in the order in which it told them."""
    with client_of(home) as client:
        events = list(client.fine_tuning.jobs.list_events(job_id, limit=100))[::-1]
    data: list[Any] = [event.data for event in events if event.type == "metrics"]
    return [(d["step"], d.get("train_loss"), d.get("valid_loss")) for d in data]


def weights_of(home: Path, job_id: str) -> bytes:
    return (home / "jobs" / job_id / "adapter" / "adapter_model.safetensors").read_bytes()


def wait_for_step(home: Path, job_id: str, step: int) -> None:
    eventually(home, job_id, lambda _: any(s >= step for s, *_ in losses_of(home, job_id)))


def child_of(server: ServerAddress) -> int:
    listed = Path(f"/proc/{server.pid}/task").glob("*/children")
    (pid,) = [int(child) for children in listed for child in children.read_text().split()]
    return pid


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("faults")
    yield home
    stop_server(home)


@pytest.fixture(scope="module")
def undisturbed(home: Path) -> str:
    with client_of(home) as client:
        job_id = submit(client)
    assert end_of(home, job_id).status == "succeeded"
    return job_id


def test_a_job_whose_server_and_trainer_are_killed_ends_as_if_nothing_had_happened(
    home: Path, undisturbed: str
) -> None:
    if not Path("/proc").exists():
        pytest.skip("needs /proc")
    with client_of(home) as client:
        job_id = submit(client)
    for step in (2, 5, 9):  # before the first checkpoint, after it, after the second
        wait_for_step(home, job_id, step)
        server = find_server(home)
        assert server is not None
        # The trainer last: then the server goes on by itself.
        os.kill(child_of(server) if step == 9 else server.pid, signal.SIGKILL)

    job = end_of(home, job_id)

    assert job.status == "succeeded"
    assert weights_of(home, job_id) == weights_of(home, undisturbed)
    assert losses_of(home, job_id) == losses_of(home, undisturbed)


def test_a_paused_job_goes_on_where_it_was(home: Path, undisturbed: str) -> None:
    with client_of(home) as client:
        job_id = submit(client)
        wait_for_step(home, job_id, 2)
        assert client.fine_tuning.jobs.pause(job_id).status == "paused"
        other = submit(client, n_epochs=1)
        assert end_of(home, other).status == "succeeded"  # it does not hold the queue
        assert client.fine_tuning.jobs.retrieve(job_id).status == "paused"
        stop_server(home)
    with client_of(home) as client:
        assert client.fine_tuning.jobs.retrieve(job_id).status == "paused"
        client.fine_tuning.jobs.resume(job_id)

    assert end_of(home, job_id).status == "succeeded"
    assert weights_of(home, job_id) == weights_of(home, undisturbed)
    assert losses_of(home, job_id) == losses_of(home, undisturbed)


def test_the_model_of_each_epoch_is_kept_and_can_be_used(home: Path, undisturbed: str) -> None:
    with client_of(home) as client:
        checkpoints = list(client.fine_tuning.jobs.checkpoints.list(undisturbed))
        answer = client.chat.completions.create(
            model=checkpoints[-1].fine_tuned_model_checkpoint,
            messages=[{"role": "user", "content": "what about tea?"}],
            max_tokens=3,
        )

    assert [checkpoint.step_number for checkpoint in checkpoints] == [12, 8, 4]
    assert checkpoints[0].metrics.full_valid_loss is not None
    assert answer.choices[0].message.content
    assert not (home / "jobs" / undisturbed / "checkpoints").exists()


def test_training_ends_when_the_held_out_loss_rises(home: Path, undisturbed: str) -> None:
    del undisturbed  # the base is converted by then
    with client_of(home) as client:
        job_id = submit(client, n_epochs=30, early_stopping_patience=1, learning_rate=0.01)
        job = end_of(home, job_id)
        losses = losses_of(home, job_id)
        epochs = [(step, valid) for step, _, valid in losses if valid is not None]
        messages = [event.message for event in client.fine_tuning.jobs.list_events(job_id)]

    assert job.status == "succeeded"
    best_step, best = min(epochs, key=lambda epoch: epoch[1])
    assert epochs[-2] == (best_step, best)  # one worse epoch, and no further
    assert len(epochs) < 30
    kept = home / "jobs" / job_id / "epochs" / str(best_step) / "adapter_model.safetensors"
    assert weights_of(home, job_id) == kept.read_bytes()
    assert any("best at step" in message for message in messages)


def test_a_base_that_is_gone_when_its_turn_comes_fails_the_job(
    home: Path, tmp_path: Path, undisturbed: str
) -> None:
    del undisturbed
    bundled = bundled_file(BASE)
    assert bundled is not None
    copy = shutil.copy(bundled, tmp_path / "mine.gguf")
    with client_of(home) as client:
        first = submit(client)
        second = submit(client, model=str(copy))
        Path(copy).unlink()
        client.fine_tuning.jobs.cancel(first)

    job = end_of(home, second)

    assert job.error is not None
    assert job.error.code == "model_not_found"


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        # Bytes that a file may grow to: an adapter fits, the optimizer's state does not.
        ("ulimit -f 4000", "insufficient_storage"),
        # Bytes of memory, too few to load the libraries and the model.
        ("ulimit -v 1500000", "out_of_memory"),
    ],
)
def test_a_machine_with_too_little_fails_the_job_and_nothing_else(
    home: Path, tmp_path: Path, undisturbed: str, limit: str, code: str
) -> None:
    del undisturbed
    small = tmp_path / "home"
    small.mkdir()
    (small / "bases").symlink_to(home / "bases")
    command = [sys.executable, "-m", "langchain_fbmessenger.local", "--home", str(small)]
    shell = f'{limit}; exec "$@"'
    with subprocess.Popen(["/bin/bash", "-c", shell, "-", *command]) as process:  # noqa: S603  # our own
        try:
            while find_server(small) is None:
                assert process.poll() is None
                time.sleep(0.1)
            with client_of(small) as client:
                job = end_of(small, submit(client))
                assert client.models.list().data[0].id == BASE
        finally:
            process.terminate()

    assert job.error is not None
    assert job.error.code == code
    assert str(tmp_path) not in str(job)
