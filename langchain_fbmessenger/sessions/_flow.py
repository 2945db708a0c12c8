"""What flows through a stage: chunks of sessions are flattened, checked and counted."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage

if TYPE_CHECKING:
    from langchain_core.chat_sessions import ChatSession

__all__ = ["Counts", "aiter_of_one", "asessions_of", "collected", "given", "sessions_of"]


class Counts:
    """What passes through a run, in numbers."""

    def __init__(self) -> None:
        self.sessions = 0
        self.given = 0

    def count_sessions(self, sessions: Iterator[ChatSession]) -> Iterator[ChatSession]:
        """Pass sessions on, counted."""
        for session in sessions:
            self.sessions += 1
            yield session

    def as_output(self) -> dict[str, int]:
        """Return what a trace may hold."""
        return {"sessions": self.sessions, "items": self.given}


def given(sessions: Any) -> Any:
    """Refuse at once what is neither a session nor holds any, before a lazy iterator hides it."""
    several = isinstance(sessions, Iterable | AsyncIterable) and not isinstance(
        sessions, str | bytes
    )
    return sessions if several else _checked(sessions)


def sessions_of(chunks: Iterator[Any]) -> Iterator[ChatSession]:
    """Give the sessions that chunks hold: each is a session or an iterable of sessions."""
    for chunk in chunks:
        if isinstance(chunk, Mapping):
            yield _checked(chunk)
        elif isinstance(chunk, Iterable) and not isinstance(chunk, str | bytes):
            yield from map(_checked, chunk)
        else:
            _checked(chunk)


async def asessions_of(chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Flatten chunks that are async iterables; plain ones are flattened in the worker thread."""
    async for chunk in chunks:
        if isinstance(chunk, AsyncIterable):
            async for session in chunk:
                yield session
        else:
            yield chunk


def _checked(session: Any) -> ChatSession:
    # Only types are named: what is given may hold somebody's chat. So may the errors that it would
    # end in later, as their attribute `obj`.
    if isinstance(session, Mapping) and "messages" in session:
        for kind in _kinds_of(session["messages"]):
            if not issubclass(kind, BaseMessage | Mapping):  # the latter in training examples
                message = f"expected messages in a chat session, got {kind.__name__}"
                raise TypeError(message)
        if not isinstance(thread := session.get("thread"), Mapping | None):
            message = f"expected a dict as a chat session's 'thread', got {type(thread).__name__}"
            raise TypeError(message)
        return session  # type: ignore[return-value]  # a TypedDict is a plain dict
    got = type(session).__name__
    hint = ": use `astream` or `ainvoke`" if isinstance(session, AsyncIterable) else ""
    message = f"expected chat sessions (dicts with a key 'messages'), got {got}{hint}"
    raise TypeError(message)


def _kinds_of(messages: Any) -> set[type]:
    """Return the types of what stands for messages: few, where the messages are many."""
    is_several = isinstance(messages, Iterable) and not isinstance(messages, str | bytes | Mapping)
    return {*map(type, messages)} if is_several else {type(messages)}


async def aiter_of_one(item: Any) -> AsyncIterator[Any]:
    """Give one thing, as an async iterator."""
    yield item


async def collected(items: AsyncIterator[Any]) -> list[Any]:
    """Return all items as a list."""
    return [item async for item in items]
