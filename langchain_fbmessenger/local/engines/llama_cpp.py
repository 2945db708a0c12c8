"""Serve with llama.cpp, through the package xllamacpp.

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

from langchain_fbmessenger._internal.control_tokens import PRIVATE_USE, ControlTokens
from langchain_fbmessenger.local.engines import EngineError
from langchain_fbmessenger.local.engines.chunks import as_chat_chunk
from langchain_fbmessenger.local.models.adapters import gguf_of
from langchain_fbmessenger.local.models.chat_template import control_tokens
from langchain_fbmessenger.local.process.logs import known_parts

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Start

_PARALLEL = 2
"""Chats answered at once; each has the full context length, so each costs its own cache."""
_PROMPT_STEP = 256
"""Tokens of a prompt that are read at once: between steps it can be stopped, and shows that it is
alive. llama.cpp's own number is 2,048, of which it computes 512 at once."""
_WARNINGS = 1
"""llama.cpp's log level: from 4 on it writes prompts into the log."""
_HTTP_TIMEOUT = 60.0
_TEMPLATE = {"enable_thinking": False}
"""Thinking was not trained, so it is not asked for."""
_REFUSED = "The base model's chat template refuses these messages."
"""For any refusal: llama.cpp's own words quote the messages."""
_RANDOM_SEED = 2**32 - 1
"""What llama.cpp takes for "none given"; seeds are below it."""
_OF_CHATS = frozenset(
    {"messages", "chat_template_kwargs", "logprobs", "top_logprobs", "response_format"}
)
_FEW_CORES = 4
"""Up to so many, one is left to others: llama.cpp's threads wait for each other by spinning, so one
busy process beside it costs far more than a core (two cores: 52 tokens/s against 18, idle 85 and
119)."""


