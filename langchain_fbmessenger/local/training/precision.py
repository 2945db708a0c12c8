"""Local server, its children: the floating point type that this machine computes fastest in."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch.nn import functional

_CPU_INFO = Path("/proc/cpuinfo")
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""The last is ARM's name for it."""
_BF16_GAIN = 1.5


def prefers_bf16() -> bool:
    """Whether bfloat16 is the faster type here; the answer is the same each time on one machine.

    All GPUs that torch's check accepts have units for it. CPUs differ from three times as fast
    (AVX-512-BF16, AMX) to 150 times as slow (emulated).
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    if torch.backends.mps.is_available():
        return False
    try:
        return not _BF16_FLAGS.isdisjoint(_CPU_INFO.read_text().split())
    except OSError:  # not Linux, and no public call tells: it is timed
        return _matmul_seconds(torch.float32) > _BF16_GAIN * _matmul_seconds(torch.bfloat16)


def _matmul_seconds(dtype: torch.dtype) -> float:
    """Return the best time of a few products of the size that training consists of."""
    left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        functional.linear(left, right)
        best = min(best, time.perf_counter() - started)
    return best
