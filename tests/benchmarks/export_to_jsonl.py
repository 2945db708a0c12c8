"""From a large export to JSONL: our Runnable pipeline beside langchain-community's functions.

Writes an export of 400,000 invented messages (40 threads, parts of 10,000), then runs each side in
a process of its own and prints time, peak memory and their ratios. Run: `make benchmark`.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from tests.benchmarks.scale import scaled

MESSAGES_PER_PART = scaled(10_000, least=10)
THREADS = 40
OWNER = "Zoë Ångström"
ROUNDS = scaled(3)
WORDS = ["the", "café", "is", "open", "and", "Łucja", "brings", "crêpes", "😂", "than", "we", "eat"]


def write_export(folder: Path) -> int:
    """Write the export as Meta does and return its size in bytes."""
    random.seed(1)
    size = 0
    for thread in range(THREADS):
        friend = f"Friend №{thread}"
        messages, sender = [], friend
        for number in range(MESSAGES_PER_PART):
            if random.random() < 0.6:  # noqa: S311 - no secret; runs of 1.7 messages
                sender = OWNER if sender == friend else friend
            text = " ".join(random.choices(WORDS, k=random.randint(2, 14)))  # noqa: S311
            messages.append(
                {
                    "sender_name": _twice(sender),
                    "timestamp_ms": 1_700_000_000_000 - number * 61_000,
                    "content": _twice(text),
                    "is_geoblocked_for_viewer": False,
                }
            )
        path = folder / "your_facebook_activity/messages/inbox" / f"friend_{thread}/message_1.json"
        path.parent.mkdir(parents=True)
        names = [{"name": _twice(name)} for name in (friend, OWNER)]
        file = {"participants": names, "messages": messages, "title": _twice(friend)}
        path.write_text(json.dumps(file, indent=2), encoding="ascii")
        size += path.stat().st_size
    return size


def ours(export: str, output: str) -> int:
    """Run our pipeline."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        merge_chat_runs,
        to_training_examples,
        write_jsonl,
    )

    pipeline = merge_chat_runs() | map_ai_messages(sender=OWNER) | to_training_examples()
    return write_jsonl(pipeline.stream(FacebookMessengerChatLoader(export).lazy_load()), output)


def community(export: str, output: str) -> int:
    """Run langchain-community's functions and the windows of LangChain's walk-through."""
    warnings.simplefilter("ignore")
    from langchain_community.adapters.openai import convert_messages_for_finetuning
    from langchain_community.chat_loaders.facebook_messenger import (
        FolderFacebookMessengerChatLoader,
    )
    from langchain_community.chat_loaders.utils import map_ai_messages, merge_chat_runs

    loader = FolderFacebookMessengerChatLoader(Path(export, "your_facebook_activity/messages"))
    # It repairs no text, so the persona is found by her mojibake name.
    sessions = map_ai_messages(merge_chat_runs(loader.lazy_load()), _twice(OWNER))
    count = 0
    with Path(output).open("w", encoding="utf-8") as file:
        for turns in convert_messages_for_finetuning(sessions):
            for start in range(0, len(turns) - 8 + 1, 6):
                file.write(json.dumps({"messages": turns[start : start + 8]}) + "\n")
                count += 1
    return count


def _twice(text: str) -> str:
    return text.encode().decode("latin-1")


def _measure(side: str, export: str, folder: str) -> tuple[float, float, int]:
    command = [sys.executable, __file__, side, export, f"{folder}/{side}.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this file
    seconds, mib, count = done.stdout.split()
    return float(seconds), float(mib), int(count)


def main() -> None:
    """Run a side when named on the command line, else both and print the table."""
    if len(sys.argv) > 1:
        side, export, output = sys.argv[1:]
        started = time.perf_counter()
        count = {"ours": ours, "community": community}[side](export, output)
        # Linux counts in KiB, macOS in bytes.
        unit = 2**20 if sys.platform == "darwin" else 2**10
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
        print(time.perf_counter() - started, peak, count)
        return
    messages = THREADS * MESSAGES_PER_PART
    with tempfile.TemporaryDirectory() as folder:
        export = f"{folder}/export"
        size = write_export(Path(export))
        print(
            f"export → JSONL, {messages:,} messages, {size / 2**20:.0f} MiB of JSON, "
            f"best of {ROUNDS}, imports included"
        )
        best = {}
        for side in ("community", "ours"):
            best[side] = min(_measure(side, export, folder) for _ in range(ROUNDS))
            seconds, peak, count = best[side]
            print(
                f"{side:>10}: {seconds:6.1f} s  {messages / seconds:>9,.0f} messages/s  "
                f"peak {peak:4.0f} MiB  {count:,} examples"
            )
        print(
            f"     ratio: {best['community'][0] / best['ours'][0]:.1f} x as fast, "
            f"{best['community'][1] / best['ours'][1]:.1f} x less memory"
        )


if __name__ == "__main__":
    main()
