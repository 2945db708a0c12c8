"""Local server: how many files it may have open, and how many clients it therefore takes."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass

_WANTED = 8192
_KEPT_FREE = 64
"""For the database, logs, children's pipes and what is opened for a moment."""
_MOST_CONNECTIONS = 2048
_FEWEST = 8


@dataclass(frozen=True)
class Capacity:
    """What the server takes on at once.

    Attributes:
        connections: Open connections. Those that wait for a request make room for new ones.
        requests: Requests of clients that know the key. Fewer, so that some connections always
            can make room, and each may open a file or two.
    """

    connections: int
    requests: int


def capacity_of(open_files: int) -> Capacity:
    """Return what fits a limit of open files."""
    connections = min(max((open_files - _KEPT_FREE) // 2, _FEWEST), _MOST_CONNECTIONS)
    return Capacity(connections, connections // 2)


def raise_limit() -> int:
    """Let this process open as many files as it may and could need; return how many that are."""
    if sys.platform == "win32":
        return _WANTED
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _WANTED if soft == resource.RLIM_INFINITY else soft
    with suppress(ValueError, OSError):  # macOS has a limit below its own "no limit"
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
