"""A chat model that streams, calls tools and records what it is sent: the host of the tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

__all__ = ["RecordingModel", "sent"]

Answer = AIMessage | Callable[[list[BaseMessage]], AIMessage]


class RecordingModel(BaseChatModel):
    """Answers in turn, in chunks of a few characters where it streams."""

    answers: list[Any]
    seen: list[list[BaseMessage]] = Field(default_factory=list)
    settings: list[dict[str, Any]] = Field(default_factory=list)
    size: int = 2
    model_name: str = "gpt-recording"

    @property
    def _llm_type(self) -> str:
        return "recording"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _next(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> AIMessage:
        answer = self.answers[len(self.seen) % len(self.answers)]
        self.seen.append(messages)
        self.settings.append(kwargs)
        made = answer(messages) if callable(answer) else answer
        return made.model_copy(update={"id": None}, deep=True)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        answer = self._next(messages, {**kwargs, "stop": stop} if stop else kwargs)
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        answer = self._next(messages, {**kwargs, "stop": stop} if stop else kwargs)
        for chunk in self._chunks(answer):
            yield ChatGenerationChunk(message=chunk)

    def _chunks(self, answer: AIMessage) -> Iterator[AIMessageChunk]:
        if isinstance(answer.content, str):
            for piece in self._pieces(answer.content):
                yield AIMessageChunk(content=piece)
        else:
            for index, block in enumerate(answer.content):
                for piece in self._pieces(block["text"]):
                    yield AIMessageChunk(content=[{"type": "text", "index": index, "text": piece}])
        for index, call in enumerate(answer.tool_calls):
            told: dict[str, Any] = {"name": call["name"], "id": call["id"], "args": ""}
            for args in ["", *self._pieces(json.dumps(call["args"]))]:
                piece = {**told, "args": args, "index": index, "type": "tool_call_chunk"}
                yield AIMessageChunk(content="", tool_call_chunks=[piece])
                told = {"name": None, "id": None}
        usage = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
        yield AIMessageChunk(content="", usage_metadata=usage)

    def _pieces(self, text: str) -> Iterator[str]:
        yield from (text[at : at + self.size] for at in range(0, len(text), self.size))


def sent(model: RecordingModel) -> str:
    """Return all that a model was sent, as one text."""
    return repr([model.seen, model.settings])
