"""Local server, engine child: `python -m langchain_fbmessenger.local.engines.child`.

Loads what the first line of its standard input asks for, answers the requests on the following
lines, each with lines on its standard output, and ends itself when its standard input closes: then
the server is gone. Nothing of a chat is ever logged.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from langchain_fbmessenger._own_process import report_without_words
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
        emit: Callable[[dict[str, Any]], None],
        stopped: threading.Event,
    ) -> None:
        """Emit the chunks of an answer until it ends or `stopped` is set.

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
    except Exception as error:  # noqa: BLE001  # whatever it is, the server must be told
        tell(_failed(0, error, status=503))
        return
    tell(Ready())
    try:
        _Serving(backend, tell).run(lines)
    finally:
        backend.close()
        os._exit(0)  # generations that are under way are of no use to anybody


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


class _Serving:
    """The requests under way."""

    def __init__(self, backend: Backend, tell: Callable[[Answer], None]) -> None:
        self._backend = backend
        self._tell = tell
        self._chats = ThreadPoolExecutor(backend.at_once)  # first come, first served
        self._counts = ThreadPoolExecutor(1)  # a count does not wait for long answers
        self._stops: dict[int, threading.Event] = {}

    def run(self, lines: BinaryIO) -> None:
        """Take requests till there are no more."""
        for line in lines:
            request = protocol.decode_request(line)
            if isinstance(request, Chat):
                self._stops[request.id] = threading.Event()
                self._chats.submit(self._answer, request)
            elif isinstance(request, Count | Encode):
                self._counts.submit(self._count, request)
            elif isinstance(request, Stop) and (stopped := self._stops.get(request.id)):
                stopped.set()
            elif isinstance(request, Forget):
                self._chats.submit(self._backend.forget, request.name)

    def _answer(self, chat: Chat) -> None:
        stopped = self._stops[chat.id]
        try:
            if not stopped.is_set():
                self._backend.chat(
                    chat.request,
                    chat.adapter,
                    lambda chunk: self._tell(Chunk(chat.id, chunk)),
                    stopped,
                )
            self._tell(Done(chat.id))
        except Exception as error:  # noqa: BLE001  # whatever it is, the request must end
            self._tell(_failed(chat.id, error))
        finally:
            del self._stops[chat.id]

    def _count(self, asked: Count | Encode) -> None:
        backend = self._backend
        try:
            if isinstance(asked, Encode):
                tokens = backend.encode(asked.text, with_special=asked.with_special)
                self._tell(Encoded(asked.id, tokens))
            else:
                self._tell(Counted(asked.id, backend.count_tokens(asked.messages, asked.tools)))
        except Exception as error:  # noqa: BLE001  # as above
            self._tell(_failed(asked.id, error))


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
    """Where memory runs out, Linux shall take this process, which is started again, not that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_KILL)


if __name__ == "__main__":
    main()
