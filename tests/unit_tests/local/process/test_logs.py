"""A log holds known words and numbers, our own code's lines, and no line again and again."""

from __future__ import annotations

import logging
import logging.config
import re
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.own_processes import MARK_VARIABLE
from langchain_fbmessenger.local.process import logs
from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.process.logs import (
    _KNOWN,
    LOGGING,
    MARK,
    NativeLog,
    RateFilter,
    copy_in_background,
    known_parts,
)

SAID = "Milo Dvořák"
QUOTING = (
    f"WARNING: JSON schema conversion was incomplete: pattern {SAID} is not supported",
    f"parse: error parsing grammar: expecting name at {SAID}",
    f'root ::= "{SAID}" space',
    f"0.01.279.529 E srv    send_error: task id = 3, error: {SAID}",
    f"\x1b]52;c;{SAID}\x07\x1b[2J{SAID}",
    f"llama_model_load: error loading model: missing tensor '{SAID}'",
    f"request (3031 tokens) exceeds the available context size (512 tokens), {SAID}",
    f"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate {SAID}",
    f'  File "/home/{SAID}/x.py", line 1, in {SAID}',
)


def read(*pieces: bytes) -> list[str]:
    log = NativeLog("engine")
    return [*(line for piece in pieces for line in log.feed(piece)), *log.end()]


def test_of_lines_that_quote_a_request_known_words_and_numbers_are_left() -> None:
    assert read("\n".join(QUOTING).encode()) == [
        "engine: JSON schema conversion was incomplete\n",
        "engine: error loading model; missing tensor\n",
        "engine: request (3031 tokens) exceeds the available context size (512 tokens)\n",
        "engine: out of memory\n",
        "engine: 5 lines of native output left out\n",
    ]


def test_a_line_is_the_same_whatever_its_numbers() -> None:
    """Else requests with one token more each time would fill the log."""
    known = "request ({} tokens) exceeds the available context size (512 tokens)\n"
    assert len(read("".join(known.format(600 + n) for n in range(50)).encode())) == 11


@pytest.mark.parametrize("pattern", _KNOWN)
def test_what_is_known_is_words_of_ours_and_numbers(pattern: str) -> None:
    """No part of a pattern stands for text that somebody else has chosen."""
    plain = re.sub(r"\\d\{1,9\}", "1", pattern)
    plain = re.sub(r"\\[()]", "", plain)
    plain = re.sub(r"\[Oo\]|\(\?:[\w |]+\)\??|\?", "", plain)
    assert re.fullmatch(r"[\w ;:,./-]+", plain), plain


@given(st.lists(st.text() | st.sampled_from(QUOTING), max_size=8))
def test_whatever_is_printed_a_log_holds_nothing_of_it(lines: list[str]) -> None:
    output = "\n".join(lines).encode(errors="surrogatepass")
    for line in read(output):
        assert SAID not in line
        assert line[:-1].isprintable()
        words = line.removeprefix("engine: ").removesuffix("\n")
        assert known_parts(words) == words or re.fullmatch(
            r"\d+ lines of native output left out", words
        )


@given(st.lists(st.sampled_from(QUOTING), max_size=5), st.lists(st.integers(0, 500), max_size=6))
def test_how_it_is_cut_into_pieces_makes_no_difference(lines: list[str], cuts: list[int]) -> None:
    output = "\n".join(lines).encode()
    at = sorted({0, len(output), *(cut for cut in cuts if cut < len(output))})
    assert read(*(output[a:b] for a, b in pairwise(at))) == read(output)


def test_a_line_without_end_takes_no_memory_and_is_left_out() -> None:
    log = NativeLog("engine")
    for _ in range(100):
        assert not [*log.feed(b"out of memory " * 1000)]
        assert len(log._rest) <= 14_000
    assert [*log.feed(b"\nout of memory\n")] == ["engine: out of memory\n"]
    assert [*log.end()] == ["engine: 1 lines of native output left out\n"]


