"""Local server: what a base model's chat template cannot write."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.models.gguf_header import read_header

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from langchain_fbmessenger.local.models.bases import BaseModel

_TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls"})


def unsupported_fields(base: BaseModel, asked: Collection[str]) -> frozenset[str]:
    """Return which of the fields asked for would be without effect.

    A template that never names `tools` does not show them to the model, and llama.cpp then holds
    no answer to them either, not even where a call is required.
    """
    tools = _TOOLS.intersection(asked)
    if not tools or base.path.suffix != ".gguf":
        return frozenset()
    return frozenset() if _names_tools(base.path, base.path.stat().st_mtime_ns) else tools


@lru_cache(maxsize=32)
def _names_tools(gguf: Path, modified: int) -> bool:
    del modified  # part of the key: the file may be another one tomorrow
    return "tools" in str(read_header(gguf).metadata.get("tokenizer.chat_template", ""))
