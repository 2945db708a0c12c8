"""The demo: the whole road on the bundled sample, base model and tuned model side by side."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from langchain_core.output_parsers import StrOutputParser
from rich.live import Live
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    map_ai_messages,
    sample_export_path,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger.cli.demo_likeness import show_likeness
from langchain_fbmessenger.cli.survey import take_survey
from langchain_fbmessenger.cli.views.screens import example_table, report_lines, threads_table
from langchain_fbmessenger.examples.schema import known_source
from langchain_fbmessenger.sample import SAMPLE_OWNER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.runnables import Runnable
    from rich.console import Console

    from langchain_fbmessenger.examples.schema import TrainingExample
    from langchain_fbmessenger.examples.selecting.split import ExampleSplit
    from langchain_fbmessenger.fine_tuning import FineTuningJob

__all__ = ["run_demo"]

# None of these stands in the sample's chats.
_PROMPTS = (
    "What are you up to tonight?",
    "Any tips for my first day at a new job?",
    "I can't sleep. What should I do?",
    "What did you think of the film?",
    "Can you help me move on Saturday?",
    "What's your favourite place in the world?",
)
_BASE = "SmolLM2-135M-Instruct"
_SYSTEM = "You are {owner}."
_SAMPLING: dict[str, Any] = {"temperature": 0.4, "max_tokens": 60, "seed": 7}
_EXAMPLE_SHOWN = 60
# The demo asks without a history. In short windows without overlap every other answer is learned
# from a single question; in long ones nearly all could copy their style from the turns before.
_MAX_MESSAGES = 4
_EPOCHS = 2
# Half of what she wrote is for measuring, and of the other half only so much is trained that the
# demo takes six minutes on two slow cores.
_VALIDATION_SHARE = 0.5
_TRAINED_EXAMPLES = 180


@dataclass
class _Pace:
    """Speed of one streamed answer."""

    first_token: float = 0.0
    seconds: float = 0.0
    chunks: int = 0


def run_demo(console: Console, *, n_epochs: int = _EPOCHS) -> None:
    """Load the sample, train on it, and stream answers before and after.

    Args:
        console: Where it is shown.
        n_epochs: Passes over the examples.
    """
    started = time.perf_counter()
    console.print(Rule("1. The export: invented people, Meta's true format"))
    loader = FacebookMessengerChatLoader(sample_export_path())
    console.print(threads_table(take_survey(loader).threads))
    console.print("\n".join(report_lines(loader.report)))

    console.print(Rule(f"2. Training examples: {SAMPLE_OWNER} is the assistant"))
    split = split_sample(loader)
    trained = newest_examples(split.train)
    console.print(example_table(trained[_EXAMPLE_SHOWN]))
    console.print(_split_line(split, trained))

    console.print(Rule(f"3. Training {_BASE} on this machine"))
    console.print("The first run prepares the base model, which takes half a minute.", style="dim")
    training_started = time.perf_counter()
    tuner = FineTuner(
        model=_BASE,
        n_epochs=n_epochs,
        suffix="demo",
        seed=7,
        resume=False,  # a training is what there is to see
    )
    job = tuner.submit(trained)
    job.wait(progress=console.is_terminal)
    console.print(_training_line(job, time.perf_counter() - training_started), highlight=False)

    console.print(Rule("4. prompt | model | StrOutputParser(), before and after"))
    base = job.base_chat_model(**_SAMPLING)
    chains = [
        job.prompt() | model | StrOutputParser() for model in (base, job.chat_model(**_SAMPLING))
    ]
    paces = _compare(console, chains)
    console.print(_pace_line(paces), highlight=False)

    console.print(Rule("5. Does it sound like her?"))
    show_likeness(console, job, split, trained, _SAMPLING)
    console.print(
        f"{time.perf_counter() - started:.0f} s in all. Talk to it: {_command()} chat {job.id}\n"
        "The local server ends by itself when nobody has asked it anything for a while.",
        highlight=False,
    )


def split_sample(loader: FacebookMessengerChatLoader) -> ExampleSplit:
    """Return the sample's examples; each thread's newest are for validation."""
    pipeline = (
        split_chat_sessions()
        | map_ai_messages()
        | to_training_examples(max_messages=_MAX_MESSAGES, overlap=0, system=_SYSTEM)
    )
    return split_examples(pipeline.stream(loader.lazy_load()), valid=_VALIDATION_SHARE)


def newest_examples(
    examples: Sequence[TrainingExample], count: int = _TRAINED_EXAMPLES
) -> list[TrainingExample]:
    """Return the `count` examples that end last, in the order in which they came in."""
    times = [known_source(example).time or 0 for example in examples]
    newest = sorted(range(len(examples)), key=times.__getitem__)[-count:]
    return [examples[position] for position in sorted(newest)]


def _split_line(split: ExampleSplit, trained: Sequence[TrainingExample]) -> str:
    return (
        f"{len(split.train) + len(split.valid)} training examples. {len(split.valid)}, of each "
        f"thread's newest conversations, are for validation; of the {len(split.train)} before "
        f"them, the newest {len(trained)} are trained."
    )


def _compare(console: Console, chains: Sequence[Runnable[dict[str, Any], str]]) -> list[_Pace]:
    """Stream each prompt's answers into a table: the base model's, then the tuned model's."""
    rows = [[prompt, *("" for _ in chains)] for prompt in _PROMPTS]
    paces = []
    with Live(_answers_table(rows), console=console, auto_refresh=False) as live:
        for row in rows:
            for column, chain in enumerate(chains, start=1):

                def show(token: str, row: list[str] = row, column: int = column) -> None:
                    row[column] += token
                    live.update(_answers_table(rows), refresh=live.console.is_terminal)

                paces.append(_stream(chain, row[0], show))
    console.print()  # outside of a terminal, `Live` ends without a new line
    return paces


