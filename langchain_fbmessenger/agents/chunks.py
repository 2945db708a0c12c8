"""Restore a message that comes in chunks: a model's chunks in, chunks with real names out.

Texts are let go as soon as they are certain. What a tool is called with is JSON, in which a value
may have to be escaped, so it is held until it is whole.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk

from langchain_fbmessenger.agents.walk import AS_IT_IS, JSON_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms
    from langchain_fbmessenger.privacy.restoring import StreamRestorer

__all__ = ["ChunkRestorer", "EventRestorer", "as_chunk"]

_NAMES_OF_TOOLS = frozenset(["id", "name", "call_id", "tool_call_id"])


class _Item(NamedTuple):
    """A place in a list, of the block with an index; chunks are merged by it."""

    index: Any
    kind: Any


class ChunkRestorer:
    """Restores the chunks of one message.

    Args:
        call: The call that it answers.
    """

    def __init__(self, call: CallPseudonyms) -> None:
        self._call = call
        self._texts: dict[tuple[Any, ...], StreamRestorer] = {}
        self._held: dict[tuple[Any, ...], str] = {}
        self._is_list = False
        self._id: str | None = None

    def feed(self, message: BaseMessage) -> Iterator[AIMessageChunk]:
        """Give the chunks that a chunk makes certain; before the last one, all that was held."""
        chunk = as_chunk(message)
        self._id = chunk.id or self._id
        if chunk.chunk_position != "last":
            yield self._restored(chunk)
            return
        yield self._restored(chunk.model_copy(update={"chunk_position": None}))
        yield from self.finish()
        yield _emptied(chunk)

    def finish(self) -> Iterator[AIMessageChunk]:
        """Give a chunk of all that was held, if anything was; the message has ended."""
        rest: dict[str, Any] = {}
        for path, restorer in self._texts.items():
            if text := restorer.flush():
                _put(rest, path, text)
        for path, text in self._held.items():
            _put(rest, path, self._call.back.arguments(text))
        self._texts, self._held = {}, {}
        if rest:
            yield AIMessageChunk(
                content=rest.get("content", [] if self._is_list else ""),
                additional_kwargs=rest.get("additional_kwargs", {}),
                tool_call_chunks=[
                    tool_call_chunk(args=call["args"], index=call["index"])
                    for call in rest.get("tool_call_chunks", ())
                ],
                id=self._id,
            )

    def _restored(self, chunk: AIMessageChunk) -> AIMessageChunk:
        self._is_list = isinstance(chunk.content, list)
        content = self._value(chunk.content, ("content",), "")
        kwargs = self._value(chunk.additional_kwargs, ("additional_kwargs",), "")
        calls = self._value(chunk.tool_call_chunks, ("tool_call_chunks",), "")
        return _chunk_like(chunk, content, kwargs, calls, chunk.chunk_position)

    def _value(self, value: Any, path: tuple[Any, ...], key: str) -> Any:
        if key in AS_IT_IS or key in _NAMES_OF_TOOLS or value is None:
            return value
        if isinstance(value, str):
            return self._json(value, path) if key in JSON_KEYS else self._text(value, path)
        if isinstance(value, dict):
            if key in JSON_KEYS:
                return self._call.back.arguments(value)
            return {name: self._value(one, (*path, name), name) for name, one in value.items()}
        if isinstance(value, list):
            return [self._value(one, (*path, _item(one, n)), "") for n, one in enumerate(value)]
        return value

    def _text(self, text: str, path: tuple[Any, ...]) -> str:
        if path not in self._texts:
            self._texts[path] = self._call.stream()
        return self._texts[path].feed(text)

    def _json(self, text: str, path: tuple[Any, ...]) -> str:
        item = next((one for one in reversed(path) if isinstance(one, _Item)), None)
        if item is not None and item.index is None:  # nothing will be joined to it
            restored: str = self._call.back.arguments(text)
            return restored
        self._held[path] = self._held.get(path, "") + text
        return ""


class EventRestorer:
    """Restores the events of one message: what LangGraph's newer streams are made of.

    Args:
        call: The call that it answers.
    """

    def __init__(self, call: CallPseudonyms) -> None:
        self._call = call
        self._texts: dict[tuple[int, str], StreamRestorer] = {}

    def feed(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Give the events that an event makes certain."""
        kind = event.get("event")
        if kind == "content-block-delta":
            yield {**event, "delta": self._delta(event["delta"], event["index"])}
        elif kind == "content-block-start":
            yield {**event, "content": self._started(event["content"])}
        elif kind == "content-block-finish":
            index = event["index"]
            for key, restorer in self._texts.items():
                if key[0] == index and (rest := restorer.flush()):
                    delta = {"type": f"{key[1]}-delta", key[1]: rest}
                    yield {"event": "content-block-delta", "index": index, "delta": delta}
            yield {**event, "content": self._call.back.value(event["content"])}
        else:
            yield event

    def _delta(self, delta: dict[str, Any], index: int) -> dict[str, Any]:
        for key in ("text", "reasoning"):
            if delta.get("type") == f"{key}-delta":
                if (index, key) not in self._texts:
                    self._texts[index, key] = self._call.stream()
                return {**delta, key: self._texts[index, key].feed(delta[key])}
        if "args" in delta:  # whole when the block is finished
            return {**delta, "args": ""}
        if isinstance(fields := delta.get("fields"), dict) and "args" in fields:
            return {**delta, "fields": {**fields, "args": ""}}
        return delta

    def _started(self, block: dict[str, Any]) -> dict[str, Any]:
        return {**block, "args": ""} if isinstance(block.get("args"), str) else block


