"""Local server: what answers chats. One protocol, one module per engine behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class EngineError(Exception):
    """The engine refused a request, in words that its sender may read.

    Attributes:
        code: OpenAI's code for it, if it has one.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Engine(Protocol):
    """A loaded model."""

    def stream(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Answer a chat completion request with OpenAI's chunks, the last one holding the usage.

        Closing the generator stops the generation.

        Raises:
            EngineError: The request cannot be answered, for instance as it is too long.
        """
        ...

    async def count_tokens(self, messages: list[dict[str, Any]]) -> int:
        """Return how many tokens these messages are to the model, ready for its answer."""
        ...

    async def close(self) -> None:
        """Free the model's memory."""
        ...
