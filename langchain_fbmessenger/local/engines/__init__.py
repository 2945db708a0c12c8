"""Local server: what answers chats. One protocol, one process per base model, one backend each.

    pool ─► engine ─► process ══ pipes ══ child ─► llama_cpp | hf_transformers | vllm

The model lives in a child process: its memory goes when the child does, and no crash in native code
reaches the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


GOODBYE_SECONDS = 5.0
"""What an engine is given to end by itself."""
STOP_SECONDS = 5.0
"""What it is given to leave a request that nobody waits for; then it is killed, as it hangs."""


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
        is_innocent: Whether the request may be asked of another one: the end cannot have been its
            doing.
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


class Engine(Protocol):
    """A base model, ready to answer with any of its adapters."""

    @property
    def parameters(self) -> frozenset[str]:
        """The fields of a chat completion request that it acts upon."""
        ...

    def stream(
        self, request: dict[str, Any], adapter: Adapter | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Answer a chat completion request with OpenAI's chunks, the last one holding the usage.

        The request holds only what `parameters` names. Closing the generator stops the generation.

        Raises:
            EngineError: The request cannot be answered, for instance as it is too long.
        """
        ...

    async def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> int:
        """Return how many tokens these messages are to the model, ready for its answer.

        Raises:
            EngineError: The messages cannot be rendered, or the engine failed.
        """
        ...

    async def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Return the ids of a text's tokens, without a chat template around it.

        Raises:
            EngineError: The engine failed.
        """
        ...

    def forget(self, adapter: str) -> None:
        """Drop an adapter by name, at once if nobody is answered, else when nobody is any more."""
        ...

    async def close(self, within: float = GOODBYE_SECONDS) -> None:
        """Free the model's memory, by force if that takes longer than so many seconds."""
        ...
