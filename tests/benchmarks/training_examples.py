"""Training files: what an independent reader finds in them, and what a million messages cost.

Writes all forms for the sample export and for one of groups, and counts with a reader that shares
no code with the package (tests/unit_tests/examples/independent.py) how often each message of the
persona is trained, beside the windows of LangChain's walk-through. Then measures the pipeline, each
side in a process of its own. Run: `python tests/benchmarks/training_examples.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

from tests.benchmarks.scale import scaled
from tests.benchmarks.usage import peak

sys.path.insert(0, str(Path(__file__).parents[2]))  # the tests are no package that is installed

MESSAGES = scaled(1_000_000, least=1000)
PER_THREAD = min(20_000, MESSAGES)
OWNER = "Zoë Brandt"
ROUNDS = scaled(3)
HEAD = (
    "format               rows rejected   persona   lost    once    more"
    "   starts a/u  ends trained  foreign"
)


def table(export: Path, owner: str) -> None:
    """Print what is trained, by format."""
    from langchain_fbmessenger import write_training_file
    from tests.unit_tests.examples.independent import PROVIDERS, fixed_windows
    from tests.unit_tests.examples.test_independent_reading import make

    made = make(export, owner)
    mine = [line.text for line in made.mine]
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "train.jsonl")
        rows = [json.dumps(row) for row in fixed_windows(made.lines)]
        path.write_text("\n".join(rows), encoding="utf-8")
        print(row_of("walk-through 8/2", path, "openai", mine))
        print(row_of("  … read by together", path, "together", mine))
        for provider in PROVIDERS:
            write_training_file(made.examples, path, format=provider)
            print(row_of(provider, path, provider, mine))


def row_of(title: str, path: Path, provider: str, mine: list[str]) -> str:
    """Return a line of the table."""
    from tests.unit_tests.examples.independent import fates, read_file, violations

    found = fates(read_file(path, provider), mine)
    rejected = len({rule.partition(":")[0] for rule in violations(path, provider)})
    starts = f"{found.starts_assistant}/{found.starts_user}"
    return (
        f"{title:20} {found.rows:4,} {rejected:8,} {len(mine):9,} {found.never:6,} {found.once:7,} "
        f"{found.more:7,} {starts:>12} {found.ends_trained:13,} {found.foreign:8,}"
    )


def imports(_export: str, _output: str) -> int:
    """Import what the other sides import, and do nothing."""
    from langchain_fbmessenger import (  # noqa: F401
        FacebookMessengerChatLoader,
        check_examples,
        map_ai_messages,
        split_chat_sessions,
        to_training_examples,
        write_jsonl,
    )

    return 0


def mapping(export: str, _output: str) -> int:
    """Load, split and map; make no examples."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        split_chat_sessions,
    )

    pipeline = split_chat_sessions() | map_ai_messages()
    return sum(1 for _ in pipeline.stream(FacebookMessengerChatLoader(export).lazy_load()))


def examples(export: str, output: str) -> int:
    """Run the whole pipeline, up to the file."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        split_chat_sessions,
        to_training_examples,
        write_jsonl,
    )

    pipeline = split_chat_sessions() | map_ai_messages() | to_training_examples(max_tokens=2048)
    return write_jsonl(pipeline.stream(FacebookMessengerChatLoader(export).lazy_load()), output)


def check(_export: str, output: str) -> int:
    """Check the file that the whole pipeline has written."""
    from langchain_fbmessenger import check_examples

    report = check_examples(output, provider="local")
    assert report.ok, report
    return Path(output).stat().st_size


SIDES: dict[str, Any] = {side.__name__: side for side in (imports, mapping, examples, check)}
COUNTED = {"imports": "", "mapping": "sessions", "examples": "examples", "check": "bytes"}


def measure(side: str, export: str, folder: str) -> tuple[float, float, int]:
    """Run a side in a process of its own; return seconds, its peak in MiB, and a count."""
    command = [sys.executable, __file__, side, export, f"{folder}/train.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this file
    seconds, mib, count = done.stdout.split()
    return float(seconds), float(mib), int(count)


def million(folder: str) -> None:
    """Print what a million messages cost, with and without examples."""
    from langchain_fbmessenger.testing import iter_sample_threads, write_export

    threads = islice(iter_sample_threads(n_messages=PER_THREAD), MESSAGES // PER_THREAD)
    export = f"{folder}/export"
    written = write_export(threads, export, owner=OWNER, media_files=False)
    print(f"\n{written.messages:,} messages, best of {ROUNDS}, imports included; peak RSS")
    best: dict[str, tuple[float, float, int]] = {}
    for side in SIDES:
        best[side] = min(measure(side, export, folder) for _ in range(ROUNDS))
        seconds, mib, count = best[side]
        print(f"{side:>9}: {seconds:6.1f} s  peak {mib:4.0f} MiB  {count:,} {COUNTED[side]}")
    floor = best["imports"][1]
    for side in ("examples", "check"):
        seconds, mib, _ = best[side]
        print(
            f"{side} / mapping: {seconds / best['mapping'][0]:.2f} x the time, MiB above the "
            f"imports {mib - floor:.0f} / {best['mapping'][1] - floor:.0f}"
        )


def main() -> None:
    """Run a side when named on the command line, else print all tables."""
    if len(sys.argv) > 1:
        side, export, output = sys.argv[1:]
        started = time.perf_counter()
        count = SIDES[side](export, output)
        print(time.perf_counter() - started, peak(), count)
        return
    from langchain_fbmessenger import sample_export_path
    from tests.unit_tests.examples.test_independent_reading import write_group_heavy

    with tempfile.TemporaryDirectory() as folder:
        print("the sample export")
        table(sample_export_path(), "Noémie Åkerlund")
        print("\nan export of groups")
        table(write_group_heavy(Path(folder, "groups")), OWNER)
        million(folder)


if __name__ == "__main__":
    main()
