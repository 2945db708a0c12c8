"""Leave people out of a chat session: their messages, the answers to them, their names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.roster import (
    ThreadWithPeople,
    nicknames_of,
    participants_of,
    people_of,
)
from langchain_fbmessenger.privacy.consent.mentions import SOMEONE
from langchain_fbmessenger.privacy.consent.report import ANSWERS, BY_THEM, WITH_THEM
from langchain_fbmessenger.privacy.findings import find_in, replaced
from langchain_fbmessenger.privacy.walk import NAME_KEYS, ROLES, Walk, is_our_word, sender_of
from langchain_fbmessenger.transcripts.messages import copy_message, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.privacy.consent.mentions import MentionFinder
    from langchain_fbmessenger.privacy.consent.report import ConsentReport, LeftOut
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["without_people"]

_TWO = 2


@without_gc
def without_people(
    session: Transcript, left_out: LeftOut, finder: MentionFinder, report: ConsentReport
) -> Transcript | None:
    """Return a session without some people; None where nothing of it is left.

    Args:
        session: The session; it is not changed.
        left_out: Who is left out.
        finder: Finds where texts mention them.
        report: Is filled with what was left out.
    """
    # What tells the day from the month in times of WhatsApp may go with a message.
    session = session.with_own_times()
    senders = session.senders if session.is_loaded else [*map(sender_of, session.messages())]
    if _is_with_them(session.thread, senders, left_out.has):
        report.messages_left_out[WITH_THEM] += len(senders)
        return None
    kept = _kept(senders, left_out.has, report)
    if senders and not kept:
        return None
    return _Walk(left_out, finder, report).transcript(session.chosen(kept))


def _is_with_them(thread: Any, senders: list[str], is_left_out: Callable[[str], bool]) -> bool:
    """Tell whether a chat is with nobody else: then all that is said in it is said to them."""
    thread = thread if isinstance(thread, dict) else {}
    people = {*participants_of(thread), *filter(None, senders)}
    left_out = {name for name in people if is_left_out(name)}
    others = people - left_out - {thread.get("owner")}
    is_group = thread.get("is_group", len(people) > _TWO)
    return bool(left_out) and not (is_group and others)


def _kept(
    senders: Sequence[str], is_left_out: Callable[[str], bool], report: ConsentReport
) -> list[int]:
    """Return which messages are neither theirs nor answer them."""
    kept = []
    before: str | None = None  # whose turn it was
    answers = False
    for index, sender in enumerate(senders):
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
            kept.append(index)
    return kept


class _Walk(Walk):
    """Goes through what is kept, and takes names out of it."""

    def __init__(self, left_out: LeftOut, finder: MentionFinder, report: ConsentReport) -> None:
        super().__init__()
        self._left_out = left_out
        self._is_left_out = left_out.has
        self._finder = finder
        self._report = report
        self._new_ids: tuple[str, str] | None = None

    @override
    def thread(self, thread: Any) -> Any:
        if not isinstance(thread, dict):
            return self.value(thread)
        changed = {
            key: value if key in {"id", "participants"} else self.value(value, key)
            for key, value in thread.items()
        }
        if thread.get("participants") is not None:
            changed["participants"] = [
                n
                for n in thread["participants"]
                if not (isinstance(n, str) and self._is_left_out(n))
            ]
        given_id = thread.get("id")
        if isinstance(given_id, str) and changed.get("title") != thread.get("title"):
            # The id begins with the title, and so do the folders of the thread's files.
            new = f"thread_{hashlib.sha256(given_id.encode('utf-8', 'replace')).hexdigest()[:16]}"
            changed["id"] = new
            self._new_ids = given_id, new
        if not isinstance(thread, ThreadWithPeople):
            return changed
        nicknames = tuple(
            (name, nickname)
            for name, nickname in nicknames_of(thread)
            if not (name and self._is_left_out(name))
        )
        return ThreadWithPeople(changed, self._left_out.staying(people_of(thread)), nicknames)

    @override
    def message(self, message: BaseMessage) -> BaseMessage:
        if not is_plain(message):
            return super().message(message)
        content, kwargs = self.content(message.content), self.kwargs(message.additional_kwargs)
        if content == message.content and kwargs == message.additional_kwargs:
            return message
        return copy_message(message, content, kwargs)

    @override
    def content(self, content: Any) -> Any:
        return self._without_mentions(content) if isinstance(content, str) else self.value(content)

    @override
    def text(self, text: str, key: str) -> str:
        if key in NAME_KEYS:
            return self._someone() if self._is_left_out(text) else text
        if is_our_word(text, key) or (key == "role" and text in ROLES):
            return text
        if self._finder.is_name(text):
            return self._someone()
        if key == "uri" and self._new_ids:
            text = text.replace(*self._new_ids)
        return self._without_mentions(text)

    def _someone(self) -> str:
        self._report.mentions += 1
        return SOMEONE

    def _without_mentions(self, text: str) -> str:
        findings = find_in(text, [self._finder])
        self._report.mentions += len(findings)
        return replaced(text, findings)

    @override
    def value(self, value: Any, key: str = "") -> Any:
        if key == "reactions" and isinstance(value, list | tuple):
            value = self._reactions(value)
        return super().value(value, key)

    @override
    def items(self, values: dict[Any, Any]) -> dict[Any, Any]:
        changed = super().items(values)
        if values.get("reactions") and not changed["reactions"]:
            del changed["reactions"]  # as where nobody has reacted
        return changed

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
