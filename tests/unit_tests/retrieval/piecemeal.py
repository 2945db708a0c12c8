"""A chat model whose answers come in small pieces, and that notes what it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.messages import BaseMessage


class PiecemealModel(BaseChatModel):
    """Says `says`, or without it what it was asked last."""

    says: str | None = None
    size: int = 3
    asked: list[Any] = Field(default_factory=list, repr=False)
    fails: bool = False

    @property
    def _llm_type(self) -> str:
        return "piecemeal"

    def _answer(self, messages: list[BaseMessage], options: dict[str, Any]) -> str:
        self.asked.append((messages, options))
        if self.fails:
            message = f"cannot answer {messages[-1].text}"
            raise RuntimeError(message)
        return str(messages[-1].text) if self.says is None else self.says

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **options: Any
    ) -> ChatResult:
        answer = self._answer(messages, {"stop": stop, **options})
        return ChatResult(generations=[ChatGeneration(message=AIMessage(answer))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **options: Any
    ) -> Iterator[ChatGenerationChunk]:
        answer = self._answer(messages, {"stop": stop, **options})
        for start in range(0, max(1, len(answer)), self.size):
            piece = answer[start : start + self.size]
            if run_manager is not None:
                run_manager.on_llm_new_token(piece)
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
