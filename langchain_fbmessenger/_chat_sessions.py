"""Make a chat session of a thread: records go in, LangChain's messages come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.chat_sessions import ChatSession

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import human_message
from langchain_fbmessenger._roster import LoadedThread

if TYPE_CHECKING:
    from langchain_core.messages import HumanMessage

    from langchain_fbmessenger._roster import Person
    from langchain_fbmessenger._schema import ThreadInfo
    from langchain_fbmessenger.exports import LoadReport, Message, Thread

__all__ = ["MessengerChatSession", "to_session"]


class MessengerChatSession(ChatSession, total=False):
    """langchain-core's `ChatSession`, with our key `thread`."""

    thread: ThreadInfo


@without_gc
def to_session(
    thread: Thread,
    report: LoadReport,
    *,
    people: tuple[Person, ...],
    placeholders: bool,
    keep_system_messages: bool,
) -> MessengerChatSession:
    """Make a session of what is wanted of a thread; the rest is counted in the report.

    Args:
        thread: The thread.
        report: Is told of each message.
        people: Everybody in the export.
        placeholders: Load a message without text as "[photo]" and the like.
        keep_system_messages: Keep what nobody typed as messages without content.
    """
    messages = []
    for message in thread.messages:
        if message.system is None:
            content = message.text
            if not content and placeholders:
                content = _placeholder(message)
            reason = None if content else "no text"
        else:
            content = ""
            reason = None if keep_system_messages else message.system
        if reason is None:
            messages.append(_to_message(message, content or ""))
        else:
            report.messages_skipped[reason] += 1
    report.messages_loaded += len(messages)
    fields = {
        "id": thread.id,
        "title": thread.title,
        "participants": thread.participants,
        "is_group": thread.is_group,
        "folder": thread.folder,
        "source": thread.source,
        "owner": thread.owner,
    }
    info = cast("ThreadInfo", LoadedThread(fields, people, thread.nicknames))
    return {"messages": messages, "thread": info}


def _to_message(message: Message, content: str) -> HumanMessage:
    event: dict[str, Any] = {"message_time": message.timestamp_ms}
    if message.reactions:
        event["reactions"] = [
            {"actor": reaction.actor, "reaction": reaction.reaction}
            for reaction in message.reactions
        ]
    if message.attachments:
        event["attachments"] = [{"kind": a.kind, "uri": a.uri} for a in message.attachments]
    if message.share:
        share = {"link": message.share.link, "text": message.share.text}
        event["share"] = {key: value for key, value in share.items() if value}
    if message.system:
        event["system"] = {"kind": message.system}
        if message.text and message.system != "unsent":  # what was withdrawn stays withdrawn
            event["system"]["text"] = message.text
    if message.call:
        event["call"] = {"duration": message.call.duration, "missed": message.call.missed}
    return human_message(content, {"sender": message.sender, "events": [event]})


def _placeholder(message: Message) -> str:
    kinds = [attachment.kind for attachment in message.attachments]
    if not kinds and message.share:
        kinds = ["link"]
    return " ".join(f"[{kind}]" for kind in kinds)
