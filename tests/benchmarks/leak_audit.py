"""The leak audit, for real: what the bundled 135M model gives back after few and many epochs.

Plants canaries in a part of the sample export, trains on it once for 2 epochs and once for 10, and
audits both models beside the base model. By hand, about half an hour on 2 cores:
`python tests/benchmarks/leak_audit.py`. A state folder that is given in
LANGCHAIN_FBMESSENGER_HOME is kept, and with it what was trained.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    map_ai_messages,
    sample_export_path,
    split_chat_sessions,
    to_training_examples,
)
from langchain_fbmessenger.evaluation import audit_leaks, plant_canaries
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.local import stop_server
from langchain_fbmessenger.sample import SAMPLE_OWNER

if TYPE_CHECKING:
    from langchain_fbmessenger.evaluation import PlantedExamples
    from langchain_fbmessenger.examples import TrainingExample

BASE = "SmolLM2-135M-Instruct"
EXAMPLES = 80
EPOCHS = (2, 10)
CANARIES = 9
MAX_TOKENS = 96  # longer than what anybody in the sample writes at once


def sample() -> tuple[list[TrainingExample], list[TrainingExample], list[str]]:
    """Return examples to train, others to hold out, and the people of the export."""
    loader = FacebookMessengerChatLoader(sample_export_path())
    pipeline = (
        split_chat_sessions()
        | map_ai_messages()
        | to_training_examples(max_messages=4, overlap=0, system="You are {owner}.")
    )
    # Every second one, so that all threads take part.
    examples = list(itertools.islice(pipeline.stream(loader.lazy_load()), 0, None, 2))
    people = {
        name
        for session in loader.lazy_load()
        for name in session["thread"]["participants"]  # type: ignore[typeddict-item]
        if name not in {SAMPLE_OWNER, "Facebook user"}  # whoever has left
    }
    return examples[:EXAMPLES], examples[EXAMPLES:], sorted(people)


def audit(planted: PlantedExamples, held_out: list[TrainingExample], people: list[str]) -> None:
    """Train for each number of epochs and print what is given back."""
    for epochs in EPOCHS:
        started = time.perf_counter()
        job = FineTuner(model=BASE, n_epochs=epochs, seed=7).submit(planted.examples)
        job.wait(progress=False)
        print(f"{epochs} epochs, trained in {time.perf_counter() - started:.0f} s", flush=True)
        started = time.perf_counter()
        base = find_provider("local").connection().chat_model(BASE, max_tokens=MAX_TOKENS)
        report = audit_leaks(
            job.chat_model(max_tokens=MAX_TOKENS),
            planted.examples,
            base=base,
            canaries=planted.canaries,
            people=people,
            held_out=held_out,
        )
        print(f"audited in {time.perf_counter() - started:.0f} s\n{report}\n", flush=True)


def main() -> None:
    """Measure in the given state folder, or in one that is removed afterwards."""
    train, held_out, people = sample()
    planted = plant_canaries(train, count=CANARIES, seed=7)
    n_turns = sum(len(example["messages"]) for example in planted.examples)
    print(f"{len(train)} examples of the sample, {len(planted.examples)} with canaries")
    print(f"{n_turns} turns, {len(people)} people", flush=True)
    if "LANGCHAIN_FBMESSENGER_HOME" in os.environ:
        audit(planted, held_out, people)
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ["LANGCHAIN_FBMESSENGER_HOME"] = home
        try:
            audit(planted, held_out, people)
        finally:
            stop_server(Path(home))


if __name__ == "__main__":
    sys.exit(main())
