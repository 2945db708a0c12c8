"""Walk through a chat session and replace what tells who somebody is, wherever it stands.

Texts go through the finders; names of people (senders, participants, who reacted) are looked up;
folders, ids and addresses that hold names become numbers. The rest passes as it is.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import copy_message
from langchain_fbmessenger.privacy.findings import Finding, replaced, without_overlaps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.privacy.findings import TextFinder
    from langchain_fbmessenger.privacy.names import NameBook
    from langchain_fbmessenger.privacy.report import PrivacyReport

__all__ = ["FIXED_KEYS", "SessionScrubber", "names_in"]

FIXED_KEYS = {"folder", "source", "kind"}
"""Keys of a session whose values are words of ours, not of a chat."""

_NAME_KEYS = {"sender", "actor", "owner"}
# People are called Kind, Link and Call; keys of other loaders may be somebody's name.
_EVENT_KEYS = {
    *("message_time", "reactions", "attachments", "share", "system", "call"),
    *("actor", "reaction", "kind", "uri", "link", "text", "duration", "missed"),
}


class SessionScrubber:
    """Makes sessions without identifiers, and without names if a book of invented ones is given.

    Args:
        identifiers: Finds phone numbers and the like; None leaves them.
        book: Invented names; None leaves names.
        names: Finds names in texts, of the thread that the session is of.
        report: Is told of each message.
    """

    def __init__(
        self,
        identifiers: TextFinder | None,
        book: NameBook | None,
        names: TextFinder | None,
        report: PrivacyReport,
    ) -> None:
        self._finders = [finder for finder in (identifiers, names) if finder is not None]
        self._book = book
        self._report = report

    @without_gc
    def scrub(self, session: ChatSession) -> ChatSession:
        """Return a new session; the one given stays as it is."""
        self._report.sessions += 1
        fields = cast("dict[str, Any]", session)
        rest = {k: self._value(v, k) for k, v in fields.items() if k not in {"messages", "thread"}}
        if "thread" in fields:
            rest["thread"] = self._thread(fields["thread"])
        return cast(
            "ChatSession",
            {**fields, **rest, "messages": [*map(self._message, session["messages"])]},
        )

    def _message(self, message: BaseMessage) -> BaseMessage:
        content: Any = message.content
        if isinstance(content, str):
            content, findings = self._found(content)
            self._report.saw(cast("str", message.content), content, findings)
        else:
            content = self._blocks(content)
        scrubbed = copy_message(message, content, self._kwargs(message.additional_kwargs))
        if message.name and self._book is not None:
            scrubbed = scrubbed.model_copy(update={"name": self._book.invented(message.name)})
        return scrubbed

    def _blocks(self, blocks: Any) -> Any:
        """Return content blocks with other texts; images and files pass as they are."""
        if not isinstance(blocks, list):
            return blocks
        scrubbed: list[Any] = []
        texts: list[str] = []
        found: list[Finding] = []
        for block in blocks:
            before = _text_of(block)
            after, findings = self._found(before)
            shift = sum(map(len, texts))  # the report sees the blocks as one text
            found += [f._replace(start=f.start + shift, end=f.end + shift) for f in findings]
            texts.append(before)
            if before:
                block = {**block, "text": after} if isinstance(block, dict) else after  # noqa: PLW2901
            scrubbed.append(block)
        text = "".join(texts)
        self._report.saw(text, replaced(text, found), found)
        return scrubbed

    def _kwargs(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {
            key: value if key == "events" and _are_bare(value) else self._value(value, key)
            for key, value in kwargs.items()
        }

    def _value(self, value: Any, key: str = "") -> Any:
        """Return a value of a session or message without names and identifiers."""
        if isinstance(value, str):
            if key in FIXED_KEYS:
                return value
            if key in _NAME_KEYS:
                return self._name(value)
            return self._path(value) if key == "uri" else self._text(value)
        if isinstance(value, dict):
            return {
                k if k in _EVENT_KEYS else self._value(k): self._value(v, k)
                for k, v in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._value(one, "actor" if key == "participants" else "") for one in value]
        return value

    def _thread(self, thread: Any) -> Any:
        if not isinstance(thread, dict):
            return self._value(thread)
        scrubbed = {key: self._value(value, key) for key, value in thread.items()}
        if self._book is not None and isinstance(thread.get("id"), str):
            scrubbed["id"] = f"thread_{self._book.number(thread['id'])}"
        title = thread.get("title")
        if isinstance(title, str) and title in (thread.get("participants") or ()):
            scrubbed["title"] = self._name(title)
        return scrubbed

    def _name(self, name: str) -> str:
        return name if self._book is None else self._book.invented(name)

    def _path(self, uri: str) -> str:
        """Return a number for a file: its path names the thread, its own name often the sender."""
        if self._book is None:
            return self._text(uri)
        return f"{self._book.number(uri)}{PurePosixPath(uri.partition('?')[0]).suffix[:6]}"

    def _text(self, text: str) -> str:
        return self._found(text)[0]

    def _found(self, text: str) -> tuple[str, list[Finding]]:
        """Return a text without what the finders find, and what that was.

        What an earlier finder has found is its own: a name within an e-mail address goes with it.
        """
        findings = self._finders[0].find(text)
        for finder in self._finders[1:]:
            more = finder.find(text)
            findings = (
                without_overlaps([*findings, *more]) if findings and more else findings or more
            )
        return replaced(text, findings), findings


def _text_of(block: Any) -> str:
    text = block.get("text") if isinstance(block, dict) else block
    return text if isinstance(text, str) else ""


def names_in(session: ChatSession) -> Iterator[str]:
    """Give the people whom a session names: its participants, owner, writers, and who reacted."""
    thread: Any = cast("dict[str, Any]", session).get("thread")
    if isinstance(thread, dict):
        yield from (name for name in thread.get("participants") or () if isinstance(name, str))
        if isinstance(thread.get("owner"), str):
            yield thread["owner"]
    for message in session["messages"]:
        kwargs = message.additional_kwargs
        if isinstance(kwargs.get("sender"), str):
            yield kwargs["sender"]
        if message.name:
            yield message.name
        events = kwargs.get("events")
        if isinstance(events, list) and not _are_bare(events):
            for event in events:
                for reaction in event.get("reactions") or () if isinstance(event, dict) else ():
                    actor = reaction.get("actor") if isinstance(reaction, dict) else None
                    if isinstance(actor, str):
                        yield actor


def _are_bare(events: Any) -> bool:
    """Tell whether events hold nothing but times, as nearly all do."""
    return isinstance(events, list) and all(
        isinstance(event, dict) and event.keys() <= {"message_time"} for event in events
    )
