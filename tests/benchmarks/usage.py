"""What a process has used so far: CPU time and memory."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

__all__ = ["cpu_seconds", "peak"]

# Linux counts in KiB, macOS in bytes.
_UNIT = 2**20 if sys.platform == "darwin" else 2**10


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children, user and system."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak() -> float:
    """Return the process's largest resident size so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # what `resource` says of a new process on Linux is its parent's peak
        found = next(line for line in status.read_text().splitlines() if "VmHWM" in line)
        return int(found.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
