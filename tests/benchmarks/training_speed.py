"""Training speed: ours beside TRL's SFTTrainer and a plain transformers.Trainer with peft.

All three train the same LoRA (rank, alpha, all linear layers) on the same base, in the same
floating point type (bfloat16 where the machine has units for it), with the same rate, schedule,
batch size, epochs and seed, each in a process of its own with as many threads.
All get the same token ids and labels, so the loss is over the same tokens: TRL takes rows that hold
`input_ids` and `labels` as they are. Of TRL's defaults one is turned off, since it would only slow
it down here: gradient checkpointing. Padding and shuffling are left to each.

Tokens are the chats' own, without padding. Seconds run from loading the base to the last step, less
what evaluating the held-out chats took; tokens/s leave out the first step. "to loss" is when the
held-out loss first was as low as the highest of the final ones.

Run: `make benchmark`. TRL is no part of the project and lives in an environment of its own, made by
`make .venv/trl`; another one's Python may be named by TRL_PYTHON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    merge_chat_runs,
    sample_export_path,
    to_training_examples,
)
from langchain_fbmessenger.local.models.bases import find_base
from langchain_fbmessenger.local.models.loading import prefers_bf16
from langchain_fbmessenger.local.models.weights import trainable_folder
from langchain_fbmessenger.local.training.masking import EncodedChat, encode_chat
from langchain_fbmessenger.local.training.tokenizer import HubTokenizer
from langchain_fbmessenger.local.training.training_file import Message
from langchain_fbmessenger.sample import SAMPLE_OWNER
from tests.benchmarks.scale import scaled

BASE = "SmolLM2-135M-Instruct"
TRAINERS = {"ours": "ours", "trl": "TRL SFTTrainer", "plain": "Trainer + peft"}
CHILD = Path(__file__).with_name("training_speed_child.py")
_HELD_OUT_EACH = 8
TRL = Path(sys.prefix) / "trl" / "bin" / "python"


@dataclass(frozen=True)
class Course:
    """How one training went: (seconds of training so far, loss), for each step and each epoch."""

    training: list[tuple[float, float]]
    held_out: list[tuple[float, float]]
    cpu_seconds: float
    """Of the whole process: the steadier figure where others work beside."""
    peak_mib: float

    @property
    def seconds(self) -> float:
        return self.training[-1][0]

    def tokens_per_second(self, n_tokens: int) -> float:
        """Leave out the first step, whose seconds hold the loading."""
        n_steps = len(self.training)
        return n_tokens * (n_steps - 1) / n_steps / (self.seconds - self.training[0][0])

    def seconds_to(self, loss: float) -> float:
        return next(seconds for seconds, reached in self.held_out if reached <= loss)


def prepare(folder: Path, n_examples: int, settings: dict[str, Any]) -> int:
    """Write the job that all trainers get, and return how many tokens an epoch has."""
    pipeline = (
        merge_chat_runs()
        | map_ai_messages(sender=SAMPLE_OWNER)
        | to_training_examples(max_messages=4, overlap=0, system=f"You are {SAMPLE_OWNER}.")
    )
    sessions = FacebookMessengerChatLoader(sample_export_path()).lazy_load()
    examples = list(itertools.islice(pipeline.stream(sessions), n_examples))
    base = find_base(BASE)
    converted = trainable_folder(base.path, folder / "bases")
    tokenizer = HubTokenizer(converted, base=base.path)

    rows = [vars(chat) for example in examples for chat in _encoded(example, tokenizer)]
    held_out = rows[::_HELD_OUT_EACH]
    train = [row for number, row in enumerate(rows) if number % _HELD_OUT_EACH]
    job = {
        "gguf": str(base.path),
        "bf16": prefers_bf16(),
        "base": str(converted),
        "train": train,
        "held_out": held_out,
        **settings,
    }
    (folder / "job.json").write_text(json.dumps(job))
    return sum(len(row["input_ids"]) for row in train)


def _encoded(example: Any, tokenizer: HubTokenizer) -> list[EncodedChat]:
    return encode_chat([Message(**message) for message in example["messages"]], tokenizer)


def run(trainer: str, python: Path, folder: Path) -> Course:
    """Let one trainer do the job in a process of its own."""
    threads = str(os.cpu_count())
    script = subprocess.run(  # noqa: S603  # our own script
        [python, CHILD, trainer, folder],
        env={**os.environ, "OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return _course([json.loads(line) for line in script.stdout.splitlines() if line[:1] == b"{"])


def _course(events: list[dict[str, float]]) -> Course:
    """Take the seconds before each evaluation's event out of the clock: it took them."""
    training, held_out = [], []
    last = evaluating = 0.0
    for event in events[:-1]:
        if "valid_loss" in event:
            evaluating += event["at"] - last
            held_out.append((event["at"] - evaluating, event["valid_loss"]))
        else:
            training.append((event["at"] - evaluating, event["train_loss"]))
        last = event["at"]
    return Course(training, held_out, events[-1]["cpu_seconds"], events[-1]["peak_mib"])


def main() -> None:
    """Prepare once, train with each, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--examples", type=int, default=scaled(120, least=8))
    parser.add_argument("--epochs", type=int, default=scaled(3))
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--only", choices=list(TRAINERS), nargs="*", default=list(TRAINERS))
    asked = parser.parse_args()
    settings = {
        "n_epochs": asked.epochs,
        "batch_size": asked.batch_size,
        "learning_rate": 5e-4,
        "warmup": 0.06,
        "r": 16,
        "alpha": 32,
        "seed": 1,
    }
    pythons = {name: Path(sys.executable) for name in asked.only}
    if "trl" in pythons:
        pythons["trl"] = Path(os.environ.get("TRL_PYTHON", TRL))
        if not pythons["trl"].exists():
            print("TRL is left out: `make .venv/trl` installs it, or set TRL_PYTHON.")
            del pythons["trl"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_tokens = prepare(folder, asked.examples, settings) * asked.epochs
        courses = {trainer: run(trainer, python, folder) for trainer, python in pythons.items()}
    report(courses, n_tokens)


def report(courses: dict[str, Course], n_tokens: int) -> None:
    """Print a line for each trainer."""
    target = max(course.held_out[-1][1] for course in courses.values())
    print(f"{n_tokens:,} tokens on {os.cpu_count()} threads; held-out loss to reach: {target:.3f}")
    print(f"{'':16} tokens/s  seconds  to loss  train loss  held-out loss  CPU s  peak MiB")
    for trainer, course in courses.items():
        tail = [loss for _, loss in course.training[-10:]]
        print(
            f"{TRAINERS[trainer]:16} {course.tokens_per_second(n_tokens):8.0f} "
            f"{course.seconds:8.1f} {course.seconds_to(target):8.1f} "
            f"{sum(tail) / len(tail):11.3f} {course.held_out[-1][1]:14.3f} "
            f"{course.cpu_seconds:6.0f} {course.peak_mib:9.0f}"
        )
    if {"ours", "trl"} <= courses.keys():
        ours, trl = (courses[name].tokens_per_second(n_tokens) for name in ("ours", "trl"))
        print(f"ours / TRL: {ours / trl:.2f}")


if __name__ == "__main__":
    main()
