"""Trainings with options: early stopping, four bits, several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.local import stop_server
from tests.integration_tests.small_jobs import client_of, end_of, losses_of, submit, weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("options")
    yield home
    stop_server(home)


@pytest.fixture(scope="module")
def plain(home: Path, tiny_base: str) -> str:
    """A job of one epoch without any option."""
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=1)
    assert end_of(home, job_id).status == "succeeded"
    return job_id


def test_training_ends_when_the_held_out_loss_rises(home: Path, tiny_base: str) -> None:
    options = {"early_stopping_patience": 1, "learning_rate": 0.3}
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=12, **options)
        job = end_of(home, job_id)
        losses = losses_of(home, job_id)
        epochs = [(step, valid) for step, _, valid in losses if valid is not None]
        messages = [event.message for event in client.fine_tuning.jobs.list_events(job_id)]

    assert job.status == "succeeded"
    best_step, best = min(epochs, key=lambda epoch: epoch[1])
    assert epochs[-2] == (best_step, best)  # one worse epoch, and no further
    assert len(epochs) < 12
    kept = home / "jobs" / job_id / "epochs" / str(best_step) / "adapter_model.safetensors"
    assert weights_of(home, job_id) == kept.read_bytes()
    assert any("best at step" in message for message in messages)


def test_a_base_in_four_bits_is_trained_nearly_as_well(
    home: Path, tiny_base: str, plain: str
) -> None:
    pytest.importorskip("bitsandbytes")
    with client_of(home) as client:
        job_id = submit(client, model=tiny_base, n_epochs=1, compute={"quantization": "4bit"})
        assert end_of(home, job_id).status == "succeeded"

    held_out, expected = losses_of(home, job_id)[-1][2], losses_of(home, plain)[-1][2]
    assert held_out == pytest.approx(expected, rel=0.25)
    assert held_out != expected  # it was trained on other weights
    assert weights_of(home, job_id) != weights_of(home, plain)


def test_several_processes_train_as_one_does(home: Path, plain: str) -> None:
    """On CPUs, by the launcher that accelerate uses for GPUs: the batches are shared out alike."""
    spec = json.loads((home / "jobs" / plain / "training.json").read_bytes())
    folder = home / "jobs" / "several"  # from which the spec's paths lead, as from the other's
    folder.mkdir()
    spec["compute"]["processes"] = 2
    spec["lora"]["dropout"] = 0.0  # of which each process draws its own
    (folder / "training.json").write_text(json.dumps(spec))
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    settings = {"ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **settings, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(  # noqa: S603  # our own
        [
            sys.executable,
            "-m",
            *launcher,
            "langchain_fbmessenger.local.training.train",
            str(folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        reports: list[Any] = [json.loads(line) for line in process.stdout]

    losses = [report["train_loss"] for report in reports if report["type"] == "step"]
    alone = [loss for _, loss, _ in losses_of(home, plain) if loss is not None]
    assert reports[-1]["type"] == "done"
    assert len(losses) == len(alone)
    assert losses[0] == pytest.approx(alone[0], rel=0.05)
    assert losses[-1] == pytest.approx(alone[-1], rel=0.25)
    assert (folder / "adapter" / "adapter_model.safetensors").is_file()
