"""Start the child process of an engine, ask it, listen to it and end it.

A child that hangs is killed: one that does not leave a request whose client has gone
(`STOP_SECONDS`), or that gives no sign of life while it works on one (`longest_silence`). Native
code may hang in a way that no signal to the process and no thread within it can end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from langchain_fbmessenger.local.engines import (
    GOODBYE_SECONDS,
    STOP_SECONDS,
    EngineEndedError,
    EngineError,
    protocol,
)
from langchain_fbmessenger.local.engines.protocol import (
    Chunk,
    Counted,
    Done,
    Encoded,
    Failed,
    Ready,
    Working,
)
from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.process.logs import NativeLog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Answer, Start

_T = TypeVar("_T")
_LONGEST_LINE = 64 * 1024 * 1024
_LONGEST_READ = 65_536
_LAST_WORDS_SECONDS = 1.0
_PROGRAM = (sys.executable, "-m", "langchain_fbmessenger.local.engines.child")
_DIED = "The engine ended unexpectedly; the next request starts it again."
_HUNG = "The engine hung and was ended; the next request starts it again."
_NO_MEMORY = (
    "The engine was killed while it loaded the model, most likely as the memory ran out: "
    "take a smaller base model, or close other programs."
)


@dataclass(eq=False)
class _Asked:
    """A request that the child has been given."""

    number: int
    answers: asyncio.Queue[Chunk | Counted | Encoded | Done | Failed | None] = field(
        default_factory=asyncio.Queue
    )
    """What the child says to it; None when there is no child any more."""
    has_begun: bool = False
    has_answer: bool = False
    """Whether a part of it has come."""
    heard: float = 0.0
    """When the last sign of life came, since it was begun."""
    watch: asyncio.TimerHandle | None = None


class EngineProcess:
    """A child with a loaded model. Made by `start`."""

    def __init__(
        self, process: asyncio.subprocess.Process, longest_silence: float = math.inf
    ) -> None:
        self._process = process
        self._longest_silence = longest_silence
        self._ids = itertools.count(1)
        self._asked: dict[int, _Asked] = {}
        self._left: dict[int, asyncio.TimerHandle] = {}  # requests whose clients have gone
        self._listening: asyncio.Task[None] | None = None
        self._logging: asyncio.Task[None] | None = None
        self._is_wanted = True
        self._end = _DIED
        self._guilty: set[int] | None = None  # requests that may have caused the end; None: any

    @classmethod
    async def start(
        cls, start: Start, *, folder: Path | None = None, longest_silence: float = math.inf
    ) -> EngineProcess:
        """Start a child and wait till its model is loaded.

        Args:
            start: What to load.
            folder: Where it runs: the paths in `start` lead from there.
            longest_silence: See `EngineKind.longest_silence`.

        Raises:
            EngineError: It cannot load it.
        """
        process = await asyncio.create_subprocess_exec(
            *_PROGRAM,
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            env=child_environment(),
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the server, which ends it
        )
        child = cls(process, longest_silence)
        child._logging = asyncio.create_task(child._log())
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
        with self._opened() as asked:
            await self._send(protocol.Chat(asked.number, request, adapter))
            while isinstance(answer := await self._answer_to(asked), Chunk):
                yield answer.chunk

    async def ask(self, request: Callable[[int], protocol.Request], kind: type[_T]) -> _T:
        """Ask what has one answer, of that kind, and return it.

        Args:
            request: Makes the request of the number that it is given.
            kind: What answers it.

        Raises:
            EngineError: The request cannot be answered, or the child ended.
        """
        with self._opened() as asked:
            await self._send(request(asked.number))
            answer = await self._answer_to(asked)
        if isinstance(answer, kind):
            return answer
        raise EngineError(_DIED, status=500)

    def forget(self, adapter: str) -> None:
        """Tell it that an adapter is gone."""
        self._write(protocol.Forget(adapter))

    async def close(self, within: float = GOODBYE_SECONDS) -> None:
        """End the child and wait till its memory is free.

        Args:
            within: Seconds after which it is killed.
        """
        self._is_wanted = False
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
        if self._logging is not None:  # what the child has started may outlive it by a moment
            await asyncio.wait({self._logging}, timeout=_LAST_WORDS_SECONDS)
            self._logging.cancel()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[_Asked]:
        """Listen for the answers to a request of a new number, and stop it when it is left."""
        if not self.is_alive:
            raise EngineEndedError(self._end, is_innocent=True)
        asked = _Asked(next(self._ids))
        self._asked[asked.number] = asked
        try:
            yield asked
        finally:
            if asked.watch is not None:
                asked.watch.cancel()
            if self._asked.pop(asked.number, None) and self.is_alive:
                self._stop(asked.number)

    async def _answer_to(self, asked: _Asked) -> Chunk | Counted | Encoded | Done:
        """Return what the child says next to a request.

        Raises:
            EngineError: It says that it has failed, or says nothing any more.
        """
        answer = await asked.answers.get()
        if isinstance(answer, Failed):
            raise _error_of(answer)
        if answer is None:
            may_be_its_doing = asked.has_begun and (
                self._guilty is None or asked.number in self._guilty
            )
            raise EngineEndedError(
                self._end,
                is_innocent=self._is_wanted and not may_be_its_doing,
                has_answer=asked.has_answer,
            )
        return answer

    def _stop(self, number: int) -> None:
        """Have the child leave a request, and kill it if it does not."""
        self._write(protocol.Stop(number))
        loop = asyncio.get_running_loop()
        self._left[number] = loop.call_later(STOP_SECONDS, self._kill, {number})

    def _watch(self, asked: _Asked) -> None:
        """Kill the child when a request that it works on has heard nothing for too long."""
        loop = asyncio.get_running_loop()
        silence = loop.time() - asked.heard
        if silence >= self._longest_silence:
            # Others are as silent: which of them it is that hangs cannot be told.
            self._kill({other.number for other in self._asked.values() if other.has_begun})
        elif self._longest_silence < math.inf:
            left = self._longest_silence - silence
            asked.watch = loop.call_later(left, self._watch, asked)

    def _kill(self, guilty: set[int]) -> None:
        self._end, self._guilty = _HUNG, guilty
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

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
                if not isinstance(answer, Ready):
                    self._hear(answer)
        finally:  # also after output that cannot be read, as an endless line
            for timer in self._left.values():
                timer.cancel()
            for asked in self._asked.values():
                asked.answers.put_nowait(None)

    def _hear(self, answer: Working | Chunk | Counted | Encoded | Done | Failed) -> None:
        """Hand an answer to the request that waits for it."""
        asked = self._asked.get(answer.id)
        if asked is None:
            if not isinstance(answer, Working | Chunk) and answer.id in self._left:
                self._left.pop(answer.id).cancel()  # it has obeyed
            return
        asked.heard = asyncio.get_running_loop().time()
        if isinstance(answer, Working):
            if not asked.has_begun:
                asked.has_begun = True
                self._watch(asked)
            return
        asked.has_answer = True
        if not isinstance(answer, Chunk):
            del self._asked[answer.id]  # it is over: there is nothing to stop
        asked.answers.put_nowait(answer)

    async def _log(self) -> None:
        """Write down what the child prints, as far as it is known to quote no request."""
        log, output = NativeLog("engine"), self._process.stderr
        while output is not None and (piece := await output.read(_LONGEST_READ)):
            _write(log.feed(piece))
        _write(log.end())

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


def _write(lines: Iterable[str]) -> None:
    with contextlib.suppress(OSError, ValueError):  # the reader of the log has gone
        sys.stderr.writelines(lines)
        sys.stderr.flush()


def _error_of(failed: Failed) -> EngineError:
    return EngineError(failed.message, status=failed.status, param=failed.param, code=failed.code)
