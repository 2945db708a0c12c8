"""Models that fail, repeat, stream for ever or say nothing: each answer ends, and is counted."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda

from langchain_fbmessenger import InvalidInputError, InvalidOptionError
from langchain_fbmessenger.evaluation.answering import (
    AnswerLimits,
    Asked,
    aanswer_all,
    answer_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASED = threading.Event()


def questions(count: int) -> list[Asked]:
    return [Asked(number, (("user", f"question {number}"),)) for number in range(count)]


def ask(model: Any, count: int = 6, at_once: int = 2, **limits: Any) -> list[str | None]:
    """Ask in both ways, which must agree; return the answers."""
    both = []
    for is_async in (False, True):
        asked, ended = questions(count), []
        options: dict[str, Any] = {"max_concurrency": at_once, "on_answer": ended.append}
        if is_async:
            asyncio.run(aanswer_all(model, asked, AnswerLimits(**limits), **options))
        else:
            answer_all(model, asked, AnswerLimits(**limits), **options)
        assert sorted(one.number for one in ended) == list(range(count))
        both.append([one.answer for one in asked])
    assert both[0] == both[1]
    return both[0]


def number_of(messages: Any) -> int:
    return int(str(messages[-1].content).split()[-1])


def test_messages_and_texts_are_answers() -> None:
    assert ask(RunnableLambda(lambda _: " hi ")) == ["hi"] * 6
    assert ask(RunnableLambda(lambda _: AIMessage("hi"))) == ["hi"] * 6


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_each_question_gets_its_own_answer(at_once: int) -> None:
    model = RunnableLambda(lambda messages: f"to {number_of(messages)}")
    assert ask(model, 12, at_once) == [f"to {number}" for number in range(12)]


def test_what_raises_is_a_failure_and_the_rest_is_asked() -> None:
    def answer(messages: Any) -> str:
        if number_of(messages) % 2:
            raise ValueError
        return "fine"

    assert ask(RunnableLambda(answer)) == ["fine", None] * 3


def test_what_raises_midway_is_a_failure() -> None:
    def break_off(_: Iterator[Any]) -> Iterator[str]:
        yield "half an ans"
        raise ConnectionError

    async def abreak_off(_: Any) -> Any:
        yield "half an ans"
        raise ConnectionError

    assert ask(RunnableGenerator(break_off, abreak_off)) == [None] * 6


def test_an_answer_without_end_is_cut() -> None:
    def for_ever(_: Iterator[Any]) -> Iterator[str]:
        while True:
            yield "ha"

    async def afor_ever(_: Any) -> Any:
        while True:
            yield "ha"

    assert ask(RunnableGenerator(for_ever, afor_ever), characters=9) == ["hahahahah"] * 6


def test_nothing_said_is_a_failure() -> None:
    assert ask(RunnableLambda(lambda _: " \n")) == [None] * 6


async def _never(_: Any) -> str:
    await asyncio.Event().wait()
    return "never"


def test_an_answer_that_does_not_come_is_given_up() -> None:
    def never(_: Any) -> str:
        RELEASED.wait()
        return "never"

    try:
        assert ask(RunnableLambda(never, afunc=_never), 3, seconds=0.05) == [None] * 3
    finally:
        RELEASED.set()


def test_what_came_before_the_time_was_over_is_an_answer() -> None:
    released = threading.Event()

    def stall(_: Iterator[Any]) -> Iterator[str]:
        yield "so far"
        released.wait()

    async def astall(_: Any) -> Any:
        yield "so far"
        await asyncio.Event().wait()

    try:
        assert ask(RunnableGenerator(stall, astall), 2, seconds=0.2) == ["so far"] * 2
    finally:
        released.set()


def test_other_things_than_texts_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="gave a dict"):
        ask(RunnableLambda(lambda _: {"answer": "hi"}))
    with pytest.raises(InvalidInputError, match="gave a dict"):
        asyncio.run(
            aanswer_all(
                RunnableLambda(lambda _: {"answer": "hi"}),
                questions(3),
                AnswerLimits(),
                max_concurrency=2,
                on_answer=lambda _: None,
            )
        )


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"characters": 0}, {"at_once": 0}])
def test_limits_below_anything_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError):
        ask(RunnableLambda(lambda _: "hi"), **wrong)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_no_failure(error: type[BaseException]) -> None:
    def end(_: Any) -> str:
        raise error

    with pytest.raises(error):
        ask(RunnableLambda(end), seconds=60)
    with pytest.raises(error):
        asyncio.run(answered_async(RunnableLambda(end)))


async def answered_async(model: Any, **changes: Any) -> list[Asked]:
    asked = questions(6)
    options: dict[str, Any] = {"max_concurrency": 2, "on_answer": lambda _: None, **changes}
    await aanswer_all(model, asked, AnswerLimits(), **options)
    return asked


def test_a_time_out_of_the_model_s_own_is_a_failure() -> None:
    def lose(_: Iterator[Any]) -> Iterator[str]:
        yield "half an ans"
        raise TimeoutError

    async def alose(_: Any) -> Any:
        yield "half an ans"
        raise asyncio.TimeoutError

    assert ask(RunnableGenerator(lose, alose)) == [None] * 6


def test_an_error_of_this_package_s_within_a_model_is_counted() -> None:
    def answer(messages: Any) -> str:
        if number_of(messages) % 2:
            message = "this prompt is too long"
            raise InvalidInputError(message)
        return "fine"

    assert ask(RunnableLambda(answer)) == ["fine", None] * 3


class Restless(Runnable[Any, str]):
    """Streams pieces without text for ever, and lets nobody else in between."""

    def invoke(self, *_: Any, **__: Any) -> str:
        raise NotImplementedError

    async def astream(self, *_: Any, **__: Any) -> Any:
        while True:
            yield ""


def test_an_answer_that_lets_nobody_in_is_given_up() -> None:
    asked = questions(2)
    options: dict[str, Any] = {"max_concurrency": 2, "on_answer": lambda _: None}
    asyncio.run(aanswer_all(Restless(), asked, AnswerLimits(seconds=0.05), **options))
    assert [one.answer for one in asked] == [None] * 2


async def test_nobody_waits_for_an_answer_when_asking_has_ended() -> None:
    before = asyncio.all_tasks()

    async def answer(messages: Any) -> Any:
        if number_of(messages):
            return {"no": "text"}
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)

    with pytest.raises(InvalidInputError):
        await answered_async(RunnableLambda(answer))
    assert asyncio.all_tasks() == before


async def test_who_cancels_ends_all_questions() -> None:
    before = asyncio.all_tasks()
    started = asyncio.Event()
    asked: list[int] = []

    async def answer(messages: Any) -> str:
        asked.append(number_of(messages))
        started.set()
        await asyncio.Event().wait()
        return "never"

    under_way = asyncio.create_task(answered_async(RunnableLambda(answer)))
    await started.wait()
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert asyncio.all_tasks() == before
    assert len(asked) <= 2
