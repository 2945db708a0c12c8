"""Answer by a base model with any of its adapters, in a child process.

The child is started by the first request and again after it has died; a request that had no part
in its end and no part of an answer is asked of the next one. Some backends take adapters only when
they load the base: then a request for one that is not loaded waits until the child is idle and has
it replaced. Requests take turns, so each is served in the end.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_fbmessenger.local.engines import (
    GOODBYE_SECONDS,
    Adapter,
    EngineEndedError,
    EngineError,
)
from langchain_fbmessenger.local.engines.process import EngineProcess
from langchain_fbmessenger.local.engines.protocol import (
    AdapterFolder,
    Count,
    Counted,
    Encode,
    Encoded,
    Start,
)
from langchain_fbmessenger.local.process.children import within

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path

    from langchain_fbmessenger.local.engines.kinds import EngineKind
    from langchain_fbmessenger.local.engines.protocol import Request

_T = TypeVar("_T")
_TRIES = (False, False, True)
"""Whether each is the last: a request that others have brought down with them is asked again."""
MAX_ADAPTERS = 8
"""Adapters kept beside a base where they are loaded with it; the least recently used makes room."""


class Engine:
    """A base model, ready to answer with any of its adapters."""

    def __init__(self, kind: EngineKind, base: Path, bases: Path, context_length: int) -> None:
        self._kind = kind
        self._base = base
        self._bases = bases
        self._root = bases.parent
        self._context_length = context_length
        self._child: EngineProcess | None = None
        self._adapters: dict[str, Adapter] = {}  # least recently used first
        self._loaded: frozenset[str] = frozenset()  # those that the child was started with
        self._is_stale = False  # whether it still holds one that was deleted
        self._turn = asyncio.Lock()  # first come, first served
        self._users = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._arrivals = 0
        self._failures: dict[str | None, tuple[int, EngineError]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def parameters(self) -> frozenset[str]:
        """The fields of a chat completion request that it acts upon."""
        return self._kind.parameters

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.pid if self._child else None

    async def stream(
        self, request: dict[str, Any], adapter: Adapter | None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Answer a chat completion request with OpenAI's chunks, the last one holding the usage.

        The request holds only what `parameters` names. Closing the generator stops the generation.

        Raises:
            EngineError: The request cannot be answered, for instance as it is too long.
        """
        folder = self._told_of(adapter) if adapter else None
        for is_last in _TRIES:
            try:
                async with (
                    self._using(adapter) as child,
                    aclosing(child.chat(request, folder)) as chunks,
                ):
                    async for chunk in chunks:
                        yield chunk
            except EngineEndedError as error:
                if is_last or error.has_answer or not error.is_innocent:
                    raise
            else:
                return

    async def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> int:
        """Return how many tokens these messages are to the model, ready for its answer.

        Raises:
            EngineError: The messages cannot be rendered, or the engine failed.
        """
        answer = await self._told(lambda number: Count(number, messages, tools), Counted)
        return answer.n_tokens

    async def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Return the ids of a text's tokens, without a chat template around it.

        Raises:
            EngineError: The engine failed.
        """
        answer = await self._told(lambda number: Encode(number, text, with_special), Encoded)
        return answer.tokens

    def forget(self, adapter: str) -> None:
        """Drop an adapter by name, at once or, if the child has to end for it, when it is idle."""
        self._adapters.pop(adapter, None)
        if self._child is not None and self._kind.takes_adapters_later:
            self._child.forget(adapter)
        elif adapter in self._loaded:
            self._loaded -= {adapter}
            self._is_stale = True
            self._let_go_when_idle()

    async def close(self, within: float = GOODBYE_SECONDS) -> None:
        """End the child, in use or not, to free its memory; kill it after so many seconds."""
        child, self._child = self._child, None
        if child is not None:
            await child.close(within)
        await asyncio.gather(*self._closing)

    async def _told(self, ask: Callable[[int], Request], kind: type[_T]) -> _T:
        """Ask a child what has one answer, and the next one if another request has ended it.

        Adapters make no difference to such answers.
        """
        for is_last in _TRIES:
            try:
                async with self._using(None) as child:
                    return await child.ask(ask, kind)
            except EngineEndedError as error:
                if is_last or not error.is_innocent:
                    raise
        raise AssertionError  # the last try returns or raises

    @asynccontextmanager
    async def _using(self, adapter: Adapter | None) -> AsyncIterator[EngineProcess]:
        """Hold a child that serves the adapter for the length of a `with` block."""
        self._arrivals += 1
        arrival = self._arrivals
        async with self._turn:
            self._remember(adapter)
            if not self._serves(adapter):
                self._raise_shared_failure(adapter, arrival)
                await self._idle.wait()
                child = await self._replaced(adapter)
            else:
                assert self._child is not None  # noqa: S101  # `_serves` has seen it
                child = self._child
            self._users += 1
            self._idle.clear()
        try:
            yield child
        finally:
            self._users -= 1
            if self._users == 0:
                self._idle.set()
                self._let_go_when_idle()

    def _remember(self, adapter: Adapter | None) -> None:
        if adapter is not None:
            self._adapters.pop(adapter.name, None)
            self._adapters[adapter.name] = adapter  # to the end: most recently used
            while len(self._adapters) > MAX_ADAPTERS:
                self._adapters.pop(next(iter(self._adapters)))

    def _serves(self, adapter: Adapter | None) -> bool:
        if self._child is None or not self._child.is_alive:
            return False
        if adapter is None or self._kind.takes_adapters_later:
            return True
        return adapter.name in self._loaded

    def _raise_shared_failure(self, adapter: Adapter | None, arrival: int) -> None:
        """Raise the failure of a load to requests that came meanwhile; later ones try again."""
        seen, error = self._failures.get(adapter.name if adapter else None, (0, None))
        if error is not None and arrival <= seen:
            raise error

    async def _replaced(self, adapter: Adapter | None) -> EngineProcess:
        """Start a child that serves the adapter in place of the one that does not."""
        if adapter is not None and not adapter.folder.is_dir():
            self._adapters.pop(adapter.name, None)
            msg = f"The adapter of {adapter.name} is not there any more."
            raise EngineError(msg, status=404, param="model", code="model_not_found")
        if self._child is not None:
            await self._child.close()
            self._child = None
        own = [adapter] if adapter else []
        kept = self._lately_used()
        try:
            try:
                self._child = await self._started(kept)
            except EngineError:
                if kept == own or self._kind.takes_adapters_later:
                    raise
                kept = own  # it may be another adapter that is broken
                self._child = await self._started(kept)
        except EngineError as error:
            self._failures[adapter.name if adapter else None] = (self._arrivals, error)
            if adapter is not None:
                self._adapters.pop(adapter.name, None)
            raise
        self._failures.clear()
        self._loaded = frozenset(entry.name for entry in kept)
        self._is_stale = False
        return self._child

    def _lately_used(self) -> list[Adapter]:
        return [entry for entry in self._adapters.values() if entry.folder.is_dir()]

    async def _started(self, adapters: list[Adapter]) -> EngineProcess:
        return await EngineProcess.start(
            Start(
                engine=self._kind.name,
                base=within(self._base, self._root),
                bases=within(self._bases, self._root),
                context_length=self._context_length,
                adapters=[self._told_of(entry) for entry in adapters],
            ),
            folder=self._root,
            longest_silence=self._kind.longest_silence,
        )

    def _told_of(self, adapter: Adapter) -> AdapterFolder:
        return AdapterFolder(adapter.name, within(adapter.folder, self._root))

    def _let_go_when_idle(self) -> None:
        """Close a child that holds what was deleted; the next request starts one without it."""
        if not self._is_stale or self._users or self._turn.locked():
            return
        child, self._child, self._is_stale = self._child, None, False
        if child is not None:
            task = asyncio.create_task(child.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
