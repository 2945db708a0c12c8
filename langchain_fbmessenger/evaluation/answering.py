"""Ask models for answers, within limits: streamed, several at once, and kept as they come."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from contextlib import closing
from contextvars import Context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.utils.env import env_var_is_set
from langsmith import tracing_context  # langchain-core depends on it: its tracing goes there

from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger.exceptions import InvalidInputError, InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from langchain_core.runnables import Runnable

__all__ = ["AnswerLimits", "Asked", "aanswer_all", "answer_all", "refuse_before_asking"]

# LangChain refuses every call under these, unless LangSmith's tracing is on, which it must not be.
_OLD_TRACING = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")


class AnswerLimits(NamedTuple):
    """How far a single answer goes.

    Attributes:
        seconds: After so long it ends; without any text it has failed.
        characters: At so many it is cut: nobody writes longer messages, and a model that has lost
            its way does not end by itself.
    """

    seconds: float = 120.0
    characters: int = 2_000


@dataclass
class Asked:
    """One question under way: what has come so far.

    Attributes:
        number: Which question it is.
        turns: The prompt, each turn a role and a text.
        text: What has come.
        error: What the model failed with.
        is_over: Whether its time is over: what has come by then is the answer.
        is_no_text: Whether the model gave neither messages nor texts, which it will always do.
    """

    number: int
    turns: Sequence[tuple[str, str]]
    text: str = field(default="", repr=False)
    error: BaseException | None = field(default=None, repr=False)
    is_over: bool = False
    is_no_text: bool = False

    @property
    def answer(self) -> str | None:
        """What the model has answered, None where it failed."""
        return None if self.error is not None else self.text.strip() or None

    def messages(self) -> list[BaseMessage]:
        """Return the prompt as messages."""
        return convert_to_messages(list(self.turns))

    def take(self, chunk: Any, limits: AnswerLimits) -> bool:
        """Add a piece of the answer; return whether it goes on."""
        if not isinstance(chunk, (str, BaseMessage)):
            self.is_no_text = True
            message = f"the model gave a {type(chunk).__name__}: messages or texts are read here"
            raise InvalidInputError(message)
        self.text += chunk if isinstance(chunk, str) else str(chunk.text)
        if len(self.text) >= limits.characters:
            self.text = self.text[: limits.characters]
            return False
        return not self.is_over


def answer_all(
    model: Runnable[Any, Any],
    questions: Sequence[Asked],
    limits: AnswerLimits,
    *,
    max_concurrency: int,
    on_answer: Callable[[Asked], None],
) -> None:
    """Ask a model all questions; each answer is given away as it comes.

    Nobody traces and no callback of the caller's listens. A question that takes too long is left
    alone: its thread ends with the model's next word, or with the process.

    Args:
        model: Takes messages, streams messages or texts.
        questions: What to ask.
        limits: How far each answer goes.
        max_concurrency: How many at once.
        on_answer: Is called in this thread with each question when its answer is there, or failed.

    Raises:
        InvalidOptionError: A limit or `max_concurrency` is not above 0, or the environment asks
            for a tracer that LangChain no longer has.
        InvalidInputError: The model gives neither messages nor texts.
        BaseException: The model's own, where it is no Exception: it wants to end the process.
    """
    refuse_before_asking(limits, max_concurrency)
    ended: queue.SimpleQueue[Asked] = queue.SimpleQueue()
    waiting = iter(questions)
    deadlines: dict[int, tuple[float, Asked]] = {}

    def start() -> bool:
        asked = next(waiting, None)
        if asked is None:
            return False
        deadlines[asked.number] = (time.monotonic() + limits.seconds, asked)
        # A daemon: a model that never answers keeps no process from its end.
        target = Context().run
        threading.Thread(
            target=target, args=(_stream, model, asked, limits, ended), daemon=True
        ).start()
        return True

    while len(deadlines) < max_concurrency and start():
        pass
    while deadlines:
        deadline, oldest = min(deadlines.values(), key=lambda one: one[0])
        try:
            asked = ended.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            asked = oldest
            asked.is_over = True
        if deadlines.pop(asked.number, None) is None:
            continue  # it was given up before
        _refuse_to_go_on(asked)
        on_answer(asked)
        start()


def _stream(
    model: Runnable[Any, Any], asked: Asked, limits: AnswerLimits, ended: queue.SimpleQueue[Asked]
) -> None:
    try:
        with tracing_context(enabled=False), closing(_chunks(model, asked)) as chunks:
            for chunk in chunks:
                if not asked.take(chunk, limits):
                    break
    except BaseException as error:  # noqa: BLE001 - counted, or raised where it is waited for
        asked.error = error
    ended.put(asked)


def _chunks(model: Runnable[Any, Any], asked: Asked) -> Generator[Any, None, None]:
    yield from model.stream(asked.messages())


async def aanswer_all(
    model: Runnable[Any, Any],
    questions: Sequence[Asked],
    limits: AnswerLimits,
    *,
    max_concurrency: int,
    on_answer: Callable[[Asked], None],
) -> None:
    """Ask a model all questions; the async twin of `answer_all`."""
    refuse_before_asking(limits, max_concurrency)
    waiting = iter(questions)
    one_at_a_time = asyncio.Lock()

    async def work() -> None:
        for asked in waiting:
            try:
                # A model's own TimeoutError is noted within: it is a failure, and no time limit.
                await asyncio.wait_for(_astream(model, asked, limits), limits.seconds)
            except asyncio.TimeoutError:
                asked.is_over = True
            _refuse_to_go_on(asked)
            async with one_at_a_time:
                await run_in_thread(on_answer, asked)  # it may write to a disk

    async def work_all() -> None:
        with tracing_context(enabled=False):
            workers = [asyncio.ensure_future(work()) for _ in range(max_concurrency)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    # A task takes the context that it is made in; Python 3.10 has no argument for it.
    await Context().run(asyncio.get_running_loop().create_task, work_all())


async def _astream(model: Runnable[Any, Any], asked: Asked, limits: AnswerLimits) -> None:
    over = time.monotonic() + limits.seconds
    try:
        chunks = model.astream(asked.messages())
        try:
            async for chunk in chunks:
                # Pieces that come without a wait between them leave the time limit no turn.
                if not asked.take(chunk, limits) or time.monotonic() > over:
                    break
        finally:
            if close := getattr(chunks, "aclose", None):
                await close()
    except Exception as error:  # noqa: BLE001 - whatever a model raises is counted
        asked.error = error


def refuse_before_asking(limits: AnswerLimits, max_concurrency: int) -> None:
    """Refuse what no model could be asked with.

    Raises:
        InvalidOptionError: A limit or `max_concurrency` is not above 0, or the environment asks
            for a tracer that LangChain no longer has: it would answer only if it may trace.
    """
    if max_concurrency < 1:
        message = f"max_concurrency must be at least 1, not {max_concurrency}"
        raise InvalidOptionError(message)
    if not limits.seconds > 0 or limits.characters < 1:
        message = (
            f"seconds ({limits.seconds:g}) and max_characters ({limits.characters}) must be above 0"
        )
        raise InvalidOptionError(message)
    for name in _OLD_TRACING:
        if env_var_is_set(name):
            message = (
                f"{name} is set: LangChain then answers only while it is traced, and what is asked "
                "here are chats, which must not be. Unset it; LANGSMITH_TRACING=true may stay"
            )
            raise InvalidOptionError(message)


def _refuse_to_go_on(asked: Asked) -> None:
    if asked.error is None:
        return
    if asked.is_no_text or not isinstance(asked.error, Exception):
        raise asked.error
