"""Decide what the server's logs may hold: no words of requests, and not without end.

Native code prints what it likes: llama.cpp quotes the patterns, grammars and property names of
requests, and whatever they hold, new lines and escape sequences too. Of such a line only those
parts are written that are known phrases and numbers; the rest is counted. Lines of our own code
begin with a mark that libraries do not know.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import threading
import time
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK = secrets.token_hex(16)
"""Begins the lines of our own code in a child, see `own_processes.marked`."""
_KNOWN = (
    # llama.cpp, as it loads a model and adapters
    r"error loading model",
    r"failed to load model",
    r"failed to open GGUF file",
    r"model is corrupted or incomplete",
    r"unknown model architecture",
    r"unknown pre-tokenizer type",
    r"missing tensor",
    r"wrong number of tensors; expected \d{1,9}, got \d{1,9}",
    r"invalid magic",
    r"failed to (?:load|apply|initialize|init) (?:lora )?adapter",
    r"failed to create context with model",
    r"failed to allocate (?:compute|KV|output)?(?: )?buffers?",
    r"unable to allocate",
    # llama.cpp, as it answers
    r"failed to parse grammar",
    r"number of repetitions exceeds sane defaults",
    r"unsupported grammar, left recursion detected",
    r"JSON schema conversion was incomplete",
    r"request \(\d{1,9} tokens\) exceeds the available context size \(\d{1,9} tokens\)",
    r"Context size has been exceeded",
    r"failed to find free space in the KV cache",
    r"Compute error",
    r"failed to decode the batch",
    r"GGML_ASSERT",
    # every engine, and the system
    r"CUDA error",
    r"CUDA driver version is insufficient",
    r"[Oo]ut of memory",
    r"No available memory for the cache blocks",
    r"No space left on device",
    r"Illegal instruction",
    r"Segmentation fault",
    r"Bus error",
    r"terminate called",
)
_PARTS = re.compile("|".join(f"(?:{known})" for known in _KNOWN))
_MOST_TIMES = 10
"""How often one line of a child is written: repeated requests must not fill the disk with it."""
_LONGEST_LINE = 8192
_CHUNK = 65_536
_WINDOW_SECONDS = 60.0
_MOST_PER_KIND = 10
_MOST_KINDS = 50
_Kind = tuple[str, str]
_ALL_ELSE: _Kind = ("", "")
# An exception's own words may quote a request. asyncio logs tasks whose failure was not handled.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "frames": {
            "()": "langchain_fbmessenger._internal.own_processes.FramesOnlyFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "filters": {"rate": {"()": "langchain_fbmessenger.local.process.logs.RateFilter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "frames", "filters": ["rate"]}
    },
    "loggers": {
        name: {"handlers": ["stderr"], "level": "WARNING", "propagate": False}
        for name in ("uvicorn", "asyncio", "concurrent", "langchain_fbmessenger.local")
    },
}


def known_parts(line: str) -> str:
    """Return the known phrases of a line, without what is around them."""
    return "; ".join(dict.fromkeys(_PARTS.findall(line)))


class NativeLog:
    """Takes what a child prints, in pieces, and gives the lines that a log may hold."""

    def __init__(self, name: str) -> None:
        """Take the output of a process, by the name that it has in the log."""
        self._name = name
        self._rest = b""
        self._is_too_long = False
        self._times: Counter[str] = Counter()
        self._left_out = 0

    def feed(self, output: bytes) -> Iterator[str]:
        """Take what comes next and yield the lines that are whole now."""
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            yield from self._line(line)
        if len(self._rest) > _LONGEST_LINE:
            self._rest, self._is_too_long = b"", True

    def end(self) -> Iterator[str]:
        """Yield what is left, and how much was left out."""
        yield from self.feed(b"\n" if self._rest else b"")
        if self._left_out:
            yield f"{self._name}: {self._left_out} lines of native output left out\n"

    def _line(self, line: bytes) -> Iterator[str]:
        is_whole, self._is_too_long = not self._is_too_long, False
        text = line.decode(errors="replace")
        known = known_parts(text)
        if is_whole and text.startswith(MARK):
            yield _printable(text.removeprefix(MARK)) + "\n"
        elif is_whole and known and self._times[_without_numbers(known)] < _MOST_TIMES:
            self._times[_without_numbers(known)] += 1
            yield f"{self._name}: {known}\n"
        elif text.strip() or not is_whole:
            self._left_out += 1


def _without_numbers(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def copy_in_background(
    output: IO[bytes], name: str, write: Callable[[str], object]
) -> threading.Thread:
    """Read a child's output to its end in a thread, and write what may be written.

    Join the thread once the child has ended.
    """

    def copy() -> None:
        log = NativeLog(name)
        while piece := os.read(output.fileno(), _CHUNK):
            for line in log.feed(piece):
                write(line)
        for line in log.end():
            write(line)

    copying = threading.Thread(target=copy, name=f"log of {name}", daemon=True)
    copying.start()
    return copying


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class RateFilter(logging.Filter):
    """Lets ten lines of a kind pass per minute; the next that passes says how many did not.

    A kind is a logger's message without the values in it: ten thousand failed connections a second
    would fill the disk with one and the same line.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._seen: Counter[_Kind] = Counter()
        self._left_out: Counter[_Kind] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written; add to it what was, or will be, left out."""
        with self._lock:
            kind, count = self._counted(record)
            if count > _MOST_PER_KIND:
                self._left_out[kind] += 1
                return False
            left_out = self._left_out.pop(kind, 0)
        if left_out:
            record.msg = f"{record.msg}\n… {left_out} more were left out before this one."
        if count == _MOST_PER_KIND:
            record.msg = f"{record.msg}\n… More like this one are left out for up to a minute."
        return True

    def _counted(self, record: logging.LogRecord) -> tuple[_Kind, int]:
        now = time.monotonic()
        if now - self._begun >= _WINDOW_SECONDS:
            self._begun = now
            self._seen.clear()
        kind = (record.name, str(record.msg).strip().partition("\n")[0])
        if kind not in self._seen and len(self._seen) >= _MOST_KINDS:
            kind = _ALL_ELSE
        self._seen[kind] += 1
        return kind, self._seen[kind]
