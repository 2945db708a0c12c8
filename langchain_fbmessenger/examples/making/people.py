"""Who writes in a session: the persona, and those who write to it."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from langchain_core.messages import AIMessage, HumanMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["People", "people_of", "senders_of"]


class People(NamedTuple):
    """The people of a session.

    `owner` is the persona's name ("" if nobody says it), `writers` are the others who write, in the
    order of their first words, and `is_group` says that the thread is a group.
    """

    owner: str
    writers: list[str]
    is_group: bool


def people_of(session: Transcript) -> People:
    """Return who writes in a session."""
    thread = session.thread
    kinds: Iterable[type[BaseMessage]] = session.kinds or repeat(HumanMessage)
    owner, writers = "", dict[str, None]()
    for sender, kind in dict.fromkeys(zip(senders_of(session), kinds, strict=False)):
        if not sender or sender.isspace():
            continue
        if kind is HumanMessage or not issubclass(kind, AIMessage):
            writers[sender] = None
        elif not owner:
            owner = sender
    return People(
        owner=owner or str(thread.get("owner") or ""),
        writers=[*writers],
        is_group=bool(thread.get("is_group")),
    )


def senders_of(session: Transcript) -> list[str | None]:
    """Return who sent each message; None where nobody says it."""
    senders = session.senders
    return senders if session.is_loaded else [s if isinstance(s, str) else None for s in senders]
