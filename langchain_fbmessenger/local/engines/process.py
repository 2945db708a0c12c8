"""Local server: the child process of an engine, as the server sees it: start, ask, listen, end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from langchain_fbmessenger.local.child_environment import child_environment
from langchain_fbmessenger.local.engines import GOODBYE_SECONDS, EngineError, protocol
from langchain_fbmessenger.local.engines.protocol import Chunk, Counted, Encoded, Failed, Ready

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Answer, Start

_T = TypeVar("_T")
_LONGEST_LINE = 64 * 1024 * 1024
_DIED = "The engine ended unexpectedly; the next request starts it again."
_NO_MEMORY = (
    "The engine was killed while it loaded the model, most likely as the memory ran out: "
    "take a smaller base model, or close other programs."
)


class EngineProcess:
    """A child with a loaded model. Made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Queue[Answer]] = {}
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, start: Start) -> EngineProcess:
        """Start a child and wait till its model is loaded.

        Raises:
            EngineError: It cannot load it.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "langchain_fbmessenger.local.engines.child",
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            env=child_environment(),
            start_new_session=True,  # Ctrl-C is for the server, which ends it
        )
        child = cls(process)
        try:
            await child._send(start)
            await child._become_ready()
        except BaseException:  # also when the request that waits for it is cancelled
            await child.close(within=0)  # it has nothing to end but itself
            raise
        child._listening = asyncio.create_task(child._listen())
        return child

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._listening is not None and not self._listening.done()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def chat(
        self, request: dict[str, Any], adapter: AdapterFolder | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the chunks of an answer; closing the generator stops the generation."""
        with self._opened() as (number, answers):
            is_over = False
            try:
                await self._send(protocol.Chat(number, request, adapter))
                while isinstance(answer := await answers.get(), Chunk):
                    yield answer.chunk
                is_over = True
            finally:
                if not is_over:
                    self._write(protocol.Stop(number))
            if isinstance(answer, Failed):
                raise _error_of(answer)

    async def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> int:
        """Return the number of tokens of a chat."""
        answer = await self._told(lambda number: protocol.Count(number, messages, tools), Counted)
        return answer.n_tokens

    async def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Return the ids of a text's tokens."""
        answer = await self._told(
            lambda number: protocol.Encode(number, text, with_special), Encoded
        )
        return answer.tokens

    def forget(self, adapter: str) -> None:
        """Tell it that an adapter is gone."""
        self._write(protocol.Forget(adapter))

    async def close(self, within: float = GOODBYE_SECONDS) -> None:
        """End the child and wait till its memory is free.

        Args:
            within: Seconds after which it is killed.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), within)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        if self._listening is not None:
            await self._listening

    async def _told(self, ask: Callable[[int], protocol.Request], kind: type[_T]) -> _T:
        """Ask what has one answer, and return that."""
        with self._opened() as (number, answers):
            await self._send(ask(number))
            answer = await answers.get()
        if isinstance(answer, kind):
            return answer
        raise _error_of(answer) if isinstance(answer, Failed) else EngineError(_DIED, status=500)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[int, asyncio.Queue[Answer]]]:
        """Listen for the answers to a request of a new number."""
        if not self.is_alive:
            raise EngineError(_DIED, status=500)
        number = next(self._ids)
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._asked[number] = answers
        try:
            yield number, answers
        finally:
            del self._asked[number]

    def _write(self, message: protocol.Request) -> None:
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(protocol.encode(message))

    async def _send(self, message: protocol.Request) -> None:
        self._write(message)
        if self._process.stdin is not None:
            with contextlib.suppress(ConnectionError):  # it died: its listener tells
                await self._process.stdin.drain()

    async def _next(self) -> Answer | None:
        """Return what the child says next, None when it has ended."""
        while self._process.stdout is not None and (line := await self._process.stdout.readline()):
            with contextlib.suppress(msgspec.DecodeError):  # a library's stray print
                return protocol.decode_answer(line)
        return None

    async def _listen(self) -> None:
        try:
            while (answer := await self._next()) is not None:
                if not isinstance(answer, Ready) and (asked := self._asked.get(answer.id)):
                    asked.put_nowait(answer)
        finally:  # also where it said what cannot be read, as a line without end
            for number, asked in self._asked.items():
                asked.put_nowait(Failed(number, _DIED, status=500))

    async def _become_ready(self) -> None:
        first = await self._next()
        if isinstance(first, Failed):
            raise _error_of(first)
        if isinstance(first, Ready):
            return
        status = await self._process.wait()
        is_killed = sys.platform != "win32" and status == -signal.SIGKILL
        message = _NO_MEMORY if is_killed else "The engine ended while it loaded the model."
        raise EngineError(message, status=503)


def _error_of(failed: Failed) -> EngineError:
    return EngineError(failed.message, status=failed.status, param=failed.param, code=failed.code)
