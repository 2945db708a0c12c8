from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

from langchain_fbmessenger.local.engines.pool import EnginePool

if TYPE_CHECKING:
    from langchain_fbmessenger.local.engines import Engine


class FakeEngine:
    def __init__(self) -> None:
        self.is_closed = False

    async def close(self) -> None:
        self.is_closed = True


class Loader:
    """Loads after a moment, and counts."""

    def __init__(self, *, fails: int = 0) -> None:
        self.engines: list[FakeEngine] = []
        self.fails = fails
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> Engine:
        await self.gate.wait()
        if self.fails:
            self.fails -= 1
            raise RuntimeError
        self.engines.append(FakeEngine())
        return cast("Engine", self.engines[-1])


async def use(pool: EnginePool, model: str, load: Loader) -> Any:
    async with pool.lease(model, load) as engine:
        return engine


async def test_requests_that_come_together_share_one_load() -> None:
    pool, load = EnginePool(), Loader()

    first, second = await asyncio.gather(use(pool, "m", load), use(pool, "m", load))

    assert first is second
    assert len(load.engines) == 1


async def test_the_least_recently_used_engine_makes_room() -> None:
    pool, load = EnginePool(size=2), Loader()
    a = await use(pool, "a", load)
    b = await use(pool, "b", load)
    await use(pool, "a", load)
    await use(pool, "c", load)

    assert (a.is_closed, b.is_closed) == (False, True)


async def test_an_engine_in_use_is_never_closed() -> None:
    pool, load = EnginePool(size=1), Loader()
    async with pool.lease("a", load) as engine:
        waiting = asyncio.create_task(use(pool, "b", load))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        assert not cast("FakeEngine", engine).is_closed
    await asyncio.wait_for(waiting, 1)

    assert load.engines[0].is_closed


async def test_a_failed_load_is_tried_again() -> None:
    pool, load = EnginePool(), Loader(fails=1)

    with pytest.raises(RuntimeError):
        await use(pool, "m", load)

    assert await use(pool, "m", load) is load.engines[0]


async def test_a_client_that_leaves_does_not_end_the_load_of_others() -> None:
    pool, load = EnginePool(), Loader()
    load.gate.clear()
    leaving = asyncio.create_task(use(pool, "m", load))
    staying = asyncio.create_task(use(pool, "m", load))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving
    load.gate.set()

    assert await asyncio.wait_for(staying, 1) is load.engines[0]


async def test_a_forgotten_model_is_closed_and_loaded_anew() -> None:
    pool, load = EnginePool(), Loader()
    first = await use(pool, "m", load)
    await pool.forget("m")
    await pool.forget("never loaded")
    second = await use(pool, "m", load)
    await pool.close()

    assert first is not second
    assert first.is_closed
    assert second.is_closed
