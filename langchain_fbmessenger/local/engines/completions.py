"""Local server, engine child: chunks of a prompt's completion → chunks of a chat's."""

from __future__ import annotations

from typing import Any


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
