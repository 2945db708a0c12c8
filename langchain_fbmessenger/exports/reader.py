"""Read the conversations of exports, one by one: paths go in, `Thread` records come out."""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import find_person
from langchain_fbmessenger.exports.advice import check_paths, nothing_read_error
from langchain_fbmessenger.exports.conversations.dealing import Chosen, Reading, deal
from langchain_fbmessenger.exports.conversations.people import people_of_conversations
from langchain_fbmessenger.exports.conversations.reading import (
    ConversationReader,
    comes_in_parts,
    is_long,
    n_files,
    skip_if_lost,
)
from langchain_fbmessenger.exports.formats.html.zone import ZoneChooser
from langchain_fbmessenger.exports.index import ExportIndex, index_paths
from langchain_fbmessenger.exports.selection import HIDDEN_FOLDERS, Selection, find_selected

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.exports.conversations.threads import Conversation, ThreadFiles
    from langchain_fbmessenger.exports.records import Thread
    from langchain_fbmessenger.exports.report import LoadReport

    OnProgress = Callable[[int, int], None]

__all__ = ["ExportReader"]


class ExportReader:
    """Reads the chosen conversations of one or several exports.

    Args:
        paths: Folders, zip archives or files.
        report: Is updated while threads are read.
        selection: What is wanted.
        timezone: The zone of pages whose times carry none; None for the machine's.
        owner: The owner's name, if the user has given one.
        on_progress: Is called with the bytes done and the bytes in all.
        workers: How many processes may read conversations; 0 for one on each core.

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
        workers: int = 1,
    ) -> None:
        self.report = report
        self._selection = selection or Selection()
        self._zone_of = ZoneChooser(timezone)
        self._on_progress = on_progress or (lambda _done, _total: None)
        self._workers = workers
        check_paths(paths)
        self._paths = paths
        self._index: ExportIndex = index_paths(paths, self._zone_of, report, self._on_progress)
        self._owner = self._owner_in_exports(owner)
        report.assumed_zone = self._zone_of.assumed
        if not report.variants:
            raise nothing_read_error(paths, report, self._index.others)

    @property
    def owner(self) -> str | None:
        """The owner's name, if the exports are one person's."""
        return self._owner or self._index.owner

    @property
    def owner_evidence(self) -> str | None:
        """The evidence for the owner, in words; None without any."""
        return self._index.owner_evidence

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """Everybody in all conversations, also in those that are not chosen.

        Where files are known by their edges only, they are read whole first.
        """
        self._index.complete()
        return people_of_conversations(self._index.conversations, self.owner)

    def threads(self, *, in_parts: bool = False) -> Iterator[Thread]:
        """Read one conversation at a time, a file at a time.

        Args:
            in_parts: Whether a long conversation may come file by file, each but the last of which
                goes on, so that it never is in memory as a whole. Reactions and nicknames in later
                files are unknown to earlier ones then.

        Yields:
            The conversations that were chosen, in the order of their folders' names.

        Raises:
            UnknownSenderError: None of the `participants` that were asked for takes part anywhere.
            UnknownThreadError: None of the `threads` that were asked for exists.
            MalformedExportError: All files have become unreadable since the first pass.
            WorkerError: A worker process could not be started, or has ended early.
        """
        self._find_selected()
        done = self._index.size
        with closing(self._readings(in_parts=in_parts)) as readings:
            for conversation in self._index.conversations:
                self._count_left_out(conversation)
                goes_on = True
                while goes_on:
                    thread, report = next(readings)
                    if report is not self.report:
                        self.report.add(report)
                    goes_on = thread is not None and thread.goes_on
                    if thread is not None:
                        yield thread
                    del thread  # so that it is not held while the next one is read
                done += sum(p.found.file.size for t in conversation.threads for p in t.pieces)
                self._on_progress(min(done, 2 * self._index.size), 2 * self._index.size)
        if not self.report.files_read and self.report.files_lost():
            raise nothing_read_error(self._paths, self.report)

    def _owner_in_exports(self, owner: str | None) -> str | None:
        """Return the name that the exports have for the owner whom the user has named."""
        if owner is None:
            return None
        self._index.complete()
        people = people_of_conversations(self._index.conversations, self._index.owner)
        return next(iter(find_person(owner, (person.names for person in people))), owner)

    def _find_selected(self) -> None:
        wanted = self._selection
        if wanted.participants is None and wanted.threads is None and wanted.groups:
            return
        self._index.complete()
        threads = [thread for one in self._index.conversations for thread in one.threads]
        self._selection = find_selected(
            self._selection,
            people=[person.names for person in self.people],
            names={key: name for thread in threads for key, name in thread.named.items()},
            titles={key: title for thread in threads for key, title in thread.titles.items()},
        )

    def _readings(self, *, in_parts: bool) -> Generator[Reading, None, None]:
        """Yield each conversation as it was read, here or in other processes."""
        reader = ConversationReader(self._selection, self._zone_of, self._owner, self.report)
        conversations = self._index.conversations
        if not in_parts or self._workers != 1:
            yield from deal(conversations, self._choose, reader, self._workers)
            return
        for conversation in conversations:
            if is_long(conversation):
                self._index.complete(conversation.threads)
            chosen = self._choose(conversation)
            if is_long(conversation) and comes_in_parts(chosen):
                yield from reader.read_in_parts(chosen)
            else:
                yield reader.read(chosen)

    def _choose(self, conversation: Conversation) -> Chosen:
        """Return the files of a conversation that are to be read."""
        reason = self._reason_to_skip(conversation)
        pieces = [
            (thread, piece)
            for thread in conversation.threads
            if not (reason or self._reason_to_skip_folder(thread))
            for piece in thread.pieces
        ]
        return Chosen(conversation, pieces)

    def _count_left_out(self, conversation: Conversation) -> None:
        """Count the files of a conversation that are not to be read."""
        reason = self._reason_to_skip(conversation)
        for thread in [*conversation.threads]:
            folder = reason or self._reason_to_skip_folder(thread)
            if folder:
                self._index.complete([thread])
                for piece in thread.pieces:
                    skip_if_lost(piece, self.report)
                found = sum(outline.found for outline in thread.outlines)
                self.report.files_read += n_files(p for p in thread.pieces if not p.outline.lost)
                self.report.messages_read += found
                self.report.skip_messages(folder, found)

    def _reason_to_skip(self, conversation: Conversation) -> str | None:
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

    def _reason_to_skip_folder(self, thread: ThreadFiles) -> str | None:
        folder = thread.folder
        if self._selection.folders is not None:
            chosen = folder in self._selection.folders
        else:
            # A thread that was asked for by its name is read from any folder.
            is_asked_for = thread.pieces[0].found.folder_is_given or self._selection.threads
            chosen = folder not in HIDDEN_FOLDERS or bool(is_asked_for)
        return None if chosen else f"folder not chosen: {folder or 'none'}"
