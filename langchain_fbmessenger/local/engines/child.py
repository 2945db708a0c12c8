"""Run a backend in a child process: `python -m langchain_fbmessenger.local.engines.child`.

Loads what the first line of its standard input asks for, answers the requests on the following
lines, each with lines on its standard output, and ends itself when its standard input closes: then
the server is gone. Nothing of a chat is ever logged.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from langchain_fbmessenger._internal.own_processes import report_without_words
from langchain_fbmessenger.local.engines import EngineError, protocol
from langchain_fbmessenger.local.engines.protocol import (
    Chat,
    Chunk,
    Count,
    Counted,
    Done,
    Encode,
    Encoded,
    Failed,
    Forget,
    Ready,
    Start,
    Stop,
    Working,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Answer

_FIRST_TO_KILL = "500"


class Backend(Protocol):
    """A loaded model as its library has it; its methods block."""

    at_once: int
    """How many chats it answers at a time; others wait for their turn."""

    def chat(
        self,
        request: dict[str, Any],
        adapter: AdapterFolder | None,
        emit: Callable[[dict[str, Any] | None], None],
        stopped: threading.Event,
    ) -> None:
        """Emit the chunks of an answer until it ends or `stopped` is set.

        None says that work goes on, though there is no chunk yet.

        Raises:
            EngineError: The request cannot be answered.
        """
        ...

    def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> int:
        """Count the tokens of a chat that is to be answered."""
        ...

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Cut a text into tokens."""
        ...

    def forget(self, adapter: str) -> None:
        """Free what is kept of an adapter, if anything is."""
        ...

    def close(self) -> None:
        """End what would outlive this process."""
        ...


def main() -> None:
    """Serve until standard input closes."""
    _die_before_the_server()
    report_without_words()
    tell = _teller()
    lines = sys.stdin.buffer
    start = protocol.decode_request(lines.readline())
    assert isinstance(start, Start)  # noqa: S101  # the server's own first line
    try:
        backend = _load(start)
    except Exception as error:  # noqa: BLE001  # the server has to know of any failure
        tell(_failed(0, error, status=503))
        return
    tell(Ready())
    try:
        _Serving(backend, tell).run(lines)
    finally:
        backend.close()
        os._exit(0)  # no client is left for the generations under way


def _load(start: Start) -> Backend:
    # Here and not above: each of them imports its own large library.
    if start.engine == "llama.cpp":
        from langchain_fbmessenger.local.engines.llama_cpp import LlamaCpp

        return LlamaCpp(start)
    if start.engine == "vllm":
        from langchain_fbmessenger.local.engines.vllm import Vllm

        return Vllm(start)
    from langchain_fbmessenger.local.engines.hf_transformers import Transformers

    return Transformers(start)


@dataclass
class _Asked:
    """A request that waits for its turn or is worked on."""

    stopped: threading.Event = field(default_factory=threading.Event)
    turn: Future[None] | None = None


class _Serving:
    """The requests under way."""

    def __init__(self, backend: Backend, tell: Callable[[Answer], None]) -> None:
        self._backend = backend
        self._tell = tell
        self._chats = ThreadPoolExecutor(backend.at_once)  # first come, first served
        self._counts = ThreadPoolExecutor(1)  # a count does not wait for long answers
        self._asked: dict[int, _Asked] = {}

    def run(self, lines: BinaryIO) -> None:
        """Take requests until the server closes the pipe."""
        for line in lines:
            request = protocol.decode_request(line)
            if isinstance(request, Chat):
                self._submit(self._chats, request)
            elif isinstance(request, Count | Encode):
                self._submit(self._counts, request)
            elif isinstance(request, Stop) and (asked := self._asked.get(request.id)):
                asked.stopped.set()
                if asked.turn is not None and asked.turn.cancel():  # it had not had its turn
                    del self._asked[request.id]
                    self._tell(Done(request.id))
            elif isinstance(request, Forget):
                self._chats.submit(self._backend.forget, request.name)

    def _submit(self, turns: ThreadPoolExecutor, request: Chat | Count | Encode) -> None:
        self._asked[request.id] = asked = _Asked()
        asked.turn = turns.submit(self._take_turn, request, asked.stopped)

    def _take_turn(self, request: Chat | Count | Encode, stopped: threading.Event) -> None:
        self._tell(Working(request.id))
        try:
            self._tell(self._answer(request, stopped))
        except Exception as error:  # noqa: BLE001  # any failure has to end the request
            self._tell(_failed(request.id, error))
        finally:
            del self._asked[request.id]

    def _answer(self, request: Chat | Count | Encode, stopped: threading.Event) -> Answer:
        """Answer a request and return what ends it."""
        number, backend = request.id, self._backend
        if isinstance(request, Encode):
            return Encoded(number, backend.encode(request.text, with_special=request.with_special))
        if isinstance(request, Count):
            return Counted(number, backend.count_tokens(request.messages, request.tools))

        def emit(chunk: dict[str, Any] | None) -> None:
            self._tell(Working(number) if chunk is None else Chunk(number, chunk))

        backend.chat(request.request, request.adapter, emit, stopped)
        return Done(number)


def _failed(number: int, error: Exception, status: int = 500) -> Failed:
    """Describe an error; only our own errors' texts are known to hold no path and no chat."""
    if isinstance(error, EngineError):
        return Failed(number, str(error), error.status, error.param, error.code)
    if isinstance(error, MemoryError):
        return Failed(number, "The engine ran out of memory.", 503)
    return Failed(number, f"The engine failed ({type(error).__name__}).", status)


def _teller() -> Callable[[Answer], None]:
    """Keep standard output for answers: what libraries print goes to the log instead."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    lock = threading.Lock()

    def tell(answer: Answer) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # the server is gone, and we are going
            pipe.write(protocol.encode(answer))

    return tell


def _die_before_the_server() -> None:
    """Have Linux kill this process first when memory runs out, as the server starts it again."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_KILL)


if __name__ == "__main__":
    main()