def _stream(
    chain: Runnable[dict[str, Any], str], prompt: str, show: Callable[[str], None]
) -> _Pace:
    pace = _Pace()
    started = time.perf_counter()
    for token in chain.stream({"input": prompt}):
        if token and not pace.chunks:
            pace.first_token = time.perf_counter() - started
        pace.chunks += bool(token)
        show(token)
    pace.seconds = time.perf_counter() - started
    return pace


def _answers_table(rows: list[list[str]]) -> Table:
    table = Table(show_lines=True, expand=True)
    table.add_column("asked", ratio=2)
    table.add_column(f"{_BASE} (base)", ratio=4)
    table.add_column(f"tuned on {SAMPLE_OWNER}", ratio=4)
    for prompt, base, tuned in rows:
        table.add_row(
            Text(prompt), Text(base.strip(), style="dim"), Text(tuned.strip(), style="green")
        )
    return table


def _command() -> str:
    """Return how this command was called: `make demo` has it in a folder that no PATH names."""
    name = "langchain-fbmessenger"
    return name if shutil.which(name) else sys.argv[0]


def _training_line(job: FineTuningJob, seconds: float) -> str:
    metrics: list[Any] = [event.data for event in job.events() if event.type == "metrics"]
    pace = median(step["tokens_per_second"] for step in metrics)
    return (
        f"{len(metrics)} steps in {seconds:.0f} s (preparing included), {pace:.0f} tokens/s, "
        f"loss {metrics[0]['train_loss']:.2f} → {metrics[-1]['train_loss']:.2f}, "
        f"model {job.fine_tuned_model}"
    )


def _pace_line(paces: list[_Pace]) -> str:
    first = median(pace.first_token for pace in paces)
    streaming = sum(pace.seconds - pace.first_token for pace in paces)
    chunks = sum(pace.chunks for pace in paces)
    return (
        f"{chunks / streaming if streaming else 0:.0f} chunks/s, "
        f"first token after {first:.2f} s (median)"
    )
