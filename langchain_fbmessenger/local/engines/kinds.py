"""List the kinds of engines, what each can do, and which one a base model gets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_fbmessenger.local.models.bases import BaseModelInfo

_EVERY = frozenset(
    {
        "messages", "temperature", "top_p", "max_tokens", "stop", "seed", "presence_penalty",
        "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
        "top_k", "min_p", "repeat_penalty",  # not OpenAI's: by `extra_body`
    }
)  # fmt: skip


@dataclass(frozen=True)
class EngineKind:
    """What the server needs to know of a backend without importing it."""

    name: str
    parameters: frozenset[str]
    """The fields of a chat completion request that it acts upon."""
    takes_adapters_later: bool = True
    """Whether an adapter can be loaded onto a base that is in use."""
    longest_silence: float = 600.0
    """Seconds that a request may take without a sign of life; then the engine is taken to hang.

    Where a long prompt is read in one go, that may take minutes on a slow machine."""


LLAMA_CPP = EngineKind(
    "llama.cpp",
    _EVERY | {"response_format", "tools", "tool_choice", "parallel_tool_calls"},
    takes_adapters_later=False,
    longest_silence=120.0,  # it reports each 256 tokens of a prompt: no model is that slow
)
TRANSFORMERS = EngineKind("transformers", _EVERY)
VLLM = EngineKind("vllm", _EVERY | {"response_format"})


def kind_for(base: BaseModelInfo) -> EngineKind:
    """Choose what serves a base: llama.cpp for what it can, vLLM where there is one, else torch."""
    if base.engine == "llama.cpp":
        return LLAMA_CPP
    if base.path.suffix == ".gguf":
        return TRANSFORMERS
    return VLLM if vllm_command() and _has_nvidia_gpu() else TRANSFORMERS


def vllm_command() -> str | None:
    """Return vLLM's program, if it is on the PATH or installed beside this package."""
    return shutil.which("vllm") or shutil.which("vllm", path=str(Path(sys.executable).parent))


@cache
def _has_nvidia_gpu() -> bool:
    """Ask the driver's own tool: torch must not be loaded for it."""
    if (program := shutil.which("nvidia-smi")) is None:
        return False
    try:
        listed = subprocess.run(  # noqa: S603  # the driver's own program
            [program, "--list-gpus"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and listed.stdout.startswith(b"GPU")
