"""Work on the chunks of an answer: end it at stop strings, rewrite and add up its chunks.

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
    """Add a part of a call: id and name come whole in the first one, arguments in pieces."""
    call["id"] = part.get("id") or call["id"]
    function = part.get("function") or {}
    call["function"]["name"] = function.get("name") or call["function"]["name"]
    call["function"]["arguments"] += function.get("arguments") or ""


def as_chat_chunk(chunk: dict[str, Any]) -> dict[str, Any]:
    """Return the chunk as `/v1/chat/completions` would give it."""
    return chunk | {
        "choices": [
            {
                "index": choice["index"],
                "delta": {"content": choice["text"]} if choice["text"] else {},
                "logprobs": _of_chat(choice.get("logprobs")),
                "finish_reason": choice["finish_reason"],
            }
            for choice in chunk["choices"]
        ]
    }


def _of_chat(logprobs: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return OpenAI's older form of logprobs, as vLLM has it, in the newer one; llama.cpp's is."""
    if not logprobs or "content" in logprobs:
        return logprobs
    tokens, scores, tops = (logprobs[k] for k in ("tokens", "token_logprobs", "top_logprobs"))
    return {
        "content": [
            {
                **_entry(token, score),
                "top_logprobs": [_entry(*pair) for pair in (top or {}).items()],
            }
            for token, score, top in zip(tokens, scores, tops or [{}] * len(tokens), strict=True)
        ],
        "refusal": None,
    }


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


class StopStrings:
    """Holds back what may yet become a stop string, and ends the text before the first one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.is_met = False

    def add(self, text: str) -> str:
        """Take the next piece of the answer and return what can be shown by now."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.is_met = True
            return self._release(min(found))
        return self._release(len(self._held) - max(map(self._begun, self._stops), default=0))

    def end(self) -> str:
        """Return what was held back: the answer has ended, and it was not a stop string."""
        return "" if self.is_met else self._release(len(self._held))

    def _begun(self, stop: str) -> int:
        """Return how many characters at the end of the text may be the start of a stop string."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)

    def _release(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown
