"""Make a chat session of a thread: an export's records go in, a transcript comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.chat_sessions import ChatSession

from langchain_fbmessenger._internal.roster import ThreadWithPeople
from langchain_fbmessenger.exports import Extra, Messages
from langchain_fbmessenger.transcripts.message_sources import LoadedMessages, event_fields
from langchain_fbmessenger.transcripts.times import known_times
from langchain_fbmessenger.transcripts.transcript import Transcript

if TYPE_CHECKING:
    from langchain_fbmessenger._internal.roster import Roster, ThreadInfo
    from langchain_fbmessenger.exports import LoadReport, Thread

__all__ = ["MessengerChatSession", "to_transcript"]


class MessengerChatSession(ChatSession, total=False):
    """langchain-core's `ChatSession`, with our key `thread`."""

    thread: ThreadInfo


def to_transcript(
    thread: Thread,
    report: LoadReport,
    *,
    people: Roster,
    placeholders: bool,
    keep_system_messages: bool,
) -> Transcript:
    """Make a session of what is wanted of a thread; the rest is counted in the report.

    Args:
        thread: The thread.
        report: Counts each message.
        people: Everybody in the export.
        placeholders: Load a message without text as "[photo]" and the like.
        keep_system_messages: Keep what nobody typed as messages without content.
    """
    messages = Messages.of(thread.messages)
    systems = {index: e.system for index, e in messages.extras.items() if e.system is not None}
    if placeholders or keep_system_messages:
        messages = _with_more(messages, placeholders=placeholders, systems=keep_system_messages)
    if not keep_system_messages:
        report.messages_skipped.update(systems.values())
    wanted: list[object] = [*messages.texts]
    for index in systems:
        wanted[index] = keep_system_messages
    kept = messages if all(wanted) else messages.where(wanted)
    left = len(messages) - len(kept) - (0 if keep_system_messages else len(systems))
    report.skip_messages("no text", left)
    report.messages_loaded += len(kept)
    fields = {
        "id": thread.id,
        "title": thread.title,
        "participants": thread.participants,
        "is_group": thread.is_group,
        "folder": thread.folder,
        "source": thread.source,
        "owner": thread.owner,
    }
    info = cast("ThreadInfo", ThreadWithPeople(fields, people, thread.nicknames))
    times = known_times(kept.times)
    return Transcript(
        {"messages": (), "thread": info},
        kept.senders,
        kept.texts,
        times,
        times,
        None,
        LoadedMessages(kept.times, kept.extras),
        range(len(kept) + 1),
        thread.goes_on,
    )


def _with_more(messages: Messages, *, placeholders: bool, systems: bool) -> Messages:
    """Return messages that say of media what they are, and of system lines that they are some."""
    texts, extras = [*messages.texts], dict[int, Any](messages.extras)
    for index, extra in messages.extras.items():
        line = texts[index] or ""
        if extra.system is not None and systems:
            texts[index], extras[index] = "", _with_line(extra, line)
        elif extra.system is None and placeholders and not line:
            texts[index] = _placeholder(extra)
    return Messages(messages.senders, messages.times, texts, extras)


def _with_line(extra: Extra, line: str) -> dict[str, Any]:
    """Return an event's fields, with what Meta wrote."""
    fields = event_fields(extra)
    if line and extra.system != "unsent":  # what was withdrawn stays withdrawn
        fields["system"]["text"] = line
    return fields


def _placeholder(extra: Extra) -> str:
    kinds = [attachment.kind for attachment in extra.attachments]
    if not kinds and extra.share:
        kinds = ["link"]
    return " ".join(f"[{kind}]" for kind in kinds)