def as_chunk(message: BaseMessage) -> AIMessageChunk:
    """Return a message as a chunk: models that do not stream give it whole."""
    if isinstance(message, AIMessageChunk):
        return message
    fields = {"content", "additional_kwargs", "response_metadata", "name", "id"}
    given = {field: getattr(message, field) for field in fields}
    if isinstance(message, AIMessage):
        given["tool_calls"] = message.tool_calls
        given["invalid_tool_calls"] = message.invalid_tool_calls
        given["usage_metadata"] = message.usage_metadata
    return AIMessageChunk(**given)


def _chunk_like(
    chunk: AIMessageChunk, content: Any, kwargs: Any, calls: Any, position: Any
) -> AIMessageChunk:
    """Return a chunk with another content, and tool calls read from its pieces again."""
    return AIMessageChunk(
        content=content,
        additional_kwargs=kwargs,
        response_metadata=chunk.response_metadata,
        tool_call_chunks=calls,
        usage_metadata=chunk.usage_metadata,
        name=chunk.name,
        id=chunk.id,
        chunk_position=position,
    )


def _emptied(chunk: AIMessageChunk) -> AIMessageChunk:
    content: Any = [] if isinstance(chunk.content, list) else ""
    return AIMessageChunk(content=content, id=chunk.id, chunk_position="last")


def _item(value: Any, place: int) -> _Item:
    """Return how a block of a list is known in other chunks, or is not: then by no index."""
    if not isinstance(value, dict) or value.get("index") is None:
        return _Item(None, place)
    return _Item(value["index"], value.get("type"))


def _put(held: dict[str, Any], path: tuple[Any, ...], text: str) -> None:
    """Put a text where it belongs in what is about to be merged."""
    at: Any = held
    for step, after in pairwise([*path, None]):
        if isinstance(step, _Item) and after is None:  # a list of texts
            at.append(text)
        elif isinstance(step, _Item):
            block = next((one for one in at if _is_of(one, step)), None)
            if block is None:
                block = {} if step.index is None else {"index": step.index}
                block |= {"type": step.kind} if isinstance(step.kind, str) else {}
                at.append(block)
            at = block
        elif after is None:
            at[step] = text
        else:
            at = at.setdefault(step, [] if isinstance(after, _Item) else {})


def _is_of(block: dict[str, Any], item: _Item) -> bool:
    return block.get("index") == item.index and (
        item.index is None or block.get("type") == item.kind
    )
