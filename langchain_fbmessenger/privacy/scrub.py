"""Walk through a chat session and replace what tells who somebody is, wherever it stands.

Texts go through the finders; names of people (senders, participants, who reacted) are looked up;
folders, ids and addresses that hold names become numbers. The rest passes as it is.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.roster import participants_of
from langchain_fbmessenger.privacy.findings import Finding, find_in, replaced, suspects_in
from langchain_fbmessenger.privacy.walk import (
    NAME_KEYS,
    ROLES,
    Walk,
    is_our_word,
    names_of_message,
)
from langchain_fbmessenger.transcripts.times import is_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.privacy.findings import BulkFinder
    from langchain_fbmessenger.privacy.names import NameBook
    from langchain_fbmessenger.privacy.report import PrivacyReport
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["SessionScrubber", "names_in"]


class SessionScrubber(Walk):
    """Makes sessions without identifiers, and without names if a book of invented ones is given.

    Args:
        identifiers: Finds phone numbers and the like; None leaves them.
        book: Invented names; None leaves names.
        names: Finds names in texts, of the thread that the session is of.
        report: Counts each message.
    """

    def __init__(
        self,
        identifiers: BulkFinder | None,
        book: NameBook | None,
        names: BulkFinder | None,
        report: PrivacyReport,
    ) -> None:
        super().__init__()
        self._finders = [finder for finder in (identifiers, names) if finder is not None]
        self._book = book
        self._report = report
        self._called: dict[str, str] = {}

    @without_gc
    def scrub(self, session: Transcript) -> Transcript:
        """Return a new session; the one given stays as it is."""
        self._report.sessions += 1
        return self.transcript(session)

    @override
    def content(self, content: Any) -> Any:
        if not isinstance(content, str):
            return self._blocks(content) if isinstance(content, list) else self.value(content)
        return self._scrubbed(content, find_in(content, self._finders))

    @override
    def contents(self, contents: Sequence[Any]) -> Iterator[Any]:
        if not all(isinstance(content, str) for content in contents):
            return super().contents(contents)
        return self._texts(contents)

    def _texts(self, texts: Sequence[str]) -> Iterator[str]:
        for block, suspects in suspects_in(texts, self._finders):
            done = 0
            for place in suspects:
                yield from self._passed(block[done:place])
                yield self._scrubbed(block[place], find_in(block[place], self._finders))
                done = place + 1
            yield from self._passed(block[done:])

    def _passed(self, texts: Sequence[str]) -> Sequence[str]:
        """Count texts in which nothing is found."""
        self._report.saw_unchanged(texts)
        return texts

    def _scrubbed(self, text: str, findings: list[Finding]) -> str:
        scrubbed = replaced(text, findings)
        self._report.saw(text, scrubbed, findings)
        return scrubbed

    def _blocks(self, blocks: list[Any]) -> list[Any]:
        """Return content blocks, their texts and all else in them, without names and the like."""
        scrubbed: list[Any] = []
        texts: list[str] = []
        found: list[Finding] = []
        for block in blocks:
            before = _text_of(block)
            after, findings = self._found(before)
            shift = sum(map(len, texts))  # the report sees the blocks as one text
            found += [f._replace(start=f.start + shift, end=f.end + shift) for f in findings]
            texts.append(before)
            if isinstance(block, str):
                scrubbed.append(after)
                continue
            whole = self.value(block)
            scrubbed.append({**whole, "text": after} if before else whole)
        text = "".join(texts)
        self._report.saw(text, replaced(text, found), found)
        return scrubbed

    @override
    def text(self, text: str, key: str) -> str:
        if key in NAME_KEYS:
            return self._name(text)
        if is_our_word(text, key) or (key == "message_time" and is_time(text)):
            return text
        if key == "uri":
            return self._path(text)
        if self._book is not None and self._book.knows(text):
            return self._book.invented(text)
        if key == "role" and text in ROLES:
            return text
        return self._found(text)[0]

    @override
    def thread(self, thread: Any) -> Any:
        if not isinstance(thread, dict):
            return self.value(thread)
        scrubbed = self.items(thread)
        if self._book is not None and isinstance(thread.get("id"), str):
            scrubbed["id"] = f"thread_{self._book.number(thread['id'])}"
        title = thread.get("title")
        if isinstance(title, str) and title in (thread.get("participants") or ()):
            scrubbed["title"] = self._name(title)
        return scrubbed

    def _name(self, name: str) -> str:
        if self._book is not None:
            return self._book.invented(name)
        if name not in self._called:  # who is in no address book is called by their number
            without = self._found(name)[0]
            self._called[name] = name if without == name else self.distinct(name, without)
        return self._called[name]

    def _path(self, uri: str) -> str:
        """Return a number for a file: its path names the thread, its own name often the sender."""
        if self._book is None:
            return self._found(uri)[0]
        return f"{self._book.number(uri)}{PurePosixPath(uri.partition('?')[0]).suffix[:6]}"

    def _found(self, text: str) -> tuple[str, list[Finding]]:
        """Return a text without what the finders find, and what that was."""
        findings = find_in(text, self._finders)
        return replaced(text, findings), findings


def _text_of(block: Any) -> str:
    text = block.get("text") if isinstance(block, dict) else block
    return text if isinstance(text, str) else ""


def names_in(session: Transcript) -> list[str]:
    """Return whom a session names, each time: participants, owner, writers, and who reacted."""
    thread = session.thread
    names: list[str] = []
    if isinstance(thread, dict):
        names += participants_of(thread)
        if isinstance(thread.get("owner"), str):
            names.append(thread["owner"])
    if not session.is_loaded:
        for message in session.messages():
            names += names_of_message(message)
            events = message.additional_kwargs.get("events")
            for event in events if isinstance(events, list) else ():
                names += _actors(event)
        return names
    done = 0
    for index, _, event in session.extras():
        names += session.senders[done : index + 1]
        names += _actors(event)
        done = index + 1
    return names + session.senders[done:]


def _actors(event: Any) -> Iterator[str]:
    for reaction in event.get("reactions") or () if isinstance(event, dict) else ():
        actor = reaction.get("actor") if isinstance(reaction, dict) else None
        if isinstance(actor, str):
            yield actor
