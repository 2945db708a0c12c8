"""From an export to JSONL in a bare loop: what no pipeline of objects gets below.

Decodes with msgspec, repairs texts, joins runs, makes windows of 8 messages of which 2 repeat, and
writes JSON: the bytes that our pipeline writes, for exports as `bulk_exports.py` has them.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.benchmarks.bulk_exports import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    Turn = dict[str, Any]
    Exchange = tuple[Turn | None, str]  # a prompt or none, an answer

__all__ = ["bare_loop"]

_MONTH = 30 * 86_400_000  # ms; a run ends where as long a pause begins
_WINDOW = 8


class _Message(msgspec.Struct, gc=False):
    sender_name: str = ""
    timestamp_ms: int = 0
    content: str = ""


class _File(msgspec.Struct, gc=False):
    messages: list[_Message]


@functools.cache
def _decoder() -> msgspec.json.Decoder[_File]:
    return msgspec.json.Decoder(_File)


def bare_loop(export: str, output: str) -> int:
    """Write the examples of all threads and return how many they are."""
    encode, count = msgspec.json.Encoder().encode, 0
    with Path(output).open("wb") as file:
        for path in sorted(Path(export).rglob("message_*.json"), key=_by_numbers):
            for stretch in _stretches(_turns(path)):
                for window in _windows(stretch):
                    file.write(encode({"messages": window}))
                    file.write(b"\n")
                    count += 1
    return count


def _by_numbers(path: Path) -> list[str | int]:
    """Put 2 before 10, as our reader orders threads."""
    return [int(t) if t.isdigit() else t for t in re.split(r"(\d+)", str(path))]


def _turns(path: Path) -> list[tuple[str, str]]:
    """Return who wrote, user or assistant, and what, run by run."""
    messages = _decoder().decode(path.read_bytes()).messages
    messages.reverse()
    messages.sort(key=lambda message: message.timestamp_ms)
    names = {message.sender_name: _repaired(message.sender_name) for message in messages}
    turns: list[tuple[str, str]] = []
    run: list[str] = []
    last_sender, last = "", 0
    for message in messages:
        if not message.content:
            continue
        text = _repaired(message.content)
        if message.sender_name == last_sender and message.timestamp_ms - last <= _MONTH:
            run.append(text.rstrip())
        else:
            if run:
                turns.append(_turn(names[last_sender], run))
            run, last_sender = [text], message.sender_name
        last = message.timestamp_ms
    if run:
        turns.append(_turn(names[last_sender], run))
    return turns


def _turn(name: str, run: list[str]) -> tuple[str, str]:
    text = run[0] if len(run) == 1 else "\n\n".join(run).strip()
    return "assistant" if name == OWNER else "user", text


def _repaired(text: str) -> str:
    return text if text.isascii() else text.encode("latin-1").decode("utf-8")


def _stretches(turns: list[tuple[str, str]]) -> list[list[Exchange]]:
    """Return prompts and answers, apart where one side wrote again after a month."""
    stretches: list[list[Exchange]] = [[]]
    prompt: Turn | None = None
    for role, content in turns:
        if role == "user":
            if prompt is not None:
                stretches.append([])
            prompt = {"role": role, "content": content}
        else:
            if prompt is None and stretches[-1]:
                stretches.append([])
            stretches[-1].append((prompt, content))
            prompt = None
    return stretches


def _windows(exchanges: list[Exchange]) -> Iterator[list[Turn]]:
    start = 0
    while start < len(exchanges):
        window: list[Turn] = []
        if start:  # the last exchange again, not to be trained
            asked, answer = exchanges[start - 1]
            window = [] if asked is None else [asked]
            window.append({"role": "assistant", "content": answer, "weight": 0})
        size = len(window)
        while start < len(exchanges):
            asked, answer = exchanges[start]
            size += 1 if asked is None else 2
            if size > _WINDOW:
                break
            if asked is not None:
                window.append(asked)
            window.append({"role": "assistant", "content": answer})
            start += 1
        yield window
