"""The local server: training and streaming speed of the bundled 135M model.

Starts a server in a folder of its own, trains one epoch on the sample export, then streams the same
prompts from the tuned model and, as the baseline, from the base model. Run: `make benchmark`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    map_ai_messages,
    merge_chat_runs,
    sample_export_path,
    to_training_examples,
)
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.local import stop_server
from langchain_fbmessenger.sample import SAMPLE_OWNER
from tests.benchmarks.scale import scaled

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

BASE = "SmolLM2-135M-Instruct"
SYSTEM = f"You are {SAMPLE_OWNER}."
TOPICS = ("rain", "bread", "the sea", "Monday", "cats")
PROMPTS = [f"Tell me about {topic}." for topic in TOPICS[: scaled(len(TOPICS))]]
EXAMPLES = scaled(10_000, least=8)  # all that the sample gives, but for a run in small


def train() -> ChatOpenAI:
    """Train one epoch, print its figures and return the tuned model."""
    pipeline = (
        merge_chat_runs()
        | map_ai_messages(sender=SAMPLE_OWNER)
        | to_training_examples(max_messages=4, overlap=0, system=SYSTEM)
    )
    sessions = FacebookMessengerChatLoader(sample_export_path()).lazy_load()
    started = time.perf_counter()
    tuner = FineTuner(model=BASE, n_epochs=1, seed=1, resume=False)
    job = tuner.submit(islice(pipeline.stream(sessions), EXAMPLES)).wait()
    seconds = time.perf_counter() - started
    metrics: list[Any] = [event.data for event in job.events() if event.type == "metrics"]
    pace = statistics.median(m["tokens_per_second"] for m in metrics)
    tokens = job.refresh().state.trained_tokens or 0
    in_steps = tokens / pace
    print(
        f"training: {tokens:,} tokens in {len(metrics)} steps, {pace:.0f} tokens/s (median step); "
        f"{seconds:.0f} s in all, {seconds - in_steps:.0f} s of it preparing the base"
    )
    return job.chat_model(temperature=0, max_tokens=64)


def stream(name: str, model: ChatOpenAI) -> float:
    """Stream the prompts, print the figures and return chunks per second."""
    model.invoke("Hi", max_tokens=1)  # loads it
    firsts, chunks, seconds = [], 0, 0.0
    for prompt in PROMPTS:
        started = time.perf_counter()
        times = [
            time.perf_counter() - started
            for chunk in model.stream([("system", SYSTEM), ("human", prompt)])
            if chunk.content
        ]
        firsts.append(times[0])
        chunks += len(times) - 1
        seconds += times[-1] - times[0]
    pace = chunks / seconds
    print(f"{name:>8}: {pace:5.1f} chunks/s, first token after {statistics.median(firsts):.2f} s")
    return pace


def main() -> None:
    """Measure in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["LANGCHAIN_FBMESSENGER_HOME"] = home
        try:
            tuned = train()
            base = (
                find_provider("local").connection().chat_model(BASE, temperature=0, max_tokens=64)
            )
            baseline = stream("base", base)
            print(f"   ratio: {stream('tuned', tuned) / baseline:.2f} of the base model's chunks/s")
        finally:
            stop_server(Path(home))


if __name__ == "__main__":
    main()
