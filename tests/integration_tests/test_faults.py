"""What is killed, filled up or taken away under a real training, and what becomes of the job.

A job is trained undisturbed; others with the same data and seed are disturbed, and must end with
the same bytes of weights, or in an error that says what is wrong, with the server alive.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local import find_server, stop_server
from tests.integration_tests.small_jobs import (
    BASE,
    child_of,
    client_of,
    end_of,
    losses_of,
    submit,
    times_gone_on,
    wait_for_step,
    weights_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's")

EPOCHS = 6  # of four steps each


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("faults")
    yield home
    stop_server(home)


@pytest.fixture(scope="module")
def undisturbed(home: Path, tiny_base: str) -> str:
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=EPOCHS)
    assert end_of(home, job_id).status == "succeeded"
    return job_id


def test_a_job_whose_server_and_trainer_are_killed_ends_as_if_nothing_had_happened(
    home: Path, tiny_base: str, undisturbed: str
) -> None:
    if not Path("/proc").exists():
        pytest.skip("needs /proc")
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=EPOCHS)
    for step in (1, 6, 13):  # before the first checkpoint, after it, after the second
        wait_for_step(home, job_id, step)
        server = find_server(home)
        assert server is not None
        # The trainer last: then the server goes on by itself.
        os.kill(child_of(server) if step == 13 else server.pid, signal.SIGKILL)

    job = end_of(home, job_id)

    assert job.status == "succeeded"
    assert times_gone_on(home, job_id) == 3
    assert weights_of(home, job_id) == weights_of(home, undisturbed)
    assert losses_of(home, job_id) == losses_of(home, undisturbed)


def test_a_paused_job_goes_on_where_it_was(home: Path, tiny_base: str, undisturbed: str) -> None:
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=EPOCHS)
        # Amid the second epoch, whose order a training that goes on must draw as the first did.
        wait_for_step(home, job_id, 5)
        assert client.fine_tuning.jobs.pause(job_id).status == "paused"
        other = submit(client, model=tiny_base, n_epochs=1)
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

    assert [checkpoint.step_number for checkpoint in checkpoints] == [24, 20, 16]
    assert checkpoints[0].metrics.full_valid_loss is not None
    assert answer.choices[0].message.content
    assert not (home / "jobs" / undisturbed / "checkpoints").exists()


def test_a_base_that_is_gone_when_its_turn_comes_fails_the_job(
    home: Path, tiny_base: str, tmp_path: Path, undisturbed: str
) -> None:
    del undisturbed
    copy = shutil.copy(tiny_base, tmp_path / "mine.gguf")
    with client_of(home) as client:
        first = submit(client, model=tiny_base)
        second = submit(client, model=str(copy))
        Path(copy).unlink()
        client.fine_tuning.jobs.cancel(first)

    job = end_of(home, second)

    assert job.error is not None
    assert job.error.code == "model_not_found"


@pytest.mark.usefixtures("undisturbed")
@pytest.mark.parametrize(
    ("limit", "code"),
    [
        # KiB that a file may grow to: the server's own fit, an adapter of rank 256 does not.
        ("ulimit -f 700", "insufficient_storage"),
        # Bytes of memory, too few to load the libraries and the model.
        ("ulimit -v 1500000", "out_of_memory"),
    ],
)
def test_a_machine_with_too_little_fails_the_job_and_nothing_else(
    home: Path, tiny_base: str, tmp_path: Path, limit: str, code: str
) -> None:
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
                job = end_of(small, submit(client, model=tiny_base, lora={"r": 256, "alpha": 256}))
                assert client.models.list().data[0].id == BASE
        finally:
            process.terminate()

    assert job.error is not None
    assert job.error.code == code
    assert str(tmp_path) not in str(job)
