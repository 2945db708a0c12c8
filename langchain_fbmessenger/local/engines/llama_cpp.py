"""Local server: llama.cpp, in this process, through the package xllamacpp.

xllamacpp's versions are dates and its names move, so this is the only module that knows it. A base
GGUF and a LoRA GGUF are joined when the model is loaded. Generation runs in a thread of its own
per request; its callback hands each chunk to the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import secrets
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import xllamacpp

from langchain_fbmessenger.local.engines import EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

_PARALLEL = 2
"""Chats answered at once; each has the full context length, so each costs its own cache."""
_PROMPT_CACHE_MIB = 256
_WARNINGS = 1
"""llama.cpp's log level: from 4 on it writes prompts into the log."""
_HTTP_TIMEOUT = 60.0
_FEW_CORES = 4
"""Up to so many, one is left to others: llama.cpp's threads wait for each other by spinning, so one
busy process beside it costs far more than a core (two cores: 52 tokens/s against 18, idle 85 and
119)."""
_END = object()


async def load(model_id: str, base: Path, adapter: Path | None, context_length: int) -> LlamaCpp:
    """Load a base model, with an adapter if given; takes about a second for 135M weights.

    Raises:
        EngineError: llama.cpp cannot load the files.
    """
    return await asyncio.to_thread(LlamaCpp, model_id, base, adapter, context_length)


class LlamaCpp:
    """A model loaded by llama.cpp."""

    def __init__(
        self, model_id: str, base: Path, adapter: Path | None, context_length: int
    ) -> None:
        self._key = secrets.token_urlsafe(32)
        params = xllamacpp.CommonParams()
        params.model.path = str(base)
        params.model_alias = {model_id}
        params.n_ctx = context_length * _PARALLEL
        params.n_parallel = _PARALLEL
        params.cache_ram_mib = _PROMPT_CACHE_MIB
        params.verbosity = _WARNINGS
        if (n_cores := os.cpu_count() or 1) <= _FEW_CORES:
            params.cpuparams.n_threads = max(1, n_cores - 1)
        if adapter is not None:
            params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
        # llama.cpp's own HTTP server cannot be turned off: on loopback, and with a key nobody has.
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [self._key]
        params.ui = False
        try:
            self._server = xllamacpp.Server(params)
        except Exception as error:  # its own exceptions are bare RuntimeErrors and worse
            msg = f"llama.cpp could not load the model {model_id}"
            raise EngineError(msg) from error

    async def stream(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the answer's chunks as they are generated."""
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[Any] = asyncio.Queue()
        stopped = threading.Event()
        body = {**request, "stream": True, "stream_options": {"include_usage": True}}

        def put(item: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: the server ends
                loop.call_soon_threadsafe(chunks.put_nowait, item)

        def on_chunk(chunk: dict[str, Any]) -> bool:
            put(chunk)
            return stopped.is_set()  # True ends the generation

        def generate() -> None:
            last: Any = _END
            try:
                self._server.handle_chat_completions(body, on_chunk)
            except Exception as error:  # noqa: BLE001  # whatever it is, the request must end
                last = error
            put(last)

        # A daemon of its own: a long answer must not hold a place in asyncio's small pool, nor
        # keep the server from ending.
        threading.Thread(target=generate, name="llama.cpp", daemon=True).start()
        try:
            while (chunk := await chunks.get()) is not _END:
                if isinstance(chunk, Exception):
                    raise EngineError(str(chunk)) from chunk
                if "error" in chunk:
                    raise _refusal(chunk["error"])
                yield chunk
        finally:
            stopped.set()

    async def count_tokens(self, messages: list[dict[str, Any]]) -> int:
        """Ask llama.cpp to apply its template and count, without generating."""
        return await asyncio.to_thread(self._count_tokens, messages)

    async def close(self) -> None:
        """Drop the model; llama.cpp frees it when its last reference goes."""
        await asyncio.to_thread(self._free)

    def _free(self) -> None:
        del self._server  # its destructor waits for llama.cpp's threads

    def _count_tokens(self, messages: list[dict[str, Any]]) -> int:
        answer = self._post("/v1/chat/completions/input_tokens", {"messages": messages})
        return int(answer["input_tokens"])

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


def _refusal(error: dict[str, Any]) -> EngineError:
    is_too_long = error.get("type") == "exceed_context_size_error"
    return EngineError(
        str(error.get("message")), code="context_length_exceeded" if is_too_long else None
    )
