"""Who writes in a session: the persona, and those who write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.messages import AIMessage

if TYPE_CHECKING:
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["People", "people_of", "sender_of"]


class People(NamedTuple):
    """The people of a session.

    `owner` is the persona's name ("" if nobody says it), `writers` are the others who write, in the
    order of their first words, and `is_group` says that the thread is a group, whoever writes.
    """

    owner: str
    writers: list[str]
    is_group: bool


def people_of(session: ChatSession) -> People:
    """Return who writes in a session."""
    thread: Any = session.get("thread") or {}
    owner = ""
    writers: dict[str, None] = {}
    for message in session["messages"]:
        if not isinstance(message, AIMessage):
            sender = sender_of(message)
            if sender is not None:
                writers[sender] = None
        elif not owner:
            owner = sender_of(message) or ""
    return People(
        owner=owner or str(thread.get("owner") or ""),
        writers=[*writers],
        is_group=bool(thread.get("is_group")),
    )


def sender_of(message: BaseMessage) -> str | None:
    """Return who sent a message; None where nobody says it."""
    sender = message.additional_kwargs.get("sender")
    return sender if isinstance(sender, str) and sender and not sender.isspace() else None
