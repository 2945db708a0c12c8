"""Turn one person's messages into the assistant's: sessions in, sessions out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast, overload

from langchain_core.messages import AIMessage
from pydantic import field_validator
from typing_extensions import override

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import ai_message
from langchain_fbmessenger._names import comparable_name
from langchain_fbmessenger.exceptions import UnknownOwnerError, UnknownSenderError
from langchain_fbmessenger.sessions.stage import SessionStage, dual_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["MapAIMessages", "map_ai_messages", "map_ai_messages_in_session"]


class MapAIMessages(SessionStage):
    """The Runnable form of `map_ai_messages`."""

    name: str | None = "map_ai_messages"

    sender: str | None = None
    """The name of the person whose messages become the assistant's; None for the owner."""

    @field_validator("sender")
    @classmethod
    def _named(cls, sender: str | None) -> str | None:
        if sender is not None and not comparable_name(sender):
            message = "the sender's name is blank"
            raise ValueError(message)
        return sender

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[ChatSession]:
        people: dict[str, _People] = {}  # several exports may have several owners
        for session in sessions:
            sender = self.sender or _owner_of(session)
            messages = _map_messages(session, people.setdefault(sender, _People(sender)))
            yield cast("ChatSession", {**session, "messages": messages})
        for known in people.values():
            known.check()


@overload
def map_ai_messages(
    chat_sessions: Iterable[ChatSession], sender: str | None = ...
) -> Iterator[ChatSession]: ...
@overload
def map_ai_messages(chat_sessions: None = None, sender: str | None = ...) -> MapAIMessages: ...
def map_ai_messages(
    chat_sessions: Iterable[ChatSession] | None = None, sender: str | None = None
) -> Iterator[ChatSession] | MapAIMessages:
    """Make one person the assistant: their messages become `AIMessage`s.

    Args:
        chat_sessions: The sessions; without them a Runnable is returned.
        sender: The person's name as the export has it. Case, white space and the way in which
            accents are encoded do not matter. Without it, the owner of the export that a session
            was loaded from (its `thread["owner"]`).

    Returns:
        An iterator over new sessions, or the Runnable that does the same.

    Raises:
        UnknownSenderError: Nobody of that name has written, or takes part, in any of the sessions.
            A stream raises it at its end, when all sessions have been seen.
        UnknownOwnerError: No sender was given, and a session does not say who its owner is.
        ValueError: The sender is blank: people without a name are no one person.

    Example:
        ```python
        mapped = list(map_ai_messages(loader.lazy_load(), "Zoë Ångström"))
        pipeline = merge_chat_runs() | map_ai_messages(sender="Zoë Ångström")
        ```
    """
    stage = MapAIMessages(sender=sender)
    return cast("Iterator[ChatSession] | MapAIMessages", dual_form(stage, chat_sessions))


def map_ai_messages_in_session(chat_session: ChatSession, sender: str | None = None) -> ChatSession:
    """Make one person the assistant in one session.

    Args:
        chat_session: A session; it is not changed.
        sender: The person's name, compared as in `map_ai_messages`.

    Returns:
        A new session with the same keys.

    Raises:
        UnknownSenderError: Nobody of that name has written or takes part in the session.
        UnknownOwnerError: No sender was given, and the session does not say who its owner is.
    """
    (mapped,) = map_ai_messages([chat_session], sender)
    return mapped


class _People:
    """The people of the sessions so far, and which of them is the sender."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._wanted = comparable_name(sender)
        self._messages: Counter[str] = Counter()
        self._is_sender: dict[str, bool] = {}  # people are few, messages are many
        self._has_messages = False

    def is_sender(self, name: str) -> bool:
        if name not in self._is_sender:
            self._is_sender[name] = comparable_name(name) == self._wanted
        return self._is_sender[name]

    def count(self, session: ChatSession, writers: Iterable[str]) -> None:
        self._has_messages |= bool(session["messages"])
        self._messages.update(writers)
        for name in _participants(session):
            # Who belongs to a thread is known, also where they have never written a word.
            self._messages[name] += 0
            self.is_sender(name)

    def check(self) -> None:
        if self._has_messages and not any(self._is_sender.values()):
            names = [name for name, _ in self._messages.most_common()]
            raise UnknownSenderError(self._sender, names)


@without_gc
def _map_messages(session: ChatSession, people: _People) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    writers = []
    for message in session["messages"]:
        name = message.additional_kwargs.get("sender")
        is_sender = False
        if isinstance(name, str):
            writers.append(name)
            is_sender = people.is_sender(name)
        if is_sender and not isinstance(message, AIMessage):
            messages.append(ai_message(message))
        else:
            messages.append(message)
    people.count(session, writers)
    return messages


def _owner_of(session: ChatSession) -> str:
    thread: dict[str, Any] = cast("dict[str, Any]", session).get("thread") or {}
    owner = thread.get("owner")
    if isinstance(owner, str) and comparable_name(owner):
        return owner
    writers = Counter(m.additional_kwargs.get("sender") for m in session["messages"])
    raise UnknownOwnerError(name for name, _ in writers.most_common() if isinstance(name, str))


def _participants(session: ChatSession) -> list[str]:
    thread: dict[str, Any] = cast("dict[str, Any]", session).get("thread") or {}
    return [name for name in thread.get("participants") or () if isinstance(name, str)]
