"""Base classes that wrap a session generator as a Runnable.

A stage is one pure generator function, `over`. All that LangChain expects of a Runnable stands
here once: invoke, stream, transform, their async twins, callbacks, composition with `|`.

Two things differ from langchain-core's own helpers, on purpose. Nothing is kept of what passes,
so that a chain over a lazy loader holds one session at a time. And a traced run carries counts,
never messages: someone who has LangSmith switched on must not upload other people's chats.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import aclosing, closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Union, cast, overload

from langchain_core.runnables import RunnableBinding, RunnableSequence, RunnableSerializable
from pydantic import ConfigDict
from typing_extensions import override

from langchain_fbmessenger._internal.iteration import LoopIterator, iterate_in_thread
from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger._internal.tracing import atraced_run, traced_run
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.sessions.intake import (
    EXAMPLES,
    SESSIONS,
    ChatSessionSchema,
    Counts,
    SessionsInput,
    asessions_of,
    sessions_of,
    transcripts_of,
    validate_input,
    validate_sync_input,
)
from langchain_fbmessenger.transcripts.transcript import SessionIterator, Transcript

if TYPE_CHECKING:
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.runnables import RunnableConfig
    from langchain_core.runnables.graph import Graph

__all__ = [
    "EXAMPLES",
    "ChatSessionPipeline",
    "ComposesAfterStage",
    "SessionStage",
    "TranscriptStage",
    "sessions_in",
]


class ComposesAfterStage(ABC):
    """A Runnable to put behind a stage with `|` that keeps chats from traces as stages do."""

    @abstractmethod
    def compose_after(self, stage: SessionStage) -> RunnableSerializable[Any, Any]:
        """Return the Runnable that `stage | self` stands for."""


class SessionStage(Options, RunnableSerializable[Any, Any], ABC):
    """A stage over chat sessions: a generator function wrapped as a Runnable.

    What goes in comes out: one session gives one session (or a list, where a stage makes several
    things of one), a list gives a list, a lazy iterator gives a lazy iterator. `stream` gives item
    by item. `stage | stage` is a `ChatSessionPipeline`.
    """

    model_config = ConfigDict(extra="forbid")

    takes: ClassVar[str] = SESSIONS
    """The name of the stage's input, for errors."""

    @abstractmethod
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[Any]:
        """Return an iterator over what the sessions make, reading no further than needed."""

    def over(self, sessions: Iterator[Any]) -> Iterator[Any]:
        """Do what `apply` does, with transcripts where the stage takes or gives them.

        Args:
            sessions: Transcripts where `takes_transcripts` says so, else LangChain's dicts.
        """
        return self.apply(sessions)

    @property
    def takes_transcripts(self) -> bool:
        """Whether `over` takes transcripts, as all stages of this package do."""
        return False

    @property
    def gives_transcripts(self) -> bool:
        """Whether `over` gives transcripts."""
        return False

    @property
    def takes_parts(self) -> bool:
        """Whether `over` takes a long session part by part, and gives the same."""
        return False

    @property
    def looks_at_texts_alone(self) -> bool:
        """Whether what `over` gives depends on senders, texts and times, and on nothing else."""
        return False

    @property
    def one_to_one(self) -> bool:
        """Whether each session gives exactly one item."""
        return True

    @property
    def item_type(self) -> Any:
        """The type of the items, for the schemas."""
        return ChatSessionSchema

    @property
    @override
    def InputType(self) -> Any:
        return SessionsInput

    @property
    @override
    def OutputType(self) -> Any:
        item = self.item_type
        items = list[item]  # type: ignore[valid-type]  # made at run time, for the schemas
        return Union[item, items] if self.one_to_one else items  # noqa: UP007

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the stage over a session, a list of sessions or an iterator of sessions.

        Args:
            input: One chat session, any iterable of them, or a loader.
            config: Callbacks, tags, run name and the like.
            **kwargs: Refused: options are the stage's own fields.

        Returns:
            One item or a list for one session, a list for a list, an iterator for an iterator.

        Raises:
            InvalidInputError: The input holds no chat sessions, or an option was given.
        """
        items = self.stream(validate_input(input, self.takes), config, **kwargs)
        if not isinstance(input, Mapping | list | tuple):
            return items
        return self._in_form_of(input, list(items))

    @override
    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run `invoke` without blocking the event loop; an iterator gives an async iterator."""
        items = self.astream(validate_input(input, self.takes), config, **kwargs)
        if not isinstance(input, Mapping | list | tuple):
            return items
        return self._in_form_of(input, [item async for item in items])

    def _in_form_of(self, given: Any, made: list[Any]) -> Any:
        """Return what was made: of one session one, where each makes one; else the list."""
        if isinstance(given, Mapping) and self.one_to_one:
            (item,) = made
            return item
        return made

    @override
    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Generator[Any, None, None]:
        """Return an iterator over what the sessions make, item by item."""
        return self.transform(iter([input]), config, **kwargs)

    @override
    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncGenerator[Any, None]:
        """Yield item by item without blocking the event loop; async iterators go in as well."""
        items = self.atransform(_aiter_of_one(input), config, **kwargs)
        async with aclosing(items):
            async for item in items:
                yield item

    @override
    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Generator[Any, None, None]:
        """Run over chunks: each is a session or an iterable of sessions."""
        _refuse_options(self, kwargs)
        counts = Counts()
        with traced_run(config, self.get_name()) as output:
            try:
                with closing(self._counted(input, counts)) as items:
                    yield from items
            finally:
                del input  # which the traceback of an early end would hold, on Python 3.10
                output.update(counts.as_output())

    @override
    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncGenerator[Any, None]:
        """Run over chunks of an async iterator; the work is done in a worker thread."""
        _refuse_options(self, kwargs)
        counts = Counts()
        async with atraced_run(config, self.get_name()) as output:
            sources = LoopIterator(asessions_of(input))
            items = iterate_in_thread(self._counted(sources, counts))
            try:
                async with aclosing(items):
                    async for item in items:
                        yield item
            finally:
                await sources.aclose()
                output.update(counts.as_output())

    def _counted(self, chunks: Iterator[Any], counts: Counts) -> Generator[Any, None, None]:
        given = self.over(counts.counting_sessions(self._intake(chunks)))
        yield from counts.counting_given(as_sessions(given) if self.gives_transcripts else given)

    def _intake(self, chunks: Iterator[Any]) -> Iterator[Any]:
        if self.takes_transcripts:
            return transcripts_of(chunks, in_parts=self.takes_parts)
        return sessions_of(chunks, self.takes)

    def items_of(self, sessions: Any) -> Iterator[Any]:
        """Return an iterator over what sessions make, without a traced run.

        Args:
            sessions: A session, an iterable or a loader of sessions.

        Raises:
            InvalidInputError: It is something else.
        """
        given = self.over(self._intake(iter([validate_sync_input(sessions, self.takes)])))
        return SessionIterator(lambda _: given) if self.gives_transcripts else given

    @overload  # type: ignore[override]  # narrower, and wider, than core's
    def __or__(self, other: SessionStage) -> ChatSessionPipeline: ...
    @overload
    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]: ...
    @override
    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        if isinstance(other, SessionStage):
            return ChatSessionPipeline(steps=(*_steps(self), *_steps(other)))
        if isinstance(other, ComposesAfterStage):
            return other.compose_after(self)
        if isinstance(other, RunnableBinding) and isinstance(
            other.bound, SessionStage | ComposesAfterStage
        ):
            return other.model_copy(update={"bound": self | other.bound})
        return RunnableSequence(_CollectForForeignRunnable(stage=self), other)

    @override
    def pipe(self, *others: Any, name: str | None = None) -> RunnableSerializable[Any, Any]:
        """Compose with `|` from left to right."""
        composed: RunnableSerializable[Any, Any] = self
        for other in others:
            composed = composed | other
        return composed if name is None else composed.with_config(run_name=name)  # type: ignore[return-value]

    @override
    def with_config(self, config: RunnableConfig | None = None, **kwargs: Any) -> StageBinding:
        """Bind a config; what is composed from the result stays a pipeline of ours."""
        bound = cast("RunnableConfig", {**(config or {}), **kwargs})
        return StageBinding(bound=self, config=bound, kwargs={})


