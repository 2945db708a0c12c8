"""Serve with vLLM, a program of its own that is reached on the loopback interface.

It is used where it is installed and an NVIDIA GPU is there. This process starts it, hands requests
on and ends it; its answers have OpenAI's form already.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.control_tokens import ControlTokens
from langchain_fbmessenger.local.engines import EngineError
from langchain_fbmessenger.local.engines.chunks import as_chat_chunk
from langchain_fbmessenger.local.engines.kinds import vllm_command
from langchain_fbmessenger.local.models.chat_template import control_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Start
    from langchain_fbmessenger.local.training.tokenizer import HubTokenizer

_LOAD_SECONDS = 1200.0
_POLL_SECONDS = 0.5
_TIMEOUT = 600.0
"""Seconds without a token after which a request is given up."""
_MAX_RANK = 256
"""vLLM reserves room for it beforehand, before it is known which adapters will be asked for."""
_MEMORY_SHARE = 0.6
"""Of the GPU; vLLM's default of 0.92 would leave none to a training job."""
_MAX_SEED = 2**63
_BASE = "base"
_OF_CHATS = frozenset({"messages", "chat_template_kwargs", "logprobs", "top_logprobs"})
_ENVIRONMENT = {
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True",
    "VLLM_LOGGING_LEVEL": "WARNING",  # below it, paths are logged
}


