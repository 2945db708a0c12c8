"""Read the files of one conversation, here or in a worker process: pieces in, a `Thread` out."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.conversations.dealing import Chosen, Reading
from langchain_fbmessenger.exports.conversations.deduplicate import merge_messages
from langchain_fbmessenger.exports.conversations.marking import (
    give_names_of_today,
    mark_system_lines,
    nicknames_of_people,
    rename_nicknamed,
)
from langchain_fbmessenger.exports.conversations.pseudo_reactions import attach_pseudo_reactions
from langchain_fbmessenger.exports.conversations.threads import newest_state
from langchain_fbmessenger.exports.discovery.files import UnreadableFileError
from langchain_fbmessenger.exports.formats.detect import decode_file, read_bytes
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.part import outline_of
from langchain_fbmessenger.exports.records import Messages, Source, Thread

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from langchain_fbmessenger.exports.conversations.marking import SetNickname
    from langchain_fbmessenger.exports.conversations.threads import Conversation, Piece, ThreadFiles
    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.formats.html.zone import ZoneChooser
    from langchain_fbmessenger.exports.formats.part import ThreadPart
    from langchain_fbmessenger.exports.report import LoadReport
    from langchain_fbmessenger.exports.selection import Selection

__all__ = [
    "ConversationReader",
    "PartReader",
    "comes_in_parts",
    "is_long",
    "n_files",
    "skip_if_lost",
]

_SOURCES: dict[str, Source] = {
    "B": "e2ee",
    "D": "instagram",
    "F": "graph_api",
    **dict.fromkeys(["H1", "H2", "H3", "H4", "I3", "I4"], "html"),
}
LONG = 8 * 2**20
"""Bytes of a conversation from which on it may be read part by part."""
# Formats without system lines.
_WITHOUT_SYSTEM_LINES = {"B", "F"}
_KEPT = 4  # files with several threads


class PartReader:
    """Reads parts, and keeps the last files that hold several threads.

    Without that, a file for all threads would be decoded again for each of them, and where several
    exports have such a file, one would drive out the other.

    Args:
        zone_of: Chooses the time zone of pages.
    """

    def __init__(self, zone_of: ZoneChooser) -> None:
        self._zone_of = zone_of
        self._kept: dict[int, tuple[ExportFile, list[ThreadPart]]] = {}

    def read(self, piece: Piece) -> ThreadPart:
        """Return a part; its messages are the caller's, who reads it once.

        Raises:
            UnreadableFileError: The file cannot be read.
            NotAThreadError: It has changed, and holds no thread any more.
        """
        file = piece.found.file
        if id(file) in self._kept:
            return self._kept[id(file)][1][piece.outline.index]
        parts = decode_file(read_bytes(file), self._zone_of)
        if len(parts) > 1:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[id(file)] = file, parts
        return parts[piece.outline.index]


class ConversationReader:
    """Reads conversations whose files are known; worker processes are handed a copy.

    Args:
        selection: Which messages are wanted.
        zone_of: Chooses the time zone of pages.
        owner: The owner's name, if the user has given one.
        report: Is updated.
    """

    def __init__(
        self,
        selection: Selection,
        zone_of: ZoneChooser,
        owner: str | None,
        report: LoadReport,
    ) -> None:
        self.report = report
        self._selection = selection
        self._owner = owner
        self._parts = PartReader(zone_of)

    def read(self, chosen: Chosen) -> Reading:
        """Read the files of a conversation that were chosen."""
        report, pieces = self.report, chosen.pieces
        thread = self._read(chosen.conversation, pieces) if pieces else None
        if thread is not None:
            report.threads_read += 1
            report.threads_joined += len({id(t) for t, _ in pieces}) - 1
        return Reading(thread, report)

    def read_in_parts(self, chosen: Chosen) -> Iterator[Reading]:
        """Read the files of a conversation one at a time, the oldest first.

        Args:
            chosen: A conversation that `comes_in_parts`.
        """
        thread, _ = chosen.pieces[0]
        pieces = sorted((piece for _, piece in chosen.pieces), key=lambda p: p.outline.first or 0)
        is_group, owner = chosen.conversation.is_group, self._owner or chosen.conversation.owner
        is_begun = False
        for piece in pieces:
            part, goes_on = self._part(piece), piece is not pieces[-1]
            messages = Messages([], [], [], {})
            if part is not None:
                messages = self._within_time(self._marked(part, thread, [], is_group=is_group))
            if part is None and (goes_on or not is_begun):
                continue
            self.report.threads_read += not is_begun
            is_begun = True
            whole = _thread(chosen.conversation, thread, owner, messages, "messenger")
            yield Reading(msgspec.structs.replace(whole, goes_on=goes_on), self.report)
        if not is_begun:
            yield Reading(None, self.report)

    def _read(
        self, conversation: Conversation, pieces: list[tuple[ThreadFiles, Piece]]
    ) -> Thread | None:
        """Read the files of a conversation; None if they have become unreadable meanwhile."""
        read = [(thread, piece, part) for thread, piece in pieces if (part := self._part(piece))]
        for thread in conversation.threads:
            thread.drop_cached()
        main = newest_state(thread for thread, _ in pieces)
        owner = self._owner or conversation.owner
        # Oldest part first, so that the stable sort keeps equal times of two parts in true order.
        read.sort(key=lambda p: (p[1].outline.precision, p[1].outline.first or 0, -p[1].found.part))
        files: dict[Hashable, list[Messages]] = {}
        copies: Counter[Hashable] = Counter()
        coarse: set[Hashable] = set()
        nicknames: list[SetNickname] = []
        for thread, piece, part in read:
            found = self._marked(part, thread, nicknames, is_group=conversation.is_group)
            key: Hashable = id(piece)
            if piece.outline.precision > 1:
                # "ha" at the end of one page and the start of the next are two messages, even in
                # one minute: the pages of a thread count as one file.
                number = id(thread), piece.found.part
                key = id(thread), copies[number]
                copies[number] += 1
                coarse.add(key)
            files.setdefault(key, []).append(found)
        if not files:
            return None
        precision = max(piece.outline.precision for _, piece in pieces)
        # Exact times are compared exactly, before pages with coarser ones are added.
        exact = [Messages.joined(found) for key, found in files.items() if key not in coarse]
        messages, duplicates = merge_messages(exact, 1)
        if coarse:
            pages = [Messages.joined(found) for key, found in files.items() if key in coarse]
            messages, more = merge_messages([messages, *pages], precision)
            duplicates += more
        self.report.skip_messages("duplicate", duplicates)
        if any(extra.system == "reaction sentence" for extra in messages.extras.values()):
            messages = attach_pseudo_reactions(messages, owner)
        messages = self._within_time(messages)
        is_instagram = any(piece.found.is_instagram for _, piece in pieces)
        source = _SOURCES.get(main.variant, "instagram" if is_instagram else "messenger")
        return _thread(conversation, main, owner, messages, source, nicknames)

    def _part(self, piece: Piece) -> ThreadPart | None:
        """Return the part of a thread that a piece stands for; None if it cannot be read."""
        report, outline = self.report, piece.outline
        try:
            part = self._parts.read(piece)
        except (UnreadableFileError, NotAThreadError) as error:
            if outline.is_partial:
                outline.mark_lost(str(error))
            if not skip_if_lost(piece, report):
                report.skip_file(piece.found.file.location, str(error))
            return None
        if outline.is_partial:
            outline.complete(outline_of(part, outline.index, with_stamps=False))
        report.files_read += n_files([piece])
        report.messages_read += part.found
        report.messages_skipped.update(part.skipped)
        report.unknown_zones.update(part.unknown_zones)
        return part

    def _marked(
        self,
        part: ThreadPart,
        thread: ThreadFiles,
        nicknames: list[SetNickname],
        *,
        is_group: bool,
    ) -> Messages:
        """Return the messages of a part, system lines marked, people under their names of today."""
        messages = Messages.of(part.messages)
        if part.variant not in _WITHOUT_SYSTEM_LINES:
            found = mark_system_lines(messages, self.report.system_lines, is_group=is_group)
            nicknames += found if not thread.today else rename_nicknamed(found, thread)
        if thread.today:
            give_names_of_today(messages, thread)
        return messages

    def _within_time(self, messages: Messages) -> Messages:
        since, until = self._selection.since, self._selection.until
        if since is None and until is None:
            return messages
        within = [
            index
            for index, time in enumerate(messages.times)
            if (since is None or time >= since) and (until is None or time < until)
        ]
        self.report.skip_messages("outside since and until", len(messages) - len(within))
        return messages.chosen(within)


def n_files(pieces: Iterable[Piece]) -> int:
    """Return the number of files of pieces; one with several threads counts with its first."""
    return sum(piece.outline.index == 0 for piece in pieces)


def _thread(  # noqa: PLR0913, PLR0917 - what it is made of
    conversation: Conversation,
    main: ThreadFiles,
    owner: str | None,
    messages: Messages,
    source: Source,
    nicknames: Sequence[SetNickname] = (),
) -> Thread:
    senders = dict.fromkeys(filter(None, messages.senders))
    participants = list(senders) if main.participants is None else main.participants
    own = comparable_name(owner or "")
    return Thread(
        id=main.thread_id,
        title=main.title or ", ".join(n for n in participants if comparable_name(n) != own),
        participants=list(participants),
        is_group=conversation.is_group,
        folder=main.folder,
        source=source,
        owner=owner,
        messages=messages,
        nicknames=nicknames_of_people(nicknames, [*participants, *senders], owner),
    )


def skip_if_lost(piece: Piece, report: LoadReport) -> bool:
    """Count a file as skipped if its edges did not show that it cannot be read."""
    if piece.outline.lost is None:
        return False
    report.forget_variant(piece.outline.variant)
    report.skip_file(piece.found.file.location, piece.outline.lost)
    return True


def is_long(conversation: Conversation) -> bool:
    """Return whether a conversation is worth being read part by part."""
    pieces = [piece for thread in conversation.threads for piece in thread.pieces]
    return len(pieces) > 1 and sum(piece.found.file.size for piece in pieces) > LONG


def comes_in_parts(chosen: Chosen) -> bool:
    """Return whether the files of a conversation follow each other in time, each known whole.

    They must be JSON of one download: other files may repeat each other's messages.
    """
    if not chosen.pieces:
        return False
    thread, _ = chosen.pieces[0]
    outlines = [piece.outline for _, piece in chosen.pieces]
    spans = sorted(
        (o.first, o.last) for o in outlines if o.first is not None and o.last is not None
    )
    return (
        not (thread.today or thread.participants is None)
        and len(chosen.conversation.threads) == 1
        and all(o.variant == "A" and not o.is_partial for o in outlines)
        and not any(piece.found.is_instagram for _, piece in chosen.pieces)
        and len(spans) == len(outlines)
        and all(last < first for (_, last), (first, _) in pairwise(spans))
    )
