"""How large the benchmarks are: whole by default, a part of it where BENCHMARK_SCALE says so.

`make benchmark SCALE=0.001` shows in minutes that all of them run; its figures mean nothing.
"""

from __future__ import annotations

import os

__all__ = ["SCALE", "scaled"]

SCALE = float(os.environ.get("BENCHMARK_SCALE", "1"))


def scaled(number: int, *, least: int = 1) -> int:
    """Return a number of things to measure with, at the scale that was asked for."""
    return max(least, round(number * SCALE))
