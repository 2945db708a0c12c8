"""What is logged again and again is written a few times, and counted."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any

import pytest

from langchain_fbmessenger.local.process import server_log
from langchain_fbmessenger.local.process.server_log import LOGGING, RateFilter


class Log:
    """A logger whose lines are kept, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        monkeypatch.setattr(server_log.time, "monotonic", lambda: self.now)
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