def test_one_line_again_and_again_fills_no_log() -> None:
    lines = read(b"failed to parse grammar\n" * 100_000)
    assert len(lines) == 11
    assert lines[-1] == "engine: 99990 lines of native output left out\n"


def test_our_own_lines_pass_and_nobody_else_knows_their_mark() -> None:
    assert read(f"{MARK}Traceback:\n{MARK}TypeError\x1b\n".encode()) == [
        "Traceback:\n",
        "TypeError?\n",
    ]
    assert len(read(b"Traceback:\nTypeError\n")) == 1
    assert child_environment()[MARK_VARIABLE] == MARK


def test_an_uncaught_exception_of_a_child_reaches_the_log_and_its_prints_do_not() -> None:
    program = (
        "import sys\n"
        "from langchain_fbmessenger._internal.own_processes import report_without_words\n"
        "report_without_words()\n"
        f"print({SAID!r}, file=sys.stderr)\n"
        f"raise ValueError({SAID!r})\n"
    )
    written: list[str] = []
    with subprocess.Popen(  # noqa: S603  # this Python
        [sys.executable, "-c", program], stderr=subprocess.PIPE, env=child_environment()
    ) as child:
        assert child.stderr is not None
        copy_in_background(child.stderr, "training", written.append).join()
    assert written[0] == "Traceback:\n"
    assert written[-2:] == ["ValueError\n", "training: 1 lines of native output left out\n"]
    assert SAID not in "".join(written)


class Log:
    """A logger whose lines are kept, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        monkeypatch.setattr(logs.time, "monotonic", lambda: self.now)
        self._handler = logging.Handler()
        self._handler.addFilter(RateFilter())
        self._handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]

    def say(self, text: str, *args: Any, logger: str = "asyncio", times: int = 1) -> None:
        for _ in range(times):
            record = logging.LogRecord(logger, logging.ERROR, "", 1, text, args, None)
            self._handler.handle(record)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    return Log(monkeypatch)


def test_a_few_lines_are_all_written(log: Log) -> None:
    log.say("Something happened to %s.", "it", times=9)
    assert log.lines == ["Something happened to it."] * 9


def test_a_flood_is_cut_off_and_counted(log: Log) -> None:
    log.say("socket.accept() out of system resource\nsocket: %r", 7, times=100_000)
    assert len(log.lines) == 10
    assert "left out" in log.lines[-1]

    log.now = 3600.0
    log.say("socket.accept() out of system resource\nsocket: %r", 8)
    assert log.lines[10].splitlines()[:2] == ["socket.accept() out of system resource", "socket: 8"]
    assert "99990 more were left out" in log.lines[10]
    log.say("socket.accept() out of system resource\nsocket: %r", 8)
    assert "left out" not in log.lines[11]


def test_a_flood_hides_nothing_else(log: Log) -> None:
    log.say("Knock.", times=1000)
    log.say("Something else.")
    log.say("Knock.", logger="uvicorn.error")
    assert log.lines[10:] == ["Something else.", "Knock."]


def test_what_says_another_thing_each_time_is_limited_too(log: Log) -> None:
    for number in range(100_000):
        log.say(f"Exception in callback <function at {number:#x}>")
    assert len(log.lines) < 100


def test_the_server_s_own_set_up_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    loggers = {name: logging.getLogger(name) for name in LOGGING["loggers"]}
    before = {name: (one.handlers, one.level, one.propagate) for name, one in loggers.items()}
    try:
        logging.config.dictConfig(LOGGING)
        handler = loggers["asyncio"].handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sys.stderr)
        for _ in range(1000):
            loggers["asyncio"].error("socket.accept() out of system resource")
    finally:
        for name, (handlers, level, propagate) in before.items():
            loggers[name].handlers, loggers[name].propagate = handlers, propagate
            loggers[name].setLevel(level)
    assert len(capsys.readouterr().err) < 2000
