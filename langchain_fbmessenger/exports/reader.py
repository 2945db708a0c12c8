"""Read the conversations of exports, one by one: paths go in, `Thread` records come out."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from langchain_fbmessenger._names import comparable_name, find_person
from langchain_fbmessenger.exports._advice import check_paths, nothing_read_error
from langchain_fbmessenger.exports._index import ExportIndex, index_paths
from langchain_fbmessenger.exports._json import NotAThreadError
from langchain_fbmessenger.exports._marking import (
    give_names_of_today,
    mark_system_lines,
    nicknames_of_people,
    rename_bearers,
)
from langchain_fbmessenger.exports._merge import merge_messages
from langchain_fbmessenger.exports._parts import PartReader
from langchain_fbmessenger.exports._people import people_of_conversations
from langchain_fbmessenger.exports._pseudo_reactions import attach_pseudo_reactions
from langchain_fbmessenger.exports._source import UnreadableFileError
from langchain_fbmessenger.exports._threads import newest_state
from langchain_fbmessenger.exports._zone import ZoneChooser
from langchain_fbmessenger.exports.records import Source, Thread
from langchain_fbmessenger.exports.selection import HIDDEN_FOLDERS, Selection, find_selected

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from langchain_fbmessenger._roster import Person
    from langchain_fbmessenger.exports._marking import SetNickname
    from langchain_fbmessenger.exports._threads import Conversation, Piece, ThreadFiles
    from langchain_fbmessenger.exports.records import Message
    from langchain_fbmessenger.exports.report import LoadReport

    OnProgress = Callable[[int, int], None]

__all__ = ["ExportReader"]

_SOURCES: dict[str, Source] = {
    "B": "e2ee",
    "D": "instagram",
    "F": "graph_api",
    **dict.fromkeys(["H1", "H2", "H3", "H4", "I3", "I4"], "html"),
}
# Proper chats of their own applications: no line in them was written by Meta.
_WITHOUT_SYSTEM_LINES = {"B", "F"}


class ExportReader:
    """Reads what is chosen of one or several exports.

    Args:
        paths: Folders, zip archives or files.
        report: Is brought up to date while threads are read.
        selection: What is wanted.
        timezone: The zone of pages whose times carry none; None for the machine's.
        owner: Whose exports these are, if somebody knows it better than they do.
        on_progress: Is called with the bytes done and the bytes in all.

    Attributes:
        report: What has been read so far.

    Raises:
        ExportNotFoundError: A path does not exist, or there is no thread below them.
        MalformedExportError: There are threads, yet none that can be read.
    """

    def __init__(  # noqa: PLR0913 - options of one thing, each by its keyword
        self,
        paths: Sequence[Path],
        report: LoadReport,
        *,
        selection: Selection | None = None,
        timezone: tzinfo | None = None,
        owner: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.report = report
        self._selection = selection or Selection()
        self._zone_of = ZoneChooser(timezone)
        self._on_progress = on_progress or (lambda _done, _total: None)
        self._parts = PartReader(self._zone_of)
        check_paths(paths)
        self._paths = paths
        self._index: ExportIndex = index_paths(paths, self._zone_of, report, self._on_progress)
        self._owner = self._as_written(owner)
        report.assumed_zone = self._zone_of.assumed
        if not report.variants:
            raise nothing_read_error(paths, report, self._index.others)

    @property
    def owner(self) -> str | None:
        """The name of the person whose exports these are, if they are one person's."""
        return self._owner or self._index.owner

    @property
    def owner_evidence(self) -> str | None:
        """What in the exports tells the owner, in words; None where nothing does."""
        return self._index.owner_evidence

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody in all conversations, also in those that are not chosen: they are talked of."""
        return people_of_conversations(self._index.conversations, self.owner)

    def threads(self) -> Iterator[Thread]:
        """Read one conversation at a time, a file at a time.

        Yields:
            The conversations that were chosen, in the order of their folders' names.

        Raises:
            UnknownSenderError: None of the `participants` that were asked for takes part anywhere.
            UnknownThreadError: There is none of the `threads` that were asked for.
            MalformedExportError: All files have become unreadable since the first pass.
        """
        self._find_selected()
        self._parts = PartReader(self._zone_of)
        done = self._index.size
        for conversation in self._index.conversations:
            pieces = self._choose(conversation)
            thread = self._read(conversation, pieces) if pieces else None
            if thread is not None:
                self.report.threads_read += 1
                self.report.threads_joined += len({id(t) for t, _ in pieces}) - 1
                yield thread
            done += sum(p.found.file.size for t in conversation.threads for p in t.pieces)
            self._on_progress(min(done, 2 * self._index.size), 2 * self._index.size)
        if not self.report.files_read and self.report.files_lost():
            raise nothing_read_error(self._paths, self.report)

    def _as_written(self, owner: str | None) -> str | None:
        """Return the owner that somebody has named by the name that the exports have."""
        if owner is None:
            return None
        people = people_of_conversations(self._index.conversations, self._index.owner)
        return next(iter(find_person(owner, (person.names for person in people))), owner)

    def _find_selected(self) -> None:
        threads = [thread for one in self._index.conversations for thread in one.threads]
        self._selection = find_selected(
            self._selection,
            people=[person.names for person in self.people],
            names={key: name for thread in threads for key, name in thread.named.items()},
            titles={key: title for thread in threads for key, title in thread.titles.items()},
        )

    def _choose(self, conversation: Conversation) -> list[tuple[ThreadFiles, Piece]]:
        """Return the files of a conversation that are to be read; the others are counted."""
        reason = self._reason_to_leave(conversation)
        pieces = []
        for thread in conversation.threads:
            folder = reason or self._reason_to_leave_folder(thread)
            if folder is None:
                pieces += [(thread, piece) for piece in thread.pieces]
            else:
                found = sum(outline.found for outline in thread.outlines)
                self.report.files_read += _files(thread.pieces)
                self.report.messages_read += found
                self.report.skip_messages(folder, found)
        return pieces

    def _reason_to_leave(self, conversation: Conversation) -> str | None:
        wanted = self._selection
        if conversation.is_group and not wanted.groups:
            return "group not chosen"
        threads = conversation.threads
        if wanted.threads is not None and not any(
            wanted.threads & t.titles.keys() for t in threads
        ):
            return "thread not chosen"
        people = wanted.participants
        if people is not None and not any(people & t.named.keys() for t in threads):
            return "participants not chosen"
        return None

    def _reason_to_leave_folder(self, thread: ThreadFiles) -> str | None:
        folder = thread.folder
        if self._selection.folders is not None:
            chosen = folder in self._selection.folders
        else:
            # What was asked for by its name is wanted, wherever it lies.
            is_asked_for = thread.pieces[0].found.folder_is_given or self._selection.threads
            chosen = folder not in HIDDEN_FOLDERS or bool(is_asked_for)
        return None if chosen else f"folder not chosen: {folder or 'none'}"

    def _read(
        self, conversation: Conversation, pieces: list[tuple[ThreadFiles, Piece]]
    ) -> Thread | None:
        """Read the files of a conversation; None if they have become unreadable meanwhile."""
        main = newest_state(thread for thread, _ in pieces)
        owner = self._owner or conversation.owner
        # Oldest part first, so that the stable sort leaves equal stamps of two parts in true order.
        pieces.sort(
            key=lambda p: (p[1].outline.precision, p[1].outline.first or 0, -p[1].found.part)
        )
        files: dict[Hashable, list[Message]] = {}
        copies: Counter[Hashable] = Counter()
        coarse: set[Hashable] = set()
        nicknames: list[SetNickname] = []
        for thread, piece in pieces:
            found = self._read_piece(piece, thread, nicknames, is_group=conversation.is_group)
            if found is None:
                continue
            key: Hashable = id(piece)
            if piece.outline.precision > 1:
                # "ha" at the end of one page and at the head of the next, in one minute, are two.
                part = id(thread), piece.found.part
                key = id(thread), copies[part]
                copies[part] += 1
                coarse.add(key)
            files.setdefault(key, []).extend(found)
        if not files:
            return None
        precision = max(piece.outline.precision for _, piece in pieces)
        # What is exact is compared exactly, before pages blur it.
        exact = [found for key, found in files.items() if key not in coarse]
        messages, duplicates = merge_messages(exact, 1)
        if coarse:
            pages = [found for key, found in files.items() if key in coarse]
            messages, more = merge_messages([messages, *pages], precision)
            duplicates += more
        self.report.skip_messages("duplicate", duplicates)
        if any(message.system == "reaction sentence" for message in messages):
            messages = attach_pseudo_reactions(messages, owner)
        messages = self._within_time(messages)
        senders = dict.fromkeys(message.sender for message in messages if message.sender)
        participants = list(senders) if main.participants is None else main.participants
        is_instagram = any(piece.found.is_instagram for _, piece in pieces)
        own = comparable_name(owner or "")
        return Thread(
            id=main.thread_id,
            title=main.title or ", ".join(n for n in participants if comparable_name(n) != own),
            participants=list(participants),
            is_group=conversation.is_group,
            folder=main.folder,
            source=_SOURCES.get(main.variant, "instagram" if is_instagram else "messenger"),
            owner=owner,
            messages=messages,
            nicknames=nicknames_of_people(nicknames, [*participants, *senders], owner),
        )

    def _read_piece(
        self, piece: Piece, thread: ThreadFiles, nicknames: list[SetNickname], *, is_group: bool
    ) -> list[Message] | None:
        report = self.report
        try:
            part = self._parts.read(piece)
        except (UnreadableFileError, NotAThreadError) as error:
            report.skip_file(piece.found.file.location, str(error))
            return None
        report.files_read += _files([piece])
        report.messages_read += part.found
        report.messages_skipped.update(part.skipped)
        report.unknown_zones.update(part.unknown_zones)
        if part.variant not in _WITHOUT_SYSTEM_LINES:
            found = mark_system_lines(part.messages, report.system_lines, is_group=is_group)
            nicknames += found if not thread.today else rename_bearers(found, thread)
        if thread.today:
            give_names_of_today(part.messages, thread)
        return part.messages

    def _within_time(self, messages: list[Message]) -> list[Message]:
        since, until = self._selection.since, self._selection.until
        if since is None and until is None:
            return messages
        within = [
            m
            for m in messages
            if (since is None or m.timestamp_ms >= since)
            and (until is None or m.timestamp_ms < until)
        ]
        self.report.skip_messages("outside since and until", len(messages) - len(within))
        return within


def _files(pieces: list[Piece]) -> int:
    """Count the files of pieces; one with several threads by its first."""
    return sum(piece.outline.index == 0 for piece in pieces)
