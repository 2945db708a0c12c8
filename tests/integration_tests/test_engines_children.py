"""One base with many adapters, by real engines in child processes: llama.cpp and transformers."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from langchain_fbmessenger.local.engines import Adapter, EngineError
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP, TRANSFORMERS, EngineKind
from langchain_fbmessenger.local.engines.pool import EnginePool
from langchain_fbmessenger.local.models.bases import find_base
from langchain_fbmessenger.local.process.home import Home
from tests.integration_tests.engines_local import (
    BASE,
    CONTEXT,
    QUESTION,
    ask,
    broken,
    bundled,
    chunks,
    cut,
    is_running,
    make_adapters,
    make_engine,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from langchain_fbmessenger.local.engines.engine import Engine

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX's signals"),
    pytest.mark.asyncio(loop_scope="module"),
]

LONG = [{"role": "user", "content": "Write a very long story about a ship."}]


@pytest.fixture(scope="module")
def adapters(local_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Adapter]:
    folder = tmp_path_factory.mktemp("adapters")
    return make_adapters(folder, Home.open(local_home).bases, 3)


@pytest.fixture(scope="module", params=[LLAMA_CPP, TRANSFORMERS], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(kind: EngineKind, local_home: Path) -> AsyncIterator[Engine]:
    engine = make_engine(kind, local_home)
    yield engine
    await engine.close()


async def test_each_request_gets_the_adapter_that_it_names(
    engine: Engine, adapters: list[Adapter]
) -> None:
    wanted = [None, *adapters]
    expected = [await ask(engine, adapter) for adapter in wanted]
    assert len(set(expected)) == len(wanted)

    for number in (0, 2, 1, 3, 3, 0):
        assert await ask(engine, wanted[number]) == expected[number]


@pytest.mark.parametrize("base", ["tiny", pytest.param(BASE, marks=pytest.mark.thorough)])
async def test_no_cache_of_prompts_is_shared_by_adapters(
    base: str, tiny_base: str, local_home: Path, tmp_path: Path
) -> None:
    """The same prompts with different adapters in turn: what one has left is of no use to others.

    llama.cpp's cache in RAM does share them: then scores of the first token are off by up to 0.6.
    """
    file = Path(tiny_base) if base == "tiny" else bundled()
    adapters = make_adapters(tmp_path, Home.open(local_home).bases, 3, std=0.05, base=file)
    engine = make_engine(LLAMA_CPP, local_home, file)
    topics = ("the sea", "the cats in Rome", "rain")
    questions = [[{"role": "user", "content": f"Tell me about {topic}."}] for topic in topics]
    kinds = [(number, turn) for number in range(4) for turn in range(3)]

    async def first_scores(number: int, turn: int, **options: Any) -> dict[str, float]:
        parts = await chunks(
            engine, [None, *adapters][number], questions[turn],
            max_tokens=24, logprobs=True, top_logprobs=10, **options,
        )  # fmt: skip
        first = next(
            choice["logprobs"]["content"][0]
            for part in parts
            for choice in part["choices"]
            if choice.get("logprobs")
        )
        return {entry["token"]: entry["logprob"] for entry in first["top_logprobs"]}

    without_cache = {kind: await first_scores(*kind, seed=1) for kind in kinds}
    for kind in random.Random(1).choices(kinds, k=40):  # noqa: S311  # an order, no secret
        scores = await first_scores(*kind)
        assert scores == pytest.approx(without_cache[kind], abs=0.1)
    await engine.close()


async def test_requests_side_by_side_get_their_adapters(
    engine: Engine, adapters: list[Adapter]
) -> None:
    wanted = [None, *adapters]
    alone = [await ask(engine, adapter, max_tokens=1) for adapter in wanted]

    together = await asyncio.gather(
        *(ask(engine, wanted[number % 4], max_tokens=1) for number in range(12))
    )

    assert together == alone * 3


async def test_the_same_seed_gives_the_same_answer(engine: Engine) -> None:
    def draw(seed: int) -> Any:
        return ask(engine, temperature=1.5, seed=seed)

    answers = [await draw(seed) for seed in (7, 8, 7, 2**40, -1, 7)]

    assert answers[0] == answers[2] == answers[5]
    assert len(set(answers)) > 1


async def test_without_a_seed_answers_differ(engine: Engine) -> None:
    assert len({await ask(engine, temperature=2.0, top_k=0) for _ in range(3)}) > 1


async def test_a_stop_string_is_never_shown(engine: Engine) -> None:
    whole = await ask(engine)
    stop = whole[9:13]  # in the middle of words

    parts = await chunks(engine, stop=["no such text", stop])

    assert text_of(parts) == whole[: whole.index(stop)]
    assert finish_of(parts) == "stop"
    assert await ask(engine, stop="no such text") == whole


async def test_an_answer_ends_by_its_limit(engine: Engine) -> None:
    parts = await chunks(engine, max_tokens=3)

    assert finish_of(parts) == "length"
    usage = parts[-1]["usage"]
    assert usage["completion_tokens"] == 3
    assert usage["prompt_tokens"] == await engine.count_tokens(QUESTION)


async def test_a_text_is_cut_as_the_base_cuts_it(engine: Engine) -> None:
    tokens = [28120, 37366, 267, 29989, 400]

    assert await engine.encode("hello café wörld", with_special=False) == tokens
    assert await engine.encode("", with_special=False) == []


async def test_behind_an_answer_comes_another_one(engine: Engine) -> None:
    """And not the rest of that one: a chat is counted and answered alike by all engines."""
    answered = [*QUESTION, {"role": "assistant", "content": "aye"}]
    more = await engine.count_tokens(answered) - await engine.count_tokens(QUESTION)

    usage = (await chunks(engine, None, answered, max_tokens=1))[-1]["usage"]

    turn = "aye<|im_end|>\n<|im_start|>assistant\n"
    assert more == len(await engine.encode(turn, with_special=False))
    assert usage["prompt_tokens"] == await engine.count_tokens(answered)


async def test_an_answer_is_bounded_by_the_context(engine: Engine) -> None:
    """The end of turn is made impossible, so that only the context ends it."""
    messages = [{"role": "user", "content": "la " * (CONTEXT - 60)}]
    n_prompt = await engine.count_tokens(messages)

    parts = await chunks(engine, None, messages, max_tokens=400, logit_bias={"2": -100, "0": -100})

    assert finish_of(parts) == "length"
    assert CONTEXT - 2 <= n_prompt + parts[-1]["usage"]["completion_tokens"] <= CONTEXT
    with pytest.raises(EngineError) as caught:
        await ask(engine, None, [{"role": "user", "content": "la " * 2 * CONTEXT}])
    assert (caught.value.status, caught.value.code) == (400, "context_length_exceeded")


async def test_logprobs_are_those_that_were_asked_for(engine: Engine) -> None:
    for top in (0, 3):
        parts = await chunks(engine, max_tokens=4, logprobs=True, top_logprobs=top)
        entries = [
            entry
            for part in parts
            for choice in part["choices"]
            for entry in (choice.get("logprobs") or {}).get("content") or ()
        ]

        assert "".join(entry["token"] for entry in entries) == text_of(parts)
        for entry in entries:
            assert set(entry) - {"id"} == {"token", "logprob", "bytes", "top_logprobs"}
            assert len(entry["top_logprobs"]) == top
            assert all(best["logprob"] <= 0 for best in entry["top_logprobs"])
            if top:  # greedy
                assert entry["token"] == entry["top_logprobs"][0]["token"]


async def test_penalties_and_biases_are_felt(engine: Engine) -> None:
    plain = await ask(engine, max_tokens=40)
    (first,) = {
        entry["token"]
        for part in await chunks(engine, max_tokens=1, logprobs=True)
        for choice in part["choices"]
        for entry in (choice.get("logprobs") or {}).get("content") or ()
    }

    for option in ({"frequency_penalty": 2}, {"presence_penalty": 2}, {"repeat_penalty": 2}):
        assert await ask(engine, max_tokens=40, **option) != plain
    biased = await ask(engine, logit_bias={"504": -100})  # "The"
    assert plain.startswith(first)
    assert not biased.startswith("The")


async def test_a_reader_that_leaves_frees_the_engine(engine: Engine) -> None:
    request = {"messages": LONG, "max_tokens": 450, "logit_bias": {"2": -100, "0": -100}}
    for _ in range(12):
        async with aclosing(engine.stream(request, None)) as answer:
            await anext(answer)

    await asyncio.wait_for(ask(engine, max_tokens=1), 30)  # twelve to their ends take longer


async def test_a_killed_child_is_an_error_and_the_next_request_works(engine: Engine) -> None:
    expected = await ask(engine, seed=1)  # with one, the prompt is read anew: no rounding differs
    request = {"messages": LONG, "temperature": 0, "max_tokens": 400}
    async with aclosing(engine.stream(request, None)) as answer:
        await anext(answer)
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        with pytest.raises(EngineError) as caught:
            async for _ in answer:
                pass

    assert caught.value.status == 500
    assert await ask(engine, seed=1) == expected


async def test_a_broken_adapter_is_its_own_requests_error_only(
    engine: Engine, adapters: list[Adapter], tmp_path: Path
) -> None:
    good = adapters[0]
    expected = await ask(engine, good)
    bad = broken(good, tmp_path / "bad")

    results = await asyncio.gather(
        ask(engine, bad), ask(engine, good), ask(engine, bad), ask(engine), return_exceptions=True
    )

    assert [isinstance(result, EngineError) for result in results] == [True, False, True, False]
    assert isinstance(results[0], EngineError)
    assert results[0].status >= 500
    assert str(tmp_path) not in str(results[0])
    assert results[1] == expected


async def test_an_adapter_that_was_spoilt_meanwhile_harms_no_other(
    engine: Engine, adapters: list[Adapter], tmp_path: Path
) -> None:
    """Those used lately are loaded along with a new one: that must not fail for their sake."""
    spoilt, new = (Adapter(f"ft:{name}", tmp_path / name) for name in ("spoilt", "new"))
    for adapter in (spoilt, new):
        shutil.copytree(adapters[0].folder, adapter.folder)
    expected = await ask(engine, spoilt)
    cut(spoilt.folder)

    assert await ask(engine, new) == expected
    for adapter in (spoilt, new):
        engine.forget(adapter.name)


async def test_a_forgotten_adapter_goes_and_the_others_stay(
    engine: Engine, adapters: list[Adapter], tmp_path: Path
) -> None:
    expected = await ask(engine, adapters[1])
    gone = Adapter("ft:gone", tmp_path / "gone")
    shutil.copytree(adapters[0].folder, gone.folder)
    await ask(engine, gone)

    shutil.rmtree(gone.folder)
    engine.forget(gone.name)

    with pytest.raises(EngineError) as caught:
        await ask(engine, gone)
    assert caught.value.status in {404, 500}
    assert str(tmp_path) not in str(caught.value)
    assert await ask(engine, adapters[1]) == expected


async def test_a_model_that_cannot_be_loaded_is_an_error(
    kind: EngineKind, local_home: Path, tmp_path: Path
) -> None:
    if kind is LLAMA_CPP:
        base = tmp_path / "cut.gguf"
        base.write_bytes(bundled().read_bytes()[:50_000_000])
    else:
        base = tmp_path
    engine = make_engine(kind, local_home, base)

    results = await asyncio.gather(ask(engine), ask(engine), return_exceptions=True)

    assert all(isinstance(result, EngineError) and result.status == 503 for result in results)
    assert str(tmp_path) not in str(results)
    await engine.close()


async def test_an_idle_engine_gives_its_memory_back(local_home: Path) -> None:
    made: list[Engine] = []

    def make(_: object) -> Engine:
        made.append(make_engine(LLAMA_CPP, local_home))
        return made[-1]

    pool = EnginePool(make, idle_seconds=0.1)
    async with pool.lease(find_base(BASE)) as engine:
        await ask(engine)  # type: ignore[arg-type]
        pid = made[0].pid
        assert pid is not None
        assert is_running(pid)

    async def ended() -> None:
        while is_running(pid):  # noqa: ASYNC110  # another process: there is no event to await
            await asyncio.sleep(0.05)

    await asyncio.wait_for(ended(), 30)
    async with pool.lease(find_base(BASE)) as engine:
        assert await ask(engine)  # type: ignore[arg-type]
    await pool.close()


async def test_a_request_for_another_adapter_is_not_starved(
    local_home: Path, adapters: list[Adapter]
) -> None:
    """Where it must wait till nobody is answered, those who come later do not overtake it."""
    engine = make_engine(LLAMA_CPP, local_home)
    await ask(engine, adapters[0])
    is_over = asyncio.Event()

    is_answered = asyncio.Event()

    async def busy() -> None:
        while not is_over.is_set():
            await ask(engine, adapters[0], max_tokens=30)
            is_answered.set()

    crowd = [asyncio.create_task(busy()) for _ in range(3)]
    await is_answered.wait()
    await asyncio.wait_for(ask(engine, adapters[1]), 60)
    is_over.set()
    await asyncio.gather(*crowd)
    await engine.close()


def finish_of(parts: list[dict[str, Any]]) -> Any:
    (reason,) = {
        choice["finish_reason"]
        for part in parts
        for choice in part["choices"]
        if choice.get("finish_reason")
    }
    return reason
