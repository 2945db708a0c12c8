"""The system prompt that a model was trained with, kept with its job.

A tuned model answers as trained only behind the system prompt that it was trained with. So the
prompt travels in the job's metadata, and whoever finds the job again can rebuild it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["SystemPromptSeen", "from_metadata", "to_metadata"]

_KEY = "system_prompt_"
# OpenAI: at most 16 pairs, values of at most 512 characters.
_MAX_VALUE = 512
_MAX_PAIRS = 12


class SystemPromptSeen:
    """Notes the system prompt of examples that pass."""

    def __init__(self) -> None:
        self._prompts: set[str | None] = set()

    def watch(self, examples: Iterable[TrainingExample]) -> Iterator[TrainingExample]:
        """Pass the examples on."""
        for example in examples:
            first = example["messages"][0]
            self._prompts.add(first["content"] if first["role"] == "system" else None)
            yield example

    def shared(self) -> str | None:
        """Return the system prompt that all examples had, None if they differ or had none."""
        return next(iter(self._prompts)) if len(self._prompts) == 1 else None


def to_metadata(system: str | None) -> dict[str, str]:
    """Return the job metadata that holds a system prompt; empty where it is too long for it."""
    if not system or len(system) > _MAX_VALUE * _MAX_PAIRS:
        return {}
    starts = range(0, len(system), _MAX_VALUE)
    return {f"{_KEY}{i:02}": system[s : s + _MAX_VALUE] for i, s in enumerate(starts)}


def from_metadata(metadata: Mapping[str, Any] | None) -> str | None:
    """Return the system prompt that a job's metadata holds, if any."""
    pieces = {k: v for k, v in (metadata or {}).items() if k.startswith(_KEY)}
    return "".join(str(pieces[key]) for key in sorted(pieces)) or None
