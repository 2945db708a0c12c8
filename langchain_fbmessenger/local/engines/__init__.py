"""Answer chats: one engine per base model, which runs a backend in a process of its own.

    pool ─► engine ─► process ══ pipes ══ child ─► llama_cpp | hf_transformers | vllm

The model lives in a child process: its memory goes when the child does, and no crash in native code
reaches the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


GOODBYE_SECONDS = 5.0
"""Time for an engine to end by itself."""
STOP_SECONDS = 5.0
"""Time for it to leave a request whose client has gone; then it hangs, and is killed."""


class EngineError(Exception):
    """The engine refused a request or failed, in words that the request's sender may read.

    Attributes:
        status: The HTTP status: 400 where the request is to blame, 5xx where the engine is.
        param: The request's field that is to blame, if one is.
        code: OpenAI's code for it, if it has one.
    """

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code


class EngineEndedError(EngineError):
    """The engine ended, or was killed as it hung, before it had answered.

    Attributes:
        is_innocent: Whether the request may be asked of another one: it cannot have caused the end.
        has_answer: Whether a part of its answer had come.
    """

    def __init__(self, message: str, *, is_innocent: bool, has_answer: bool = False) -> None:
        super().__init__(message, status=500)
        self.is_innocent = is_innocent
        self.has_answer = has_answer


@dataclass(frozen=True)
class Adapter:
    """A LoRA that an engine puts on its base."""

    name: str
    """The id of the fine-tuned model."""
    folder: Path
    """See `adapters.save_adapter`."""
