"""Read a base model's chat template and control tokens from its files, without loading it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.control_tokens import ControlTokens, is_control
from langchain_fbmessenger.local.models.gguf_header import read_header, read_vocabulary
from langchain_fbmessenger.local.models.inspection import marker
from langchain_fbmessenger.local.process.regular_files import read_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.models.bases import BaseModelInfo

_TOOLS = frozenset({"tools", "tool_choice", "parallel_tool_calls"})
_SPECIAL = frozenset({2, 3})
"""gguf's numbers for the unknown token and for control tokens."""


def unsupported_fields(base: BaseModelInfo, asked: Collection[str]) -> frozenset[str]:
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


def control_tokens(base: Path) -> list[str]:
    """Return the control tokens of a GGUF file, or of a folder with a tokenizer's files."""
    found, template = _of_folder(base) if base.is_dir() else _of_gguf(base)
    return [token for token, special in found if is_control(token, template, is_special=special)]


def parts_of_text(base: Path, text: str) -> list[str]:
    """Cut a user's text into parts in which no tokenizer finds control tokens."""
    try:
        known = _known(base, marker(base).stat().st_mtime_ns)
    except (OSError, ValueError):
        return [text]  # no base that could be loaded
    return known.parts(known.mark(text))


@lru_cache(maxsize=8)
def _known(base: Path, modified: int) -> ControlTokens:
    del modified  # part of the key: the file may be another one tomorrow
    return ControlTokens(control_tokens(base))


def _of_gguf(path: Path) -> tuple[Iterable[tuple[str, bool]], str]:
    template = str(read_header(path).metadata.get("tokenizer.chat_template", ""))
    # Ordinary entries, too: llama.cpp makes control tokens of those whose names it knows.
    return ((token, kind in _SPECIAL) for token, kind in read_vocabulary(path)), template


def _of_folder(folder: Path) -> tuple[Iterable[tuple[str, bool]], str]:
    whole, settings = _json(folder / "tokenizer.json"), _json(folder / "tokenizer_config.json")
    file = folder / "chat_template.jinja"
    # Of a regular file, as `inspection` has seen to.
    template = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    template += str(settings.get("chat_template") or "")
    return [
        *_added(whole.get("added_tokens")),
        *_added(settings.get("added_tokens_decoder")),
    ], template


def _added(entries: Any) -> Iterator[tuple[str, bool]]:
    listed = entries.values() if isinstance(entries, dict) else entries
    for entry in listed if isinstance(listed, list) else list(listed or ()):
        if isinstance(entry, dict) and isinstance(entry.get("content"), str):
            yield entry["content"], bool(entry.get("special"))


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}
