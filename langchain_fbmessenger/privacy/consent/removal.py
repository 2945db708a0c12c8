"""Leave people out of a chat session: their messages, the answers to them, their names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import copy_message
from langchain_fbmessenger._roster import LoadedThread, nicknames_of, people_of
from langchain_fbmessenger.privacy.consent.report import ANSWERS, BY_THEM, WITH_THEM
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.scrub import FIXED_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.privacy.consent.report import ConsentReport
    from langchain_fbmessenger.privacy.findings import TextFinder

__all__ = ["sender_of", "without_people"]

_TWO = 2


@without_gc
def without_people(
    session: ChatSession,
    is_left_out: Callable[[str], bool],
    finder: TextFinder,
    report: ConsentReport,
) -> ChatSession | None:
    """Return a session without some people; None where nothing of it is left.

    Args:
        session: The session; it is not changed.
        is_left_out: Tells by a name who is left out.
        finder: Finds where texts mention them.
        report: Is told what was left out.
    """
    fields = cast("dict[str, Any]", session)
    messages = session["messages"]
    if _is_with_them(session, is_left_out):
        report.messages_left_out[WITH_THEM] += len(messages)
        return None
    kept = _kept(messages, is_left_out, report)
    if messages and not kept:
        return None
    walk = _Walk(is_left_out, finder, report)
    rest = {k: walk.value(v, k) for k, v in fields.items() if k not in {"messages", "thread"}}
    if "thread" in fields:  # before the messages: their files lie in its folder
        rest["thread"] = walk.thread(fields["thread"])
    return cast("ChatSession", {**fields, **rest, "messages": [*map(walk.message, kept)]})


def sender_of(message: BaseMessage) -> str:
    """Return who sent a message; "" where nobody says it."""
    sender = message.additional_kwargs.get("sender")
    return sender if isinstance(sender, str) else message.name or ""


def _is_with_them(session: ChatSession, is_left_out: Callable[[str], bool]) -> bool:
    """Tell whether a chat is with nobody else: then all that is said in it is said to them."""
    thread: Any = cast("dict[str, Any]", session).get("thread")
    thread = thread if isinstance(thread, dict) else {}
    people = {name for name in thread.get("participants") or () if isinstance(name, str)}
    people.update(filter(None, map(sender_of, session["messages"])))
    left_out = {name for name in people if is_left_out(name)}
    others = people - left_out - {thread.get("owner")}
    is_group = thread.get("is_group", len(people) > _TWO)
    return bool(left_out) and not (is_group and others)


def _kept(
    messages: Sequence[BaseMessage], is_left_out: Callable[[str], bool], report: ConsentReport
) -> list[BaseMessage]:
    kept = []
    before: str | None = None  # whose turn it was
    answers = False
    for message in messages:
        sender = sender_of(message)
        if is_left_out(sender):
            report.messages_left_out[BY_THEM] += 1
            before, answers = sender, False
            continue
        if sender != before:
            answers = before is not None and is_left_out(before)
            before = sender
        if answers:
            report.messages_left_out[ANSWERS] += 1
        else:
            kept.append(message)
    return kept


class _Walk:
    """Goes through what is kept, and takes names out of it."""

    def __init__(
        self, is_left_out: Callable[[str], bool], finder: TextFinder, report: ConsentReport
    ) -> None:
        self._is_left_out = is_left_out
        self._finder = finder
        self._report = report
        self._new_ids: tuple[str, str] | None = None

    def message(self, message: BaseMessage) -> BaseMessage:
        kwargs = {key: self.value(value, key) for key, value in message.additional_kwargs.items()}
        content = self._content(message.content)
        if content == message.content and kwargs == message.additional_kwargs:
            return message
        return copy_message(message, content, kwargs)

    def _content(self, content: Any) -> Any:
        """Return a text or content blocks without mentions; images and files pass as they are."""
        if not isinstance(content, list):
            return self.value(content)
        return [
            {**block, "text": self.value(block["text"])}
            if isinstance(block, dict) and "text" in block
            else block
            if isinstance(block, dict)
            else self.value(block)
            for block in content
        ]

    def thread(self, thread: Any) -> Any:
        if not isinstance(thread, dict):
            return self.value(thread)
        participants = thread.get("participants")
        changed = {key: value for key, value in thread.items() if key != "participants"}
        changed = {key: self.value(value, key) for key, value in changed.items()}
        if participants is not None:
            changed["participants"] = [
                n for n in participants if not (isinstance(n, str) and self._is_left_out(n))
            ]
        changed = {key: changed[key] for key in thread}  # in the given order
        given_id = thread.get("id")
        if isinstance(given_id, str) and changed.get("title") != thread.get("title"):
            # The id begins with the title, and so do the folders of the thread's files.
            new = f"thread_{hashlib.sha256(given_id.encode('utf-8', 'replace')).hexdigest()[:16]}"
            changed["id"] = new
            self._new_ids = given_id, new
        if not isinstance(thread, LoadedThread):
            return changed
        people = tuple(p for p in people_of(thread) if not any(map(self._is_left_out, p.names)))
        nicknames = tuple(
            (name, nickname)
            for name, nickname in nicknames_of(thread)
            if not (name and self._is_left_out(name))
        )
        return LoadedThread(changed, people, nicknames)

    def value(self, value: Any, key: str = "") -> Any:
        """Return a value of a session or message without mentions."""
        if isinstance(value, str):
            if key in FIXED_KEYS or key in {"sender", "owner", "actor", "id"}:
                return value
            if key == "uri" and self._new_ids:
                value = value.replace(*self._new_ids)
            findings = self._finder.find(value)
            self._report.mentions += len(findings)
            return replaced(value, findings)
        if isinstance(value, dict):
            changed = {k: self.value(v, k) for k, v in value.items()}
            if key == "event" and not changed.get("reactions", True):
                del changed["reactions"]  # as where nobody has reacted
            return changed
        if isinstance(value, list | tuple):
            if key == "reactions":
                value = self._reactions(value)
            inner = "event" if key == "events" else key
            return type(value)(self.value(one, inner) for one in value)
        return value

    def _reactions(self, reactions: Any) -> Any:
        kept = [
            one
            for one in reactions
            if not (
                isinstance(one, dict)
                and isinstance(one.get("actor"), str)
                and self._is_left_out(one["actor"])
            )
        ]
        self._report.reactions_left_out += len(reactions) - len(kept)
        return kept
