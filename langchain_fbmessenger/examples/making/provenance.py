"""Where the examples of a conversation come from, and what its system prompt is filled in with."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import participants_of
from langchain_fbmessenger.examples.making.system_template import placeholders_of
from langchain_fbmessenger.examples.schema import ExampleSource

if TYPE_CHECKING:
    from langchain_fbmessenger.examples.making.people import People
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["source_of_part"]


def source_of_part(
    session: Transcript, people: People, started: int | None, number: int, system: str | None
) -> ExampleSource:
    """Return where the examples of a conversation come from.

    Args:
        session: The session that the turns are from.
        people: Its people.
        started: The time of the conversation's first message, if it is known.
        number: The conversation's running number.
        system: The template of the system prompt.
    """
    thread = session.thread
    owner, writers = people.owner, people.writers
    own = comparable_name(owner)
    others = [name for name in participants_of(thread) if comparable_name(name) != own]
    # Sessions of other loaders say nothing of their thread: its people stand for it.
    identity = str(thread.get("id") or "|".join(sorted({*writers, owner})))
    alone = others[0] if len(others) == 1 else writers[0] if len(writers) == 1 else ""
    is_group = people.is_group or not alone
    return ExampleSource(
        thread=identity,
        contact=identity if is_group else comparable_name(alone),
        conversation=number,
        started=started,
        system=system,
        values={} if system is None else _values(system, thread, people, others, started),
    )


def _values(
    system: str, thread: Any, people: People, others: list[str], started: int | None
) -> dict[str, str]:
    """Return what the placeholders of a template are filled in with."""
    values = {
        "owner": people.owner,
        "others": ", ".join(people.writers or others),
        "title": str(thread.get("title") or ", ".join(others or people.writers)),
        "date": _day(started),
    }
    return {name: values[name] for name in placeholders_of(system)}


def _day(milliseconds: int | None) -> str:
    try:
        moment = datetime.fromtimestamp((milliseconds or 0) / 1000, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return ""  # a time that no calendar has
    return "" if milliseconds is None else moment.date().isoformat()
