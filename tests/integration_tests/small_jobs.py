"""Small real jobs of a local server, submitted and followed by OpenAI's own client."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai

from langchain_fbmessenger.local import ensure_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai.types.fine_tuning import FineTuningJob

    from langchain_fbmessenger.local import ServerAddress

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


def times_gone_on(home: Path, job_id: str) -> int:
    """Return how often a job has gone on after its server or its trainer was gone."""
    with client_of(home) as client:
        events = client.fine_tuning.jobs.list_events(job_id, limit=100)
        return sum("goes on" in event.message for event in events)


def weights_of(home: Path, job_id: str) -> bytes:
    return (home / "jobs" / job_id / "adapter" / "adapter_model.safetensors").read_bytes()


def wait_for_step(home: Path, job_id: str, step: int) -> None:
    eventually(home, job_id, lambda _: any(s >= step for s, *_ in losses_of(home, job_id)))


def child_of(server: ServerAddress) -> int:
    listed = Path(f"/proc/{server.pid}/task").glob("*/children")
    (pid,) = [int(child) for children in listed for child in children.read_text().split()]
    return pid
