"""Local server: the chunks of a streamed chat completion → the completion as a whole.

Engines only stream, so that every generation can be stopped; a client that did not ask for a
stream gets the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEXTS = ("content", "reasoning_content", "refusal")


def merge_chunks(chunks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add up the chunks of one answer (OpenAI's `chat.completion.chunk`), of all its choices."""
    choices: dict[int, list[dict[str, Any]]] = {}
    usage = None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            choices.setdefault(choice["index"], []).append(choice)
    return {
        "id": chunks[0]["id"],
        "object": "chat.completion",
        "created": chunks[0]["created"],
        "model": chunks[0]["model"],
        "choices": [_merge_choice(index, choices[index]) for index in sorted(choices)],
        "usage": usage,
    }


def _merge_choice(index: int, parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    calls: dict[int, dict[str, Any]] = {}
    logprobs: list[Any] = []
    finish_reason = "stop"
    for part in parts:
        delta = part["delta"]
        for key in _TEXTS:
            if delta.get(key) is not None:
                message[key] = (message.get(key) or "") + delta[key]
        for call in delta.get("tool_calls") or ():
            _add_call(calls.setdefault(call["index"], _new_call()), call)
        logprobs += (part.get("logprobs") or {}).get("content") or []
        finish_reason = part.get("finish_reason") or finish_reason
    if calls:
        message["tool_calls"] = [calls[number] for number in sorted(calls)]
    elif message["content"] is None:
        message["content"] = ""
    return {
        "index": index,
        "message": message,
        "logprobs": {"content": logprobs, "refusal": None} if logprobs else None,
        "finish_reason": finish_reason,
    }


def _new_call() -> dict[str, Any]:
    return {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}


def _add_call(call: dict[str, Any], part: dict[str, Any]) -> None:
    """Ids and names come whole in the first part, arguments in pieces."""
    call["id"] = part.get("id") or call["id"]
    function = part.get("function") or {}
    call["function"]["name"] = function.get("name") or call["function"]["name"]
    call["function"]["arguments"] += function.get("arguments") or ""