class Vllm:
    """A running `vllm serve`."""

    at_once = 16

    def __init__(self, start: Start) -> None:
        program = vllm_command()
        if program is None:
            msg = "vLLM is not installed."
            raise EngineError(msg, status=503)
        self._folder = start.base
        self._control_tokens = ControlTokens(control_tokens(start.base))
        self._tokenizing = threading.Lock()  # a tokenizer is not thread-safe
        self._key = secrets.token_urlsafe(32)
        self._port = _free_port()
        self._loaded: set[str] = set()
        self._loading = threading.Lock()
        self._is_closing = False
        self._process = subprocess.Popen(  # noqa: S603  # the user's own vLLM
            [program, "serve", *_arguments(start, self._port)],
            stdin=subprocess.DEVNULL,
            # By the environment: every user of the machine can read arguments.
            env={**os.environ, **_ENVIRONMENT, "VLLM_API_KEY": self._key},
            start_new_session=True,  # so that its own children can be ended with it
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # no other thread runs yet
        )
        try:
            self._wait_till_ready()
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._end_together, daemon=True).start()

    def chat(
        self,
        request: dict[str, Any],
        adapter: AdapterFolder | None,
        emit: Callable[[dict[str, Any] | None], None],
        stopped: threading.Event,
    ) -> None:
        """Hand the request to vLLM and its chunks back."""
        if adapter is not None:
            self._load(adapter)
        body = {
            **request,
            "model": adapter.name if adapter else _BASE,
            # Thinking was not trained, so it is not asked for.
            "chat_template_kwargs": {"enable_thinking": False},
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if "seed" in body:
            body["seed"] %= _MAX_SEED
        if "repeat_penalty" in body:
            body["repetition_penalty"] = body.pop("repeat_penalty")
        path = "/v1/chat/completions"
        if prompt := self._without_forged(request["messages"]):
            path, body = "/v1/completions", _completion(body, prompt)
        try:
            with self._asked("POST", path, body, stopped) as response:
                for chunk in _events(response):
                    if "error" in chunk:
                        raise _refusal(500, chunk)
                    emit(as_chat_chunk(chunk) if prompt else chunk)
        except EngineError:
            if not stopped.is_set():  # else the connection was shut down
                raise
        finally:
            stopped.set()  # for the thread that waits for it

    def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> int:
        """Ask vLLM to apply the template and count."""
        del tools  # refused by the server: vLLM is not started with them
        if prompt := self._without_forged(messages):
            return len(prompt)
        kwargs = {"enable_thinking": False}
        body = {"model": _BASE, "messages": messages, "chat_template_kwargs": kwargs}
        with self._asked("POST", "/tokenize", body) as response:
            return int(json.load(response)["count"])

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Ask vLLM for a text's tokens."""
        body = {"model": _BASE, "prompt": text, "add_special_tokens": with_special}
        with self._asked("POST", "/tokenize", body) as response:
            return [int(token) for token in json.load(response)["tokens"]]

    def forget(self, adapter: str) -> None:
        """Have vLLM free an adapter."""
        with self._loading:
            if adapter in self._loaded:
                self._loaded.remove(adapter)
                self._call("/v1/unload_lora_adapter", {"lora_name": adapter})

    def close(self) -> None:
        """End vLLM with all its processes; there is nothing that it would have to save."""
        self._is_closing = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @cached_property
    def _tokenizer(self) -> HubTokenizer:
        # Here and not above: the import takes seconds, and few chats need it.
        from langchain_fbmessenger.local.training.tokenizer import HubTokenizer

        return HubTokenizer(self._folder, base=self._folder)

    def _without_forged(self, messages: list[dict[str, Any]]) -> list[int]:
        """Return the ids of a chat whose texts hold control tokens; vLLM would read them as such.

        None are returned for any other chat.
        """
        if self._control_tokens.mark_messages(messages) == messages:
            return []
        with self._tokenizing:
            try:
                text = self._tokenizer.render(messages, answer_next=True)
            except Exception:  # noqa: BLE001  # a template is a program, and fails as one
                msg = "The base model's chat template refuses these messages."
                raise EngineError(msg, param="messages") from None
            return self._tokenizer.encode(text, is_start=True)

    def _load(self, adapter: AdapterFolder) -> None:
        with self._loading:
            if adapter.name in self._loaded:
                return
            body = {"lora_name": adapter.name, "lora_path": str(adapter.folder)}
            try:
                self._call("/v1/load_lora_adapter", body)
            except EngineError as error:
                msg = f"vLLM cannot load the adapter of {adapter.name}."
                raise EngineError(msg, status=500, param="model") from error
            self._loaded.add(adapter.name)

    def _call(self, path: str, body: dict[str, Any]) -> None:
        with self._asked("POST", path, body) as response:
            response.read()

    @contextlib.contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        stopped: threading.Event | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request, never through a proxy.

        Once `stopped` is set, the connection is shut down, which ends the request at vLLM too: its
        turn may come late there, so the next chunk is not awaited.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            if stopped is not None:
                threading.Thread(
                    target=_shut_down_when, args=(stopped, connection.sock), daemon=True
                ).start()
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise _refusal(response.status, json.load(response))
            yield response
        except (OSError, http.client.HTTPException, ValueError) as error:
            msg = f"vLLM does not answer ({type(error).__name__})."
            raise EngineError(msg, status=500) from error
        finally:
            connection.close()

    def _wait_till_ready(self) -> None:
        deadline = time.monotonic() + _LOAD_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                msg = "vLLM could not load the model; the server's log says why."
                raise EngineError(msg, status=503)
            with contextlib.suppress(EngineError), self._asked("GET", "/health"):
                return
            time.sleep(_POLL_SECONDS)
        msg = f"vLLM was not ready after {_LOAD_SECONDS:.0f} seconds."
        raise EngineError(msg, status=503)

    def _end_together(self) -> None:
        """End this process when vLLM has died, so that the server starts both again."""
        self._process.wait()
        if not self._is_closing:
            os._exit(1)


def _completion(chat: dict[str, Any], prompt: list[int]) -> dict[str, Any]:
    """Return the request of a chat as one of a prompt's completion, by OpenAI's older names."""
    body = {key: value for key, value in chat.items() if key not in _OF_CHATS} | {"prompt": prompt}
    if chat.get("logprobs"):
        body["logprobs"] = chat.get("top_logprobs") or 0
    return body


def _shut_down_when(stopped: threading.Event, connection: socket.socket) -> None:
    stopped.wait()
    with contextlib.suppress(OSError):  # it is closed: the request is over
        connection.shutdown(socket.SHUT_RDWR)


def _arguments(start: Start, port: int) -> list[str]:
    return [
        str(start.base),
        "--served-model-name", _BASE,
        "--host", "127.0.0.1",
        "--port", str(port),
        "--max-model-len", str(start.context_length),
        "--gpu-memory-utilization", str(_MEMORY_SHARE),
        "--uvicorn-log-level", "warning",
        "--generation-config", "vllm",  # what is not asked for is not set by the model's files
        "--enable-lora",
        "--max-lora-rank", str(_MAX_RANK),
    ]  # fmt: skip


def _events(response: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Read server-sent events up to `[DONE]`."""
    for line in response:
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        yield json.loads(data)
    msg = "vLLM ended during an answer; the next request starts it again."
    raise EngineError(msg, status=500)


def _refusal(status: int, body: Any) -> EngineError:
    error = body.get("error", {}) if isinstance(body, dict) else {}
    message = str(error.get("message", f"vLLM answered with status {status}."))
    is_too_long = "context length" in message
    return EngineError(
        message,
        status=status,
        param="messages" if is_too_long else error.get("param"),
        code="context_length_exceeded" if is_too_long else None,
    )


def _free_port() -> int:
    """Find a port; another program could take it before vLLM does, which then cannot start."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _end_with_parent() -> None:
    """Have Linux end vLLM when this process is killed and cannot do it."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)
