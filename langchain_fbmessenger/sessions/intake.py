"""Flatten, check and count what flows through a stage, and describe it for schemas.

langchain-core's `ChatSession` is a `typing.TypedDict`, which pydantic refuses before Python 3.12,
and it lacks our key `thread`: the mirror here serves type checkers and the schemas of our
Runnables. At run time both are the same plain dict.
"""

from __future__ import annotations

import os
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from io import IOBase
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, Union

from langchain_core.messages import AnyMessage, BaseMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel
from typing_extensions import TypedDict

from langchain_fbmessenger._internal.roster import ThreadInfo  # noqa: TC001 - for pydantic
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.transcripts.transcript import SessionIterator, transcript_of

if TYPE_CHECKING:
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = [
    "EXAMPLES",
    "SESSIONS",
    "ChatSessionSchema",
    "Counts",
    "SessionsInput",
    "asessions_of",
    "one_session",
    "sessions_of",
    "transcripts_of",
    "validate_input",
    "validate_sync_input",
]

T = TypeVar("T")

SESSIONS = "chat sessions (dicts with a key 'messages')"
EXAMPLES = "training examples (dicts with a key 'messages')"

_HINTS: tuple[tuple[Any, str], ...] = (
    (
        str | bytes | os.PathLike,
        ": FacebookMessengerChatLoader(path) loads an export; options are given by their names",
    ),
    (type, ": a class, of which an instance is wanted"),
    (BaseMessage, ": messages of one chat are a session, {'messages': [...]}"),
    (Runnable, ": stages are put in a row with `|`"),
    (AsyncIterable, ": use `astream` or `ainvoke`"),
    (Awaitable, ": it was not awaited"),
    (list | tuple, ": several are taken by the function without `_in_session`"),
)


class ChatSessionSchema(TypedDict, total=False):
    """A chat session: messages, oldest first, and the thread they come from."""

    messages: list[AnyMessage]
    functions: list[dict[str, Any]]
    thread: ThreadInfo


SessionsInput = Union[ChatSessionSchema, Iterable[ChatSessionSchema]]  # noqa: UP007 - made at run time, on Python 3.10 too


class Counts:
    """Counts what passes through a run."""

    def __init__(self) -> None:
        self.sessions = 0
        self.given = 0

    def counting_sessions(self, sessions: Iterator[T]) -> Iterator[T]:
        """Pass sessions on, counted, without holding one back."""
        return map(self._count_session, sessions)

    def counting_given(self, items: Iterator[T]) -> Iterator[T]:
        """Pass on the items that a run gives, counted."""
        return map(self._count_given, items)

    def as_output(self) -> dict[str, int]:
        """Return what a trace may hold."""
        return {"sessions": self.sessions, "items": self.given}

    def _count_session(self, session: T) -> T:
        self.sessions += not getattr(session, "goes_on", False)
        return session

    def _count_given(self, item: T) -> T:
        self.given += 1
        return item


def validate_input(sessions: Any, what: str = SESSIONS) -> Any:
    """Return the input of a stage as it is, or refuse it before a lazy iterator hides what it is.

    Args:
        sessions: A session, an iterable or async iterable of sessions, or a loader of them.
        what: What is expected: `SESSIONS` or `EXAMPLES`, which are dicts of the same shape.

    Raises:
        InvalidInputError: It is something else.
    """
    if isinstance(sessions, Mapping):
        return _checked(sessions, what)
    if _is_loader(sessions):
        return sessions
    if isinstance(sessions, list | tuple):
        for one in sessions:
            if not (isinstance(one, Mapping) and "messages" in one):
                raise _wrong(one, what, within=type(sessions).__name__)
        return sessions
    is_one_thing = isinstance(sessions, str | bytes | bytearray | type | BaseModel | IOBase)
    if is_one_thing or not isinstance(sessions, Iterable | AsyncIterable):
        raise _wrong(sessions, what)
    return sessions


