"""From an export to JSONL: time, memory and starts of our pipeline, beside a bare loop and others.

Writes exports of invented messages and runs each side in a process of its own, sides in turn, so
that all of them meet the same noise. Figures are CPU time (user and system) without imports and
first calls; ratios are medians of the rounds' ratios. At full scale docs/benchmarks.md is written
too. Run: `make benchmark`; `--before TREE` measures another copy of the package beside this one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.bulk_exports import write_bulk, write_one_thread, write_plain
from tests.benchmarks.figures import commit_of, machine, table, targets_table
from tests.benchmarks.scale import SCALE, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parents[2] / "docs/benchmarks.md"
CHILD = Path(__file__).with_name("export_to_jsonl_child.py")
ROUNDS = scaled(5)
MESSAGES = scaled(400_000, least=40)
WARM_UP = 400
EXPORTS: dict[str, Callable[[Path, int], None]] = {"bulk": write_bulk, "plain": write_plain}
SIZES = [scaled(number, least=40) for number in (40_000, 400_000, 4_000_000)]
ONE_THREAD = scaled(1_000_000, least=40)
OTHER_FORMATS = {"pages": "H4", "encrypted": "B"}
IN_OTHER_FORMATS = scaled(100_000, least=100)
SIDES = ("floor", "community", "merge", "split", "sessions", "privacy")
CORE = "from langchain_core.runnables import RunnableSerializable"
OURS = f"""{CORE}
from langchain_fbmessenger import (
    FacebookMessengerChatLoader, map_ai_messages, merge_chat_runs, to_training_examples
)
merge_chat_runs() | map_ai_messages(sender="x") | to_training_examples()
FacebookMessengerChatLoader({{export!r}})"""
HEAD = """# Benchmarks

Written by `make benchmark` on {date}, commit {commit}.
{machine}.

CPU time (user and system) of processes run in turn, without imports and first calls; medians of
{rounds} runs, and ratios are medians of the rounds' ratios. Peak memory is the whole process's, the
interpreter and imports within.

- **floor**, a bare loop: decodes with msgspec, repairs texts, joins runs, makes windows, writes
  JSON, without an object of LangChain. Its bytes are those of `merge`.
- **community**: langchain-community's loader and functions, and the fixed windows of LangChain's
  walk-through.
- **merge**: `merge_chat_runs() | map_ai_messages(sender=…) | to_training_examples(max_messages=8,
  overlap=2)`, and `write_jsonl`.
- **split**: `split_chat_sessions() | map_ai_messages() | to_training_examples(max_tokens=2048)`,
  and `write_jsonl`.
- **sessions**: a loop over `lazy_load()`, whose sessions are lists of LangChain's messages.
- **privacy**: `merge` behind `pseudonymize_chat_sessions(identifiers=None) | redact_identifiers()`;
  messages/s count the time that it takes longer than `merge`.

Threads have 10,000 messages. **bulk**: short runs, texts of many scripts that all end in a number,
photos, reactions. **plain**: runs of 1.7 messages, texts of twelve words, without a digit.

## Reached

{reached}
"""


class Run(NamedTuple):
    """What a side took: CPU seconds, its peak in MiB, how many it gave, and what it wrote."""

    cpu: float
    peak: float
    given: int
    digest: str


class Bench:
    """A folder for what is written, and the figures that have a target, by the targets' keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.figures: dict[str, float] = {}

    def export(self, name: str, write: Callable[[Path, int], None], messages: int) -> Path:
        """Return the folder of an export, written if there is none yet."""
        path = self.folder / f"{name} {messages}"
        if not path.exists():
            write(path, messages)
        return path

    def run(self, side: str, export: Path, warm_up: Path | str = "", tree: str = "") -> Run:
        """Run a side in a process of its own."""
        output = self.folder / "output.jsonl"
        output.write_bytes(b"")
        said = python([str(CHILD), side, str(export), str(warm_up), str(output)], tree)
        return Run(**json.loads(said), digest=hashlib.sha256(output.read_bytes()).hexdigest())


