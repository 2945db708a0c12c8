"""Reading exports of every format: messages per second and peak memory above the interpreter's.

Writes synthetic exports (two million messages as JSON, in a folder and zipped; 100,000 in every
other format), then loads each in a process of its own, beside a loop that parses the same files
with the standard library and does nothing else. Run: `make benchmark`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from tests.benchmarks.scale import scaled
from tests.benchmarks.usage import peak

LARGE, SMALL = scaled(2_000_000, least=1000), scaled(100_000, least=1000)
PER_THREAD = min(20_000, SMALL)
# variant, packaging, messages
CASES = [
    ("A", "folder", LARGE),
    ("A", "zips", LARGE),
    *((variant, "folder", SMALL) for variant in ("A0", "B", "D", "E", "F", "G")),
    *((variant, "folder", SMALL) for variant in ("H1", "H2", "H3", "H4", "I3", "I4")),
    ("H3", "zips", SMALL),
]


def write(folder: str, variant: str, packaging: str, messages: int) -> int:
    """Write an export and return the number of its messages."""
    from langchain_fbmessenger.testing import iter_sample_threads, write_export

    threads = islice(iter_sample_threads(n_messages=PER_THREAD), messages // PER_THREAD)
    written = write_export(
        threads,
        folder,
        variant=variant,  # type: ignore[arg-type]
        packaging=packaging,  # type: ignore[arg-type]
        owner="Zoë Brandt",
        media_files=False,
    )
    return written.messages


def ours(folder: str) -> tuple[int, int, int]:
    """Load an export, one session at a time; return threads, messages kept and skipped."""
    from langchain_fbmessenger import FacebookMessengerChatLoader

    loader = FacebookMessengerChatLoader(folder, timezone="UTC")
    threads = sum(1 for _ in loader.lazy_load())
    report = loader.report
    assert report.messages_read == report.messages_loaded + report.messages_skipped.total()
    return threads, report.messages_loaded, report.messages_skipped.total()


def parse_only(folder: str) -> tuple[int, int, int]:
    """Parse the JSON files, or count the bytes of pages, with the standard library."""
    import json
    import zipfile

    def contents() -> object:
        for path in Path(folder).rglob("*"):
            if path.suffix == ".zip":
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        if name.endswith((".json", ".html", ".htm")):
                            yield name, archive.read(name)
            elif path.suffix in {".json", ".html", ".htm"}:
                yield path.name, path.read_bytes()

    from html.parser import HTMLParser

    count = 0
    for name, raw in contents():  # type: ignore[attr-defined]
        count += 1
        if name.endswith(".json"):
            json.loads(raw)
        else:
            HTMLParser().feed(raw.decode())
    return count, 0, 0


def measure(side: str, folder: str) -> tuple[float, float, list[int]]:
    """Run a side in a process of its own; return seconds, MiB above the interpreter's, counts."""
    done = subprocess.run(  # noqa: S603 - this file
        [sys.executable, __file__, side, folder], capture_output=True, text=True, check=True
    )
    seconds, mib, *counts = done.stdout.split()
    return float(seconds), float(mib), [int(count) for count in counts]


def main() -> None:
    """Run a side when named on the command line, else all cases, and print the table."""
    if len(sys.argv) > 1:
        side, folder = sys.argv[1:]
        before = peak()
        started = time.perf_counter()
        counts = {"ours": ours, "parse": parse_only}[side](folder)
        print(time.perf_counter() - started, peak() - before, *counts)
        return
    print(
        "variant packaging    threads   messages       kept    skipped  messages/s   MiB above"
        "   x parsing alone"
    )
    for variant, packaging, messages in CASES:
        with tempfile.TemporaryDirectory() as folder:
            found = write(f"{folder}/export", variant, packaging, messages)
            seconds, mib, (threads, kept, skipped) = measure("ours", f"{folder}/export")
            baseline, _, _ = measure("parse", f"{folder}/export")
        print(
            f"{variant:7} {packaging:9} {threads:10,} {found:10,} {kept:10,} {skipped:10,} "
            f"{found / seconds:11,.0f} {mib:11.0f} {seconds / baseline:17.1f}"
        )


if __name__ == "__main__":
    main()
