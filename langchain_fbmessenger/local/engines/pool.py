"""Local server: at most a few models in memory at once, the least recently used goes first."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from langchain_fbmessenger.local.engines import Engine

MAX_LOADED = 2


@dataclass
class _Slot:
    loading: asyncio.Task[Engine]
    users: int = field(default=0)


class EnginePool:
    """Loads engines when they are first asked for and closes them when room is needed.

    An engine in use is never closed: a request for one more model waits till another is idle.
    """

    def __init__(self, size: int = MAX_LOADED) -> None:
        self._size = size
        self._slots: dict[str, _Slot] = {}  # least recently used first
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def lease(
        self, model_id: str, load: Callable[[], Awaitable[Engine]]
    ) -> AsyncIterator[Engine]:
        """Give the model's engine for the length of a `with` block.

        Several requests that come while it loads share the one load; if it fails, all of them
        fail, and the next request tries again.
        """
        slot = await self._take(model_id, load)
        try:
            # Shielded: a client that goes away must not end the load that others wait for.
            yield await asyncio.shield(slot.loading)
        finally:
            slot.users -= 1
            if slot.loading.done() and (slot.loading.cancelled() or slot.loading.exception()):
                self._drop(model_id, slot)
            async with self._changed:
                self._changed.notify_all()

    async def forget(self, model_id: str) -> None:
        """Close a model's engine, as soon as nobody uses it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._users(model_id) == 0)
            slot = self._slots.pop(model_id, None)
        if slot:
            await _close(slot)

    async def close(self) -> None:
        """Close all engines, used or not: the server ends."""
        slots, self._slots = list(self._slots.values()), {}
        for slot in slots:
            await _close(slot)

    async def _take(self, model_id: str, load: Callable[[], Awaitable[Engine]]) -> _Slot:
        async with self._changed:
            while (slot := self._slots.get(model_id)) is None and len(self._slots) >= self._size:
                idle = [key for key, other in self._slots.items() if other.users == 0]
                if idle:
                    await _close(self._slots.pop(idle[0]))
                else:
                    await self._changed.wait()
            if slot is None:
                slot = _Slot(asyncio.ensure_future(_awaited(load)))
            self._slots.pop(model_id, None)
            self._slots[model_id] = slot  # to the end: most recently used
            slot.users += 1
            return slot

    def _users(self, model_id: str) -> int:
        slot = self._slots.get(model_id)
        return slot.users if slot else 0

    def _drop(self, model_id: str, slot: _Slot) -> None:
        if self._slots.get(model_id) is slot:
            del self._slots[model_id]


async def _awaited(load: Callable[[], Awaitable[Engine]]) -> Engine:
    return await load()


async def _close(slot: _Slot) -> None:
    try:
        engine = await slot.loading
    except Exception:  # noqa: BLE001  # its load failed and was reported then
        return
    await engine.close()