class LlamaCpp:
    """A base with adapters, loaded by llama.cpp."""

    at_once = _PARALLEL

    def __init__(self, start: Start) -> None:
        self._key = secrets.token_urlsafe(32)
        self._control_tokens = ControlTokens(control_tokens(start.base), first_stand_in=PRIVATE_USE)
        self._numbers = {adapter.name: number for number, adapter in enumerate(start.adapters)}
        params = xllamacpp.CommonParams()
        params.model.path = str(start.base)
        params.n_ctx = start.context_length * _PARALLEL
        params.n_parallel = _PARALLEL
        params.n_batch = params.n_ubatch = _PROMPT_STEP
        # The cache of prompts beyond the two slots ignores adapters: it answered requests to one
        # from another's keys and values. The slots themselves do distinguish them.
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
        # llama.cpp's own HTTP server cannot be turned off: it gets the loopback and a secret key.
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
        emit: Callable[[dict[str, Any] | None], None],
        stopped: threading.Event,
    ) -> None:
        """Let llama.cpp answer."""
        wanted = self._numbers[adapter.name] if adapter else None
        messages, prompt = self._without_forged(request["messages"], request.get("tools"))
        # All are listed: an adapter that is not would keep the scale that it was loaded with.
        body = {
            **request,
            "messages": messages,
            "lora": [
                {"id": number, "scale": float(number == wanted)}
                for number in self._numbers.values()
            ],
            "chat_template_kwargs": _TEMPLATE,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
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
            elif "prompt_progress" in chunk:
                emit(None)
            else:
                chunk = as_chat_chunk(chunk) if prompt else chunk
                emit(_with_asked_logprobs(chunk, request.get("top_logprobs") or 0))
            return stopped.is_set()  # True ends the generation

        try:
            if prompt:
                self._server.handle_completions(_completion(body, prompt), on_chunk)
            else:
                self._server.handle_chat_completions(body, on_chunk)
        except (TypeError, ValueError, RuntimeError):  # before the first token, of the request
            held = next((key for key in ("response_format", "tools") if key in request), None)
            msg = f"No grammar can be made of the JSON schema in '{held}'." if held else _REFUSED
            raise EngineError(msg, param=held or "messages") from None
        if stopped.is_set():
            # It may have begun another step, in which a grammar keeps it busy. This request goes
            # through the same loop: its answer means that the generation has ended.
            self._call("GET", "/lora-adapters", within=None)
        if refusals:
            raise refusals[0]

    def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> int:
        """Ask llama.cpp to apply its template and count, without generating."""
        messages, prompt = self._without_forged(messages, tools)
        if prompt:
            return len(prompt)
        body = _chat(messages, tools)
        return int(self._post("/v1/chat/completions/input_tokens", body)["input_tokens"])

    def _without_forged(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> tuple[list[dict[str, Any]], list[int]]:
        """Return a chat whose texts hold control tokens as a prompt's ids, any other as it is.

        llama.cpp reads the answer to tools only by what it makes of the chat itself, as one text:
        there, invisible characters break what would be control tokens.
        """
        if self._control_tokens.mark_messages(messages) == messages:
            return messages, []
        known = self._control_tokens.apart_from(json.dumps(messages, ensure_ascii=False))
        marked = known.mark_messages(messages)
        prompt = self._post("/apply-template", _chat(marked, tools))["prompt"]
        parts = known.parts(prompt)
        if len(parts) == 1:
            return messages, []
        if tools:
            return known.break_messages(messages), []
        return messages, self._encoded(parts, with_special=True)

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Ask llama.cpp for a text's tokens."""
        return self._encoded([text], with_special=with_special)

    def forget(self, adapter: str) -> None:
        """Do nothing: the engine starts another child where an adapter is to go."""

    def close(self) -> None:
        """Do nothing: the model's memory goes with this process."""

    def _encoded(self, parts: list[str], *, with_special: bool) -> list[int]:
        body = {"content": parts, "add_special": with_special}
        return [int(token) for token in self._post("/tokenize", body)["tokens"]]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._call("POST", path, json.dumps(body)))
        if "error" in answer:
            raise EngineError(_REFUSED, param="messages")
        return answer

    def _call(
        self, method: str, path: str, body: str | None = None, within: float | None = _HTTP_TIMEOUT
    ) -> bytes:
        """Call the few functions that xllamacpp offers over HTTP only, never through a proxy."""
        netloc = urlsplit(self._server.listening_address).netloc
        connection = http.client.HTTPConnection(netloc, timeout=within)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request(method, path, body, headers)
            return connection.getresponse().read()
        finally:
            connection.close()


def _chat(messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> dict[str, Any]:
    asked = {"tools": tools} if tools else {}
    return {"messages": messages, "chat_template_kwargs": _TEMPLATE, **asked}


def _completion(chat: dict[str, Any], prompt: list[int]) -> dict[str, Any]:
    """Return the request of a chat as one of a prompt's completion, by llama.cpp's names."""
    body = {key: value for key, value in chat.items() if key not in _OF_CHATS} | {"prompt": prompt}
    if chat.get("logprobs"):
        body["n_probs"] = chat["top_logprobs"]
    asked = chat.get("response_format", {"type": "text"})
    if asked["type"] == "json_schema":
        body["json_schema"] = asked["json_schema"]["schema"]
    elif asked["type"] == "json_object":
        body["json_schema"] = {"type": "object"}
    return body


def _with_asked_logprobs(chunk: dict[str, Any], top: int) -> dict[str, Any]:
    """Cut logprobs to the number that was asked for; beside OpenAI's fields tokens have an `id`."""
    for choice in chunk["choices"]:
        if choice.get("logprobs"):
            choice["logprobs"].setdefault("refusal", None)
        for entry in (choice.get("logprobs") or {}).get("content") or ():
            entry["top_logprobs"] = entry["top_logprobs"][:top]
    return chunk


def _refusal(error: dict[str, Any]) -> EngineError:
    """Say what llama.cpp says, without what it may quote."""
    is_too_long = error.get("type") == "exceed_context_size_error"
    status = error.get("code")
    known = known_parts(str(error.get("message")))
    return EngineError(
        f"llama.cpp cannot answer this: {known}." if known else "llama.cpp cannot answer this.",
        status=status if isinstance(status, int) else 400,
        param="messages" if is_too_long else None,
        code="context_length_exceeded" if is_too_long else None,
    )
