"""Local server, engine child: llama.cpp, through the package xllamacpp.

xllamacpp's versions are dates and its names move, so this is the only module that knows it.
Adapters are loaded with the base; each request says which of them it wants.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import xllamacpp

from langchain_fbmessenger.local.adapters import gguf_of
from langchain_fbmessenger.local.engines import EngineError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Start

_PARALLEL = 2
"""Chats answered at once; each has the full context length, so each costs its own cache."""
_WARNINGS = 1
"""llama.cpp's log level: from 4 on it writes prompts into the log."""
_HTTP_TIMEOUT = 60.0
_RANDOM_SEED = 2**32 - 1
"""What llama.cpp takes for "none given"; seeds are below it."""
_FEW_CORES = 4
"""Up to so many, one is left to others: llama.cpp's threads wait for each other by spinning, so one
busy process beside it costs far more than a core (two cores: 52 tokens/s against 18, idle 85 and
119)."""


class LlamaCpp:
    """A base with adapters, loaded by llama.cpp."""

    at_once = _PARALLEL

    def __init__(self, start: Start) -> None:
        self._key = secrets.token_urlsafe(32)
        self._numbers = {adapter.name: number for number, adapter in enumerate(start.adapters)}
        params = xllamacpp.CommonParams()
        params.model.path = str(start.base)
        params.n_ctx = start.context_length * _PARALLEL
        params.n_parallel = _PARALLEL
        # The cache of prompts beyond those of the two places knows no adapters: it answered one's
        # requests from another's keys and values. The places themselves do tell them apart.
        params.cache_ram_mib = 0
        # An answer of its own behind an assistant's turn, as the other engines and OpenAI give it.
        params.prefill_assistant = False
        params.verbosity = _WARNINGS
        if (n_cores := os.cpu_count() or 1) <= _FEW_CORES:
            params.cpuparams.n_threads = max(1, n_cores - 1)
        params.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(str(gguf_of(adapter.folder)), 1.0)
            for adapter in start.adapters
        ]
        # llama.cpp's own HTTP server cannot be turned off: on loopback, and with a key nobody has.
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [self._key]
        params.ui = False
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:  # its own exceptions are bare RuntimeErrors and worse
            msg = "llama.cpp could not load the model; the server's log says why."
            raise EngineError(msg, status=503) from error

    def chat(
        self,
        request: dict[str, Any],
        adapter: AdapterFolder | None,
        emit: Callable[[dict[str, Any]], None],
        stopped: threading.Event,
    ) -> None:
        """Let llama.cpp answer."""
        wanted = self._numbers[adapter.name] if adapter else None
        # All are named: one that is not would keep the scale that it was loaded with.
        body = {
            **request,
            "lora": [
                {"id": number, "scale": float(number == wanted)}
                for number in self._numbers.values()
            ],
            # Thinking was not trained, so it is not asked for.
            "chat_template_kwargs": {"enable_thinking": False},
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if "seed" in request:
            body["seed"] = request["seed"] % _RANDOM_SEED
            # What a cache spares is computed in other batches, which round otherwise.
            body["cache_prompt"] = False
        if request.get("logprobs"):
            body["top_logprobs"] = request.get("top_logprobs") or 1  # 0 would give none at all
        refusals: list[EngineError] = []

        def on_chunk(chunk: dict[str, Any]) -> bool:
            if "error" in chunk:
                refusals.append(_refusal(chunk["error"]))
            else:
                emit(_with_asked_logprobs(chunk, request.get("top_logprobs") or 0))
            return stopped.is_set()  # True ends the generation

        try:
            self._server.handle_chat_completions(body, on_chunk)
        except (ValueError, RuntimeError) as error:
            if "response_format" not in request:
                raise
            msg = "No grammar can be made of the JSON schema in 'response_format'."
            raise EngineError(msg, param="response_format") from error
        if refusals:
            raise refusals[0]

    def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> int:
        """Ask llama.cpp to apply its template and count, without generating."""
        body = {"messages": messages, "chat_template_kwargs": {"enable_thinking": False}}
        if tools:
            body["tools"] = tools
        return int(self._post("/v1/chat/completions/input_tokens", body)["input_tokens"])

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Ask llama.cpp for a text's tokens."""
        tokens = self._post("/tokenize", {"content": text, "add_special": with_special})["tokens"]
        return [int(token) for token in tokens]

    def forget(self, adapter: str) -> None:
        """Do nothing: the engine starts another child where an adapter is to go."""

    def close(self) -> None:
        """Do nothing: all that there is goes with this process."""

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Call the few functions that xllamacpp offers over HTTP only; no proxy is ever asked."""
        netloc = urlsplit(self._server.listening_address).netloc
        connection = http.client.HTTPConnection(netloc, timeout=_HTTP_TIMEOUT)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in answer:
            raise _refusal(answer["error"])
        return answer


def _with_asked_logprobs(chunk: dict[str, Any], top: int) -> dict[str, Any]:
    """Cut logprobs to the number that was asked for; beside OpenAI's fields tokens have an `id`."""
    for choice in chunk["choices"]:
        if choice.get("logprobs"):
            choice["logprobs"].setdefault("refusal", None)
        for entry in (choice.get("logprobs") or {}).get("content") or ():
            entry["top_logprobs"] = entry["top_logprobs"][:top]
    return chunk


def _refusal(error: dict[str, Any]) -> EngineError:
    is_too_long = error.get("type") == "exceed_context_size_error"
    code = "context_length_exceeded" if is_too_long else None
    status = error.get("code")
    return EngineError(
        str(error.get("message")),
        status=status if isinstance(status, int) else 400,
        param="messages" if is_too_long else None,
        code=code,
    )