def validate_sync_input(sessions: Any, what: str = SESSIONS) -> Any:
    """Do what `validate_input` does, and refuse async iterables as well.

    Raises:
        InvalidInputError: It is something else.
    """
    if isinstance(sessions, AsyncIterable) and not isinstance(sessions, Iterable):
        raise _wrong(sessions, what)
    return validate_input(sessions, what)


def one_session(session: Any) -> ChatSession:
    """Return the input of a function that takes one session, or refuse it.

    Raises:
        InvalidInputError: It is not a chat session, or it is several.
    """
    if isinstance(session, Mapping):
        return _checked(session, SESSIONS)
    raise _wrong(session, "one chat session, a dict with a key 'messages'")


def sessions_of(chunks: Iterator[Any], what: str = SESSIONS) -> Iterator[ChatSession]:
    """Yield the sessions that chunks hold: each a session, an iterable of them, or a loader."""
    for chunk in chunks:
        if isinstance(chunk, Mapping):
            yield _checked(chunk, what)
            continue
        source = validate_sync_input(chunk, what)
        for session in source.lazy_load() if _is_loader(source) else source:
            yield _checked(session, what)


def transcripts_of(chunks: Iterator[Any], *, in_parts: bool = False) -> Iterator[Transcript]:
    """Yield the sessions that chunks hold as transcripts, which our loaders' sessions are already.

    Args:
        chunks: Each is a session, an iterable of sessions, or a loader.
        in_parts: Whether long sessions of our loaders may come in parts.
    """
    for chunk in chunks:
        source: Any = chunk if isinstance(chunk, Mapping) else validate_sync_input(chunk)
        source = source.lazy_load() if _is_loader(source) else source
        if isinstance(source, SessionIterator):
            # Chained, so that closing this leaves the iterator open for the caller who made it.
            yield from chain(source.transcripts(in_parts=in_parts))
        else:
            yield from map(transcript_of, sessions_of(iter([source])))


async def asessions_of(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Flatten chunks that are async iterables; plain ones are flattened in the worker thread."""
    async for chunk in chunks:
        if isinstance(chunk, AsyncIterable):
            async for session in chunk:
                yield session
        else:
            yield chunk


def _checked(session: Any, what: str) -> ChatSession:
    # Only types are named: the input may hold a chat. So may the errors that it would cause later,
    # in their attribute `obj`.
    if not (isinstance(session, Mapping) and "messages" in session):
        raise _wrong(session, what)
    messages = session["messages"]
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        message = f"expected a list of messages in {what}, got {type(messages).__name__}"
        raise InvalidInputError(message)
    expected = Mapping if what == EXAMPLES else BaseMessage
    for kind in {*map(type, messages)}:  # few, where the messages are many
        if not issubclass(kind, expected):
            hint = ": training examples are made of sessions" if issubclass(kind, Mapping) else ""
            message = f"expected messages in {what}, got {kind.__name__}{hint}"
            raise InvalidInputError(message)
    thread = session.get("thread")
    if not isinstance(thread, Mapping | None):
        message = f"expected a dict as a chat session's 'thread', got {type(thread).__name__}"
        raise InvalidInputError(message)
    people = thread.get("participants") if thread else None
    if not isinstance(people, Collection | None) or isinstance(people, str | bytes):
        message = f"expected a list of a thread's 'participants', got {type(people).__name__}"
        raise InvalidInputError(message)
    return session  # type: ignore[return-value]  # a TypedDict is a plain dict


def _is_loader(given: Any) -> bool:
    """Return whether something loads sessions, as all of LangChain's chat loaders do."""
    return not isinstance(given, type | Mapping) and callable(getattr(given, "lazy_load", None))


def _wrong(given: Any, what: str, within: str = "") -> InvalidInputError:
    """Return an error that says what was given instead, and what to do about it."""
    got = f"{type(given).__name__} in a {within}" if within else type(given).__name__
    return InvalidInputError(f"expected {what}, got {got}{_hint(given, what)}")


def _hint(given: Any, what: str) -> str:
    if isinstance(given, str | bytes | os.PathLike) and what == EXAMPLES:
        return ": read_jsonl(path) reads a file of them"
    return next((hint for kind, hint in _HINTS if isinstance(given, kind)), "")
