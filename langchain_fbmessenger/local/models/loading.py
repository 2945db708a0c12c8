"""Load models and tokenizers with transformers, from a folder on this machine and nowhere else.

Bases are fetched by `hub.py` alone, which notes their commit; here no name is ever looked up in the
hub, and no code or pickle of a model is run.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

_FROM_HERE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_CPU_INFO = Path("/proc/cpuinfo")
_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""The last is ARM's name for it."""
_BF16_GAIN = 1.5


def load_tokenizer(folder: Path, **options: Any) -> PreTrainedTokenizerBase:
    """Load a tokenizer."""
    return AutoTokenizer.from_pretrained(folder, **_FROM_HERE, **options)  # nosec B615  # a folder


def load_config(folder: Path, **options: Any) -> PretrainedConfig:
    """Load a model's configuration."""
    return AutoConfig.from_pretrained(folder, **_FROM_HERE, **options)  # nosec B615  # a folder


def load_model(folder: Path, **options: Any) -> Any:
    """Load a model; with `output_loading_info=True`, and what was lost on the way."""
    return AutoModelForCausalLM.from_pretrained(  # nosec B615  # a folder
        folder, **_FROM_HERE, **options
    )


def prefers_bf16() -> bool:
    """Say whether bfloat16 is the faster type here; on one machine, always the same.

    All GPUs that torch's check accepts have units for it. CPUs differ from three times as fast
    (AVX-512-BF16, AMX) to 150 times as slow (emulated).
    """
    import torch

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
    import torch
    from torch.nn import functional

    left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        functional.linear(left, right)
        best = min(best, time.perf_counter() - started)
    return best
