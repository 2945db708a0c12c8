"""Local server: what it logs, without words of requests, and not without end."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import Any

_WINDOW_SECONDS = 60.0
_MOST_PER_KIND = 10
_MOST_KINDS = 50
_Kind = tuple[str, str]
_ALL_ELSE: _Kind = ("", "")


class RateFilter(logging.Filter):
    """Lets ten lines of a kind pass in a minute; the next that passes says how many did not.

    A kind is what a logger says, but for the values in it: whoever knocks ten thousand times
    a second would fill the disk with one and the same line.
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


# An exception's own words may quote a request. asyncio tells of tasks that failed unseen.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "frames": {
            "()": "langchain_fbmessenger._internal.own_processes.FramesOnlyFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "filters": {"rate": {"()": "langchain_fbmessenger.local.process.server_log.RateFilter"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "frames", "filters": ["rate"]}
    },
    "loggers": {
        name: {"handlers": ["stderr"], "level": "WARNING", "propagate": False}
        for name in ("uvicorn", "asyncio", "concurrent", "langchain_fbmessenger.local")
    },
}