def python(arguments: list[str], tree: str = "") -> str:
    """Run Python as users do and return what it prints."""
    # Traces would be sent; without bytecode it is compiling that is measured.
    ours = ("LANGCHAIN", "LANGSMITH", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    if tree:
        env["PYTHONPATH"] = tree
    return subprocess.run(  # noqa: S603 - our own scripts
        [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, check=True, env=env
    ).stdout


def pipelines(bench: Bench, data: str, before: str) -> str:
    """Run all sides in turn over one of the exports."""
    export = bench.export(data, EXPORTS[data], MESSAGES)
    warm_up = bench.export(data, EXPORTS[data], WARM_UP)
    sides = {side: (side, "") for side in SIDES}
    if before:
        sides["split, before"] = ("split", before)
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name in list(sides)[:: -1 if turn % 2 else 1]:
            side, tree = sides[name]
            runs[name].append(bench.run(side, export, warm_up, tree))
    assert runs["merge"][0].digest == runs["floor"][0].digest, "the bare loop has other bytes"
    _set_ratios(bench.figures, data, runs)
    return _pipelines_table(runs)


def _set_ratios(figures: dict[str, float], data: str, runs: dict[str, list[Run]]) -> None:
    for side in ("merge", "split", "sessions"):
        figures[f"{side} {data}"] = _ratio(runs[side], runs["floor"])
    figures[f"community {data}"] = _ratio(runs["community"], runs["merge"])
    if "split, before" in runs:
        figures[f"before {data}"] = _ratio(runs["split"], runs["split, before"])
    both = zip(runs["privacy"], runs["merge"], strict=True)
    stages = median(behind.cpu - without.cpu for behind, without in both)
    figures[f"privacy {data}"] = MESSAGES / max(stages, 1e-9)  # in small, noise may be all there is


def _ratio(runs: list[Run], others: list[Run]) -> float:
    return median(run.cpu / other.cpu for run, other in zip(runs, others, strict=True))


def _pipelines_table(runs: dict[str, list[Run]]) -> str:
    rows = []
    for name, ours in runs.items():
        seconds = [run.cpu for run in ours]
        rows.append(
            (
                name,
                f"{median(seconds):.2f}",
                f"{min(seconds):.2f} … {max(seconds):.2f}",
                f"{median(seconds) / MESSAGES * 1e6:.2f}",
                f"{_ratio(ours, runs['floor']):.2f}",
                f"{_ratio(runs['community'], ours):.2f}",
                f"{max(run.peak for run in ours):.0f}",
                f"{ours[0].given:,}",
            )
        )
    head = ("", "CPU s", "from … to", "µs a message", "÷ floor", "community ÷", "peak MiB", "given")
    return table(head, rows)


def memory(bench: Bench) -> str:
    """Run the merge pipeline over exports of several sizes, and one thread through `split`."""
    peaks = {
        f"merge, {size:,} messages": bench.run("merge", bench.export("bulk", write_bulk, size)).peak
        for size in SIZES
    }
    bench.figures["peak"] = max(peaks.values())
    bench.figures["spread"] = max(peaks.values()) - min(peaks.values())
    thread = bench.run("split", bench.export("one thread", write_one_thread, ONE_THREAD))
    bench.figures["one thread"] = peaks[f"split, one thread of {ONE_THREAD:,}"] = thread.peak
    return table(("", "peak MiB"), [(name, f"{peak:.1f}") for name, peak in peaks.items()])


def formats(bench: Bench) -> str:
    """Read exports of other formats."""
    rows = []
    for name, variant in OTHER_FORMATS.items():
        write = partial(write_variant, variant)
        export, warm_up = (bench.export(name, write, n) for n in (IN_OTHER_FORMATS, WARM_UP))
        seconds = median(bench.run("sessions", export, warm_up).cpu for _ in range(ROUNDS))
        bench.figures[name] = IN_OTHER_FORMATS / seconds
        rows.append((f"{name} ({variant})", f"{seconds:.2f}", f"{bench.figures[name]:,.0f}"))
    return table((f"{IN_OTHER_FORMATS:,} messages", "CPU s", "messages/s"), rows)


def write_variant(variant: str, export: Path, messages: int) -> None:
    """Write an export of one of Meta's other formats."""
    from langchain_fbmessenger.testing import iter_sample_threads, write_export

    count = max(1, messages // 20_000)
    threads = islice(iter_sample_threads(n_messages=messages // count), count)
    write_export(threads, export, variant=variant, owner="Zoë Brandt", media_files=False)  # type: ignore[arg-type]


def starts(bench: Bench) -> str:
    """Measure what comes before the work: imports, and what is done once in a process."""
    small, large = (bench.export("bulk", write_bulk, number) for number in (WARM_UP, MESSAGES))
    ends = "\nimport time; print(time.process_time())"
    python(["-c", OURS.format(export=str(small))])  # compiles to bytecode
    seconds: dict[str, list[float]] = {"core": [], "ours": [], "small": [], "large": []}
    for _ in range(ROUNDS):
        seconds["core"].append(float(python(["-c", CORE + ends])))
        seconds["ours"].append(float(python(["-c", OURS.format(export=str(small)) + ends])))
        seconds["small"].append(bench.run("first", small).cpu)
        seconds["large"].append(bench.run("first", large).cpu)
    over = [ours - core for core, ours in zip(seconds["core"], seconds["ours"], strict=True)]
    bench.figures["import"] = median(over)
    bench.figures["first"] = median(seconds["large"]) * 1000
    rows = [
        ("import of langchain-core's Runnables", median(seconds["core"])),
        ("import of ours, a pipeline and a loader, above that", median(over)),
        (f"first example of {WARM_UP} messages", median(seconds["small"])),
        (f"first example of {MESSAGES:,} messages", median(seconds["large"])),
    ]
    return table(("", "CPU ms"), [(name, f"{figure * 1000:.0f}") for name, figure in rows])


def sections(bench: Bench, before: str) -> Iterator[tuple[str, str]]:
    """Measure one thing after another; give titles and tables."""
    for data in EXPORTS:
        yield f"Export → JSONL, {data}: {MESSAGES:,} messages", pipelines(bench, data, before)
    yield "Memory", memory(bench)
    yield "Other formats, read by a user", formats(bench)
    yield "Starts", starts(bench)


def main() -> None:
    """Measure, print all tables and, at full scale, write them to the docs."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--before", default="", help="a tree of the package as it was before")
    before = parser.parse_args().before
    written = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for title, measured in sections(bench, before and str(Path(before).resolve())):
            written.append(f"## {title}\n\n{measured}\n")
            print(written[-1], flush=True)
    reached = targets_table(bench.figures)
    print(f"## Reached\n\n{reached}")
    if SCALE >= 1:
        DOCS.write_text(page(reached, written, before), encoding="utf-8")


def page(reached: str, written: list[str], before: str) -> str:
    """Return what docs/benchmarks.md says."""
    than = f", before: {commit_of(Path(before))}" if before else ""
    return HEAD.format(
        date=datetime.now(timezone.utc).date(),
        commit=commit_of(DOCS.parent) + than,
        machine=machine(),
        rounds=ROUNDS,
        reached=reached,
    ) + "\n".join(["", *written])


if __name__ == "__main__":
    main()