class TranscriptStage(SessionStage):
    """A stage that takes transcripts and gives transcripts."""

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[Any]:
        given = self.over(transcripts_of(sessions))
        return as_sessions(given) if self.gives_transcripts else given

    @abstractmethod
    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Any]:
        """Return an iterator over what the sessions make, reading no further than needed."""

    @property
    @override
    def takes_transcripts(self) -> bool:
        return True

    @property
    @override
    def gives_transcripts(self) -> bool:
        return True


class ChatSessionPipeline(SessionStage):
    """Stages in a row, run as chained generators under one traced run.

    Made by `stage | stage`. langchain-core's own sequence would record every session that passes
    between two steps; this records counts.
    """

    steps: tuple[SessionStage, ...]

    @property
    @override
    def one_to_one(self) -> bool:
        return all(step.one_to_one for step in self.steps)

    @property
    @override
    def item_type(self) -> Any:
        return self.steps[-1].item_type

    @property
    @override
    def takes_transcripts(self) -> bool:
        return self.steps[0].takes_transcripts

    @property
    @override
    def gives_transcripts(self) -> bool:
        return self.steps[-1].gives_transcripts

    @property
    @override
    def takes_parts(self) -> bool:
        # Reactions to a part, and nicknames, may only come with a later part.
        return (
            not self.gives_transcripts
            and self.steps[0].takes_parts
            and all(step.looks_at_texts_alone for step in self.steps)
        )

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[Any]:
        given = self.over(self._intake(sessions))
        return as_sessions(given) if self.gives_transcripts else given

    @override
    def over(self, sessions: Iterator[Any]) -> Iterator[Any]:
        items = self.steps[0].over(sessions)
        for before, step in pairwise(self.steps):
            if before.gives_transcripts and not step.takes_transcripts:
                items = as_sessions(items)
            elif step.takes_transcripts and not before.gives_transcripts:
                items = transcripts_of(items)
            items = step.over(items)
        return items

    @override
    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """Show the steps, as langchain-core's sequence does."""
        return RunnableSequence(*self.steps).get_graph(config)

    @override
    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        """Name the pipeline by its steps."""
        own = name or self.name or "|".join(step.get_name() for step in self.steps)
        return super().get_name(suffix, name=own)


