"""Keep an engine per base model, few of them in memory at once.

The least recently used goes when another is needed, and each goes when it was not used for some
minutes.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.engines import GOODBYE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from langchain_fbmessenger.local.engines.engine import Engine
    from langchain_fbmessenger.local.models.bases import BaseModelInfo

MAX_LOADED = 2
IDLE_SECONDS = 300.0


@dataclass
class _Slot:
    engine: Engine
    users: int = field(default=0)
    timer: asyncio.TimerHandle | None = field(default=None)


class EnginePool:
    """Makes engines when they are first asked for and closes them when they are not needed.

    An engine in use is never closed: a request for one more base waits till another is idle.
    """

    def __init__(
        self,
        make: Callable[[BaseModelInfo], Engine],
        *,
        size: int = MAX_LOADED,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Keep up to `size` engines of those that `make` makes, idle ones for `idle_seconds`."""
        self._make = make
        self._size = size
        self._idle_seconds = idle_seconds
        self._slots: dict[Path, _Slot] = {}  # least recently used first
        self._changed = asyncio.Condition()
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lease(self, base: BaseModelInfo) -> AsyncIterator[Engine]:
        """Give the base model's engine for the length of a `with` block."""
        slot = await self._take(base)
        try:
            yield slot.engine
        finally:
            slot.users -= 1
            if slot.users == 0:
                loop = asyncio.get_running_loop()
                slot.timer = loop.call_later(self._idle_seconds, self._expire, base.path, slot)
            async with self._changed:
                self._changed.notify_all()

    async def forget(self, model_id: str) -> None:
        """Drop a fine-tuned model that was deleted; its base's engine stays."""
        for slot in self._slots.values():
            slot.engine.forget(model_id)

    async def close(self, within: float = GOODBYE_SECONDS) -> None:
        """Close all engines, used or not: the server ends.

        Args:
            within: Seconds that each is given.
        """
        slots, self._slots = list(self._slots.values()), {}
        await asyncio.gather(*(_closed(slot, within) for slot in slots), *self._closing)

    async def _take(self, base: BaseModelInfo) -> _Slot:
        async with self._changed:
            while base.path not in self._slots and len(self._slots) >= self._size:
                idle = [path for path, other in self._slots.items() if other.users == 0]
                if idle:
                    await _closed(self._slots.pop(idle[0]))
                else:
                    await self._changed.wait()
            slot = self._slots.pop(base.path, None) or _Slot(self._make(base))
            self._slots[base.path] = slot  # to the end: most recently used
            slot.users += 1
            if slot.timer is not None:
                slot.timer.cancel()
                slot.timer = None
            return slot

    def _expire(self, path: Path, slot: _Slot) -> None:
        if self._slots.get(path) is slot and slot.users == 0:
            del self._slots[path]
            task = asyncio.create_task(_closed(slot))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _closed(slot: _Slot, within: float = GOODBYE_SECONDS) -> None:
    if slot.timer is not None:
        slot.timer.cancel()
    await slot.engine.close(within)
