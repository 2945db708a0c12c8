"""Turn one person's messages into the assistant's: sessions in, sessions out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, cast, overload

from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel, field_validator
from typing_extensions import override

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exceptions import InvalidOptionError, UnknownOwnerError
from langchain_fbmessenger.sessions._persona import Persona
from langchain_fbmessenger.sessions.functions import runnable_or_iterator
from langchain_fbmessenger.sessions.intake import one_session
from langchain_fbmessenger.sessions.stage import TranscriptStage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.transcripts.transcript import Transcript

    Senders = str | Sequence[str]

__all__ = ["MapAIMessages", "map_ai_messages", "map_ai_messages_in_session"]


class MapAIMessages(TranscriptStage):
    """The Runnable form of `map_ai_messages`."""

    name: str | None = "map_ai_messages"

    sender: str | tuple[str, ...] | None = None
    """Names of the person, or the people, whose messages become the assistant's; None for the
    owner."""

    @field_validator("sender", mode="before")
    @classmethod
    def _named(cls, sender: Any) -> str | tuple[str, ...] | None:
        if sender is None:
            return None
        names = (sender,) if isinstance(sender, str) else _several(sender)
        if not all(isinstance(name, str) for name in names):
            message = "the sender is a person's name, or a list of several"
            raise InvalidOptionError(message)
        if not (names and all(map(comparable_name, names))):
            message = "the sender's name is blank"
            raise InvalidOptionError(message)
        return sender if isinstance(sender, str) else names

    @property
    @override
    def looks_at_texts_alone(self) -> bool:
        return True

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        personas: dict[str | tuple[str, ...], Persona] = {}  # several exports, several owners

        def mapped(session: Transcript) -> Transcript:
            sender = self.sender or _owner_of(session)
            if sender not in personas:
                personas[sender] = Persona(sender)
            return _mapped(session, personas[sender])

        yield from map(mapped, sessions)
        for persona in personas.values():
            persona.check()


@overload
def map_ai_messages(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, sender: Senders | None = ...
) -> Iterator[ChatSession]: ...
@overload
def map_ai_messages(
    chat_sessions: str | None = None, sender: Senders | None = ...
) -> MapAIMessages: ...
def map_ai_messages(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | str | None = None,
    sender: Senders | None = None,
) -> Iterator[ChatSession] | MapAIMessages:
    """Make one person the assistant: their messages become `AIMessage`s.

    Args:
        chat_sessions: The sessions, or a loader of them; without them a Runnable is returned. A
            single text is taken as the sender.
        sender: The person's name as the export has it, now or before they were renamed. Case and
            white space do not matter; nor do accents, unless two people differ by them alone.
            Several names make several people the assistant. Without it, the owner of the export
            that a session was loaded from (its `thread["owner"]`).

    Returns:
        An iterator over new sessions, or the Runnable that does the same.

    Raises:
        UnknownSenderError: Nobody of that name has written, or takes part, in any of the sessions,
            or several people may be meant. A stream raises it at its end, when all sessions have
            been seen, or where it turns out that somebody else was meant.
        UnknownOwnerError: No sender was given, and a session does not say who its owner is.
        InvalidOptionError: The sender is blank.

    Example:
        ```python
        mapped = list(map_ai_messages(loader.lazy_load(), "Zoë Ångström"))
        pipeline = merge_chat_runs() | map_ai_messages(sender=["Zoë Ångström", "Zoë ✨"])
        ```
    """
    if isinstance(chat_sessions, str) and sender is None:
        chat_sessions, sender = None, chat_sessions
    stage = MapAIMessages(sender=cast("Any", sender))
    return cast("Iterator[ChatSession] | MapAIMessages", runnable_or_iterator(stage, chat_sessions))


def map_ai_messages_in_session(
    chat_session: ChatSession, sender: Senders | None = None
) -> ChatSession:
    """Make one person the assistant in one session.

    Args:
        chat_session: A session; it is not changed.
        sender: The person's name, or several, compared as in `map_ai_messages`.

    Returns:
        A new session with the same keys.

    Raises:
        UnknownSenderError: Nobody of that name has written or takes part in the session.
        UnknownOwnerError: No sender was given, and the session does not say who its owner is.
    """
    (mapped,) = map_ai_messages([one_session(chat_session)], sender)
    return mapped


def _several(names: Any) -> tuple[Any, ...]:
    is_several = isinstance(names, Iterable) and not isinstance(names, bytes | Mapping | BaseModel)
    if isinstance(names, AbstractSet):  # sorted, so that equal stages are equal
        return tuple(sorted(names, key=str))
    return tuple(names) if is_several else (names,)


def _mapped(session: Transcript, persona: Persona) -> Transcript:
    senders, kinds = session.senders, session.kinds
    writers = senders if session.is_loaded else [s for s in senders if isinstance(s, str)]
    is_persona = persona.names_in(session, writers)
    own = {name for name in {*writers} if is_persona(name)}
    if not own:
        return session
    if session.is_loaded:
        return session.but(
            kinds=[AIMessage if sender in own else HumanMessage for sender in senders]
        )
    kinds = kinds or [HumanMessage] * len(session)
    return session.but(
        kinds=[
            AIMessage
            if isinstance(sender, str) and sender in own and not issubclass(kind, AIMessage)
            else kind
            for sender, kind in zip(senders, kinds, strict=True)
        ]
    )


def _owner_of(session: Transcript) -> str:
    owner = session.thread.get("owner")
    if isinstance(owner, str) and comparable_name(owner):
        return owner
    writers = Counter(sender for sender in session.senders if isinstance(sender, str))
    raise UnknownOwnerError(name for name, _ in writers.most_common())