class StageBinding(RunnableBinding[Any, Any]):
    """A stage with a config bound to it, which goes to the whole chain it becomes part of."""

    @override
    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        return self.model_copy(update={"bound": self.bound | other})


class _CollectForForeignRunnable(RunnableSerializable[Any, Any]):
    """A stage in front of a foreign Runnable, which gets the same in a stream as in `invoke`.

    langchain-core adds up the chunks that reach a function, and of dicts it keeps the last: all
    sessions but one would be lost without a word. So they pass as one list.
    """

    stage: SessionStage

    @override
    def get_name(self, suffix: str | None = None, *, name: str | None = None) -> str:
        return self.stage.get_name(suffix, name=name)

    @property
    @override
    def InputType(self) -> Any:
        return self.stage.InputType

    @property
    @override
    def OutputType(self) -> Any:
        return self.stage.OutputType

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the stage."""
        return self.stage.invoke(input, config, **kwargs)

    @override
    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the stage without blocking the event loop."""
        return await self.stage.ainvoke(input, config, **kwargs)


def as_sessions(transcripts: Iterator[Transcript]) -> Iterator[ChatSession]:
    """Return an iterator over the sessions as LangChain's dicts."""
    return map(Transcript.to_session, transcripts)


def sessions_in(sessions: Any, what: str = SESSIONS) -> Iterator[Any]:
    """Return an iterator over the chat sessions, or training examples, that are given.

    Args:
        sessions: A session, an iterable or a loader of sessions.
        what: `SESSIONS` or `EXAMPLES`.

    Raises:
        InvalidInputError: It is something else; at once where that can be seen.
    """
    return sessions_of(iter([validate_sync_input(sessions, what)]), what)


def _refuse_options(stage: SessionStage, options: dict[str, Any]) -> None:
    if options:
        message = f"{stage.get_name()} takes no options when it runs, got {', '.join(options)}"
        raise InvalidInputError(message)


async def _aiter_of_one(input_: Any) -> AsyncIterator[Any]:
    yield input_


def _steps(stage: SessionStage) -> tuple[SessionStage, ...]:
    return stage.steps if isinstance(stage, ChatSessionPipeline) else (stage,)
