from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from langchain_fbmessenger.local.engines.pool import EnginePool
from langchain_fbmessenger.local.models.bases import BaseModelInfo

if TYPE_CHECKING:
    from langchain_fbmessenger.local.engines.engine import Engine

A, B, C = (BaseModelInfo(name, Path(f"{name}.gguf"), 128) for name in "abc")


class FakeEngine:
    def __init__(self) -> None:
        self.is_closed = False
        self.forgotten: list[str] = []

    def forget(self, adapter: str) -> None:
        self.forgotten.append(adapter)

    async def close(self, within: float) -> None:
        del within
        self.is_closed = True


class Maker:
    """Makes fake engines, and keeps them."""

    def __init__(self) -> None:
        self.engines: list[FakeEngine] = []

    def __call__(self, base: BaseModelInfo) -> Engine:
        self.engines.append(FakeEngine())
        return cast("Engine", self.engines[-1])


class Clock:
    """The event loop's clock, which stands still until a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._now = 1000.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self._now)

    async def advance(self, seconds: float) -> None:
        self._now += seconds
        await turns()


async def turns() -> None:
    """Let all that can go on do so; nothing here needs more than a few turns of the loop."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def clock(no_blocking_in_the_loop: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    del no_blocking_in_the_loop  # its order counts
    return Clock(monkeypatch)


async def use(pool: EnginePool, base: BaseModelInfo) -> FakeEngine:
    async with pool.lease(base) as engine:
        return cast("FakeEngine", engine)


async def test_all_requests_for_a_base_share_one_engine() -> None:
    make = Maker()
    pool = EnginePool(make)
    also_a = BaseModelInfo("by another name", A.path, 128)

    engines = await asyncio.gather(use(pool, A), use(pool, A), use(pool, also_a))

    assert engines == make.engines * 3
    await pool.close()


async def test_the_least_recently_used_engine_makes_room() -> None:
    pool = EnginePool(Maker(), size=2)
    a = await use(pool, A)
    b = await use(pool, B)
    await use(pool, A)
    await use(pool, C)

    assert (a.is_closed, b.is_closed) == (False, True)
    await pool.close()


async def test_an_engine_in_use_is_never_closed(clock: Clock) -> None:
    make = Maker()
    pool = EnginePool(make, size=1, idle_seconds=60)
    await use(pool, A)
    async with pool.lease(A):
        await clock.advance(61)  # idle for too long, had it not been taken again
        waiting = asyncio.create_task(use(pool, B))
        await turns()
        assert not waiting.done()
        assert len(make.engines) == 1
        assert not make.engines[0].is_closed
    await waiting

    assert make.engines[0].is_closed
    await pool.close()


async def test_an_engine_that_nobody_uses_is_closed(clock: Clock) -> None:
    pool = EnginePool(Maker(), idle_seconds=60)
    first = await use(pool, A)
    await clock.advance(59)
    assert not first.is_closed
    await clock.advance(2)
    assert first.is_closed

    assert await use(pool, A) is not first
    await pool.close()


async def test_the_time_till_an_engine_is_closed_begins_anew_with_each_use(clock: Clock) -> None:
    pool = EnginePool(Maker(), idle_seconds=60)
    engine = await use(pool, A)
    await clock.advance(59)
    await use(pool, A)
    await clock.advance(59)  # the time that began with the first use is over

    assert await use(pool, A) is engine
    assert not engine.is_closed
    await pool.close()


async def test_a_deleted_model_is_dropped_by_every_engine() -> None:
    pool = EnginePool(Maker())
    a, b = await use(pool, A), await use(pool, B)

    await pool.forget("ft:a")

    assert a.forgotten == b.forgotten == ["ft:a"]
    await pool.close()
    assert a.is_closed
    assert b.is_closed
