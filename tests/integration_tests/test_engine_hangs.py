"""An engine's child that hangs in native code is ended and replaced, and others are answered."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.local.engines import EngineEndedError, EngineError, process
from langchain_fbmessenger.local.engines.engine import Engine
from langchain_fbmessenger.local.engines.kinds import TRANSFORMERS
from tests.integration_tests.engines_local import ask, is_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="hangs in POSIX's C library")

HANGS = ("hold", "backtrack", "wait")
"""In C with the interpreter's lock, in the C of `re` with it, and in Python without."""


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return the file in which the child writes down what it is asked."""
    return tmp_path / "asked"


@asynccontextmanager
async def started(asked: Path, **changes: Any) -> AsyncIterator[Engine]:
    engine = Engine(replace(TRANSFORMERS, **changes), asked, asked.parent, 128)
    try:
        yield engine
    finally:
        await engine.close(0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start children that hang, and wait for none of them for long."""
    program = (sys.executable, "-m", "tests.integration_tests.hanging_child")
    monkeypatch.setattr(process, "_PROGRAM", program)
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def say(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def noted(asked: Path) -> list[str]:
    return asked.read_text().split("\n")[:-1] if asked.exists() else []


async def until_asked(asked: Path, text: str) -> None:
    while text not in noted(asked):  # noqa: ASYNC110  # another process: there is no event to await
        await asyncio.sleep(0.02)


async def until_gone(pid: int) -> None:
    while is_running(pid):  # noqa: ASYNC110  # as above
        await asyncio.sleep(0.02)


async def hung_and_left(engine: Engine, asked: Path, how: str) -> int:
    """Ask what hangs, leave it, and return the process that hangs."""
    hanging = asyncio.create_task(ask(engine, None, say(how)))
    await until_asked(asked, how)
    assert engine.pid is not None
    pid = engine.pid
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    return pid


@pytest.mark.parametrize("how", HANGS)
async def test_a_child_that_does_not_stop_is_replaced(asked: Path, how: str) -> None:
    async with started(asked) as engine:
        pid = await hung_and_left(engine, asked, how)
        await asyncio.wait_for(until_gone(pid), 60)
        assert await asyncio.wait_for(ask(engine, None, say("hi")), 60) == "hi."
        assert noted(asked) == [how, "hi"]


@pytest.mark.parametrize("how", HANGS)
async def test_a_child_that_hangs_over_a_count_is_replaced(asked: Path, how: str) -> None:
    async with started(asked) as engine:
        counting = asyncio.create_task(engine.count_tokens(say(how)))
        await until_asked(asked, how)
        counting.cancel()
        assert await asyncio.wait_for(engine.count_tokens(say("four")), 60) == 4
        assert noted(asked) == [how, "four"]


@pytest.mark.parametrize("how", HANGS)
async def test_who_waits_behind_it_is_answered_and_it_is_not_asked_again(
    asked: Path, how: str
) -> None:
    async with started(asked) as engine:
        await ask(engine, None, say("hi"))
        waiting = [asyncio.create_task(ask(engine, None, say(f"w{number}"))) for number in range(8)]
        hanging = asyncio.create_task(ask(engine, None, say(how)))
        more = [asyncio.create_task(engine.encode("a", with_special=False)) for _ in range(3)]
        more_waiting = [
            asyncio.create_task(ask(engine, None, say(f"v{number}"))) for number in range(8)
        ]
        await until_asked(asked, how)
        hanging.cancel()
        everybody = asyncio.gather(*waiting, *more_waiting, return_exceptions=True)
        answers = await asyncio.wait_for(everybody, 60)
        expected = [f"{kind}{number}." for kind in "wv" for number in range(8)]
        pairs = zip(answers, expected, strict=True)
        # The other of the two places may have been in the midst of an answer.
        others = [answer for answer, wanted in pairs if answer != wanted]
        assert len(others) < 2
        assert all(isinstance(one, EngineEndedError) and one.has_answer for one in others)
        assert await asyncio.gather(*more) == [[97]] * 3
        assert noted(asked).count(how) == 1


async def test_who_is_in_the_midst_of_an_answer_gets_a_clear_error(asked: Path) -> None:
    async with started(asked) as engine:
        async with aclosing(engine.stream({"messages": say("stream")}, None)) as answer:
            await anext(answer)
            await hung_and_left(engine, asked, "hold")
            with pytest.raises(EngineError, match="hung and was ended") as caught:
                await anext(answer)
        assert caught.value.status == 500
        assert await ask(engine, None, say("hi")) == "hi."
        assert noted(asked) == ["stream", "hold", "hi"]


@pytest.mark.parametrize("how", HANGS)
async def test_a_child_without_a_sign_of_life_is_replaced_though_its_client_waits(
    asked: Path, how: str
) -> None:
    async with started(asked, longest_silence=1.0) as engine:
        with pytest.raises(EngineError, match="hung and was ended"):
            await asyncio.wait_for(ask(engine, None, say(how)), 60)
        with pytest.raises(EngineError, match="hung and was ended"):
            await asyncio.wait_for(engine.count_tokens(say(how)), 60)
        assert await ask(engine, None, say("hi")) == "hi."
        assert noted(asked) == [how, how, "hi"]


async def test_who_waits_for_a_turn_is_no_hang_and_costs_no_child(asked: Path) -> None:
    """Both places are taken; those who wait leave, one after the other."""
    async with started(asked, longest_silence=60.0) as engine:
        streams = [engine.stream({"messages": say(f"stream{n}")}, None) for n in range(2)]
        async with aclosing(streams[0]), aclosing(streams[1]):
            for stream in streams:
                await anext(stream)
            pid = engine.pid
            for number in range(3):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(ask(engine, None, say(f"w{number}")), 0.1)
            await asyncio.sleep(2 * process.STOP_SECONDS)  # longer than a hang would be borne
            assert engine.pid == pid
        assert await ask(engine, None, say("hi")) == "hi."
        assert engine.pid == pid
        assert noted(asked) == ["stream0", "stream1", "hi"]


async def test_an_engine_that_is_closed_asks_no_new_child(asked: Path) -> None:
    async with started(asked) as engine:
        waiting = [asyncio.create_task(ask(engine, None, say("wait"))) for _ in range(4)]
        await until_asked(asked, "wait")
        await engine.close(0)
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 60)
        assert all(isinstance(result, EngineError) for result in results)
        assert engine.pid is None
