"""One side of `export_to_jsonl.py`: `python … <side> <export> <warm-up> <output>`.

A process of its own, so that each side's CPU time and peak memory are its own. A side imports what
it needs, runs over a small export where one is given (first calls are no part of the work) and
then over the export; a line of JSON tells what that took.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.bare_loop import bare_loop
from tests.benchmarks.bulk_exports import OWNER, as_meta_writes
from tests.benchmarks.usage import cpu_seconds, peak

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[str, str], int]  # takes the paths of an export and of the file to write

__all__ = ["SIDES"]


def floor() -> Work:
    """Return the bare loop."""
    return bare_loop


def community() -> Work:
    """Return langchain-community's functions and the windows of LangChain's walk-through."""
    warnings.simplefilter("ignore")
    from langchain_community.adapters.openai import convert_messages_for_finetuning
    from langchain_community.chat_loaders.facebook_messenger import (
        FolderFacebookMessengerChatLoader,
    )
    from langchain_community.chat_loaders.utils import map_ai_messages, merge_chat_runs

    def work(export: str, output: str) -> int:
        inbox = next(Path(export).rglob("inbox"))
        loader = FolderFacebookMessengerChatLoader(inbox.parent)
        # It repairs no text, so the persona is found by her mojibake name.
        sessions = map_ai_messages(merge_chat_runs(loader.lazy_load()), as_meta_writes(OWNER))
        count = 0
        with Path(output).open("w", encoding="utf-8") as file:
            for turns in convert_messages_for_finetuning(sessions):
                for start in range(0, len(turns) - 8 + 1, 6):
                    file.write(json.dumps({"messages": turns[start : start + 8]}) + "\n")
                    count += 1
        return count

    return work


def merge() -> Work:
    """Return our pipeline with the same steps as langchain-community's."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        merge_chat_runs,
        to_training_examples,
        write_jsonl,
    )

    def work(export: str, output: str) -> int:
        pipeline = (
            merge_chat_runs()
            | map_ai_messages(sender=OWNER)
            | to_training_examples(max_messages=8, overlap=2)
        )
        loader = FacebookMessengerChatLoader(export)
        return write_jsonl(pipeline.stream(loader.lazy_load()), output)

    return work


def split() -> Work:
    """Return the pipeline that our guide has: by pauses, and by tokens."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        split_chat_sessions,
        to_training_examples,
        write_jsonl,
    )

    def work(export: str, output: str) -> int:
        pipeline = split_chat_sessions() | map_ai_messages() | to_training_examples(max_tokens=2048)
        loader = FacebookMessengerChatLoader(export)
        return write_jsonl(pipeline.stream(loader.lazy_load()), output)

    return work


def privacy() -> Work:
    """Return `merge` behind both stages of privacy."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        merge_chat_runs,
        pseudonymize_chat_sessions,
        redact_identifiers,
        to_training_examples,
        write_jsonl,
    )

    def work(export: str, output: str) -> int:
        key = Path(f"{output}.key")
        key.unlink(missing_ok=True)  # of the run before: everybody gets a name anew
        pipeline = (
            pseudonymize_chat_sessions(key=key, identifiers=None)
            | redact_identifiers()
            | merge_chat_runs()
            | map_ai_messages()
            | to_training_examples(max_messages=8, overlap=2)
        )
        loader = FacebookMessengerChatLoader(export)
        return write_jsonl(pipeline.stream(loader.lazy_load()), output)

    return work


def sessions() -> Work:
    """Return a user's loop over sessions, each of which is a list of LangChain's messages."""
    from langchain_fbmessenger import FacebookMessengerChatLoader

    def work(export: str, _output: str) -> int:
        loader = FacebookMessengerChatLoader(export, timezone="UTC")
        return sum(len(session["messages"]) for session in loader.lazy_load())

    return work


def first() -> Work:
    """Return what leads to the first example."""
    from langchain_fbmessenger import (
        FacebookMessengerChatLoader,
        map_ai_messages,
        merge_chat_runs,
        to_training_examples,
    )

    def work(export: str, _output: str) -> int:
        pipeline = merge_chat_runs() | map_ai_messages(sender=OWNER) | to_training_examples()
        examples = pipeline.stream(FacebookMessengerChatLoader(export).lazy_load())
        return len(next(examples)["messages"])

    return work


SIDES = {side.__name__: side for side in (floor, community, merge, split, privacy, sessions, first)}


def main() -> None:
    """Run a side and print what it took."""
    side, export, warm_up, output = sys.argv[1:]
    work = SIDES[side]()
    if warm_up:
        work(warm_up, output)
    before = cpu_seconds()
    count = work(export, output)
    print(json.dumps({"cpu": cpu_seconds() - before, "peak": peak(), "given": count}))


if __name__ == "__main__":
    main()
