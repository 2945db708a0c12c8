"""Go through all files of one or several exports once, to find the conversations in them.

This first pass reads no texts of the JSON formats, so it costs about a fifth of reading all. What
is one conversation, and who owns the export, is known only when all files have been seen.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.conversations.compare import Comparer
from langchain_fbmessenger.exports.conversations.join import join_threads
from langchain_fbmessenger.exports.conversations.join_messages import join_by_messages
from langchain_fbmessenger.exports.conversations.owner import (
    Evidence,
    Owner,
    decode_owner_file,
    find_owner,
)
from langchain_fbmessenger.exports.conversations.partial import threads_to_complete
from langchain_fbmessenger.exports.conversations.reading import PartReader
from langchain_fbmessenger.exports.conversations.renames import names_today
from langchain_fbmessenger.exports.conversations.threads import (
    Conversation,
    Piece,
    ThreadFiles,
    group_threads,
)
from langchain_fbmessenger.exports.discovery.files import UnreadableFileError
from langchain_fbmessenger.exports.discovery.layout import scan_paths, tell_downloads_apart
from langchain_fbmessenger.exports.formats.detect import outline_file, read_bytes
from langchain_fbmessenger.exports.formats.edges import lists_all, outline_by_edges
from langchain_fbmessenger.exports.formats.html.pages import UNKNOWN_HTML
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from langchain_fbmessenger.exports.conversations.threads import Origin
    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.discovery.layout import ExportTree, FoundFile
    from langchain_fbmessenger.exports.formats.html.zone import ZoneChooser
    from langchain_fbmessenger.exports.report import LoadReport

__all__ = ["ExportIndex", "index_paths"]

# How many conversations each round may join by their messages: at first a few, which may reveal
# a rename by which others are found.
_LIMITS = (4, *[10**9] * 8)
_TIME_OF_DAY = re.compile(rb">[^<]*\d{1,2}:\d\d")


@dataclass
class ExportIndex:
    """The conversations of exports, their owners by export, and files that are no threads."""

    conversations: list[Conversation] = field(default_factory=list)
    owners: dict[Origin, Owner] = field(default_factory=dict)
    size: int = 0
    others: list[ExportFile] = field(default_factory=list)
    _outliner: _Outliner | None = None

    def complete(self, threads: Iterable[ThreadFiles] | None = None) -> None:
        """Read whole the files that are known by their edges only.

        Args:
            threads: Which threads; all by default.
        """
        if threads is None:
            threads = [thread for c in self.conversations for thread in c.threads]
        for thread in threads:
            if self._outliner is not None and thread.is_partial:
                self._outliner.complete(thread)

    @property
    def owner(self) -> str | None:
        """The owner's name of today: of several names the newest, None if several people own.

        They are several people if one of them takes part in a conversation of another's.
        Conversations without messages count only if there are no others.
        """
        known = [c for c in self.conversations if c.owner]
        owned = [c for c in known if any(thread.span for thread in c.threads)] or known
        names = {comparable_name(c.owner or ""): c.owner for c in owned}
        for conversation in owned if len(names) > 1 else ():
            people = {key for thread in conversation.threads for key in thread.bearers}
            if people & names.keys() - {comparable_name(conversation.owner or "")}:
                return None
        ends = [(t.span[1] if t.span else 0, c.owner or "") for c in owned for t in c.threads]
        return max(ends)[1] if ends else None

    @property
    def owner_evidence(self) -> str | None:
        """The evidence for the owner, in words."""
        theirs = [owner for owner in self.owners.values() if owner.name == self.owner]
        return max(theirs, key=lambda owner: owner.evidence).why if theirs else None


def index_paths(
    paths: Iterable[Path],
    zone_of: ZoneChooser,
    report: LoadReport,
    on_progress: Callable[[int, int], None],
) -> ExportIndex:
    """Go through all files below the paths.

    Args:
        paths: Existing paths.
        zone_of: Chooses the time zone of pages.
        report: Counts the files.
        on_progress: Is called with the bytes done and the bytes in all; a second pass will follow.
    """
    tree = scan_paths(paths)
    tell_downloads_apart(tree)
    for skipped in tree.skipped:
        report.skip_file(skipped.location, skipped.reason)
    size = sum(found.file.size for found in tree.files)
    outliner = _Outliner(zone_of, report)
    # Edges of files are not enough to join threads of several exports.
    is_one = len({found.export for found in tree.files}) == 1
    by_edges = is_one and all(found.folder != "e2ee_cutover" for found in tree.files)
    done = 0
    pieces = []
    for found in tree.files:
        on_progress(done, 2 * size)
        done += found.file.size
        pieces += outliner.outline(found, by_edges=by_edges)
    stated = _stated_owners(tree, report)
    named = [owner for owners in stated.values() for owner in owners]
    threads = group_threads(pieces)
    rounds = 0
    while again := threads_to_complete(threads, named, rounds, _list_all):
        rounds += 1
        for thread in again:
            outliner.replace(thread)
        pieces = [piece for thread in threads for piece in thread.pieces]
        threads = group_threads(pieces)
    owners = _find_owners(threads, stated)
    for thread in threads:
        owner = owners[thread.origin]
        if owner:
            thread.owner, thread.owner_is_sure = owner.name, owner.is_sure
    comparer = Comparer(PartReader(zone_of))
    conversations = _conversations(threads, comparer)
    return ExportIndex(
        conversations, _owners_today(conversations, owners), size, outliner.others, outliner
    )


class _Outliner:
    """Outlines files, and counts in the report those that hold no thread."""

    def __init__(self, zone_of: ZoneChooser, report: LoadReport) -> None:
        self.others: list[ExportFile] = []
        self._zone_of = zone_of
        self._report = report

    def outline(self, found: FoundFile, *, by_edges: bool) -> list[Piece]:
        """Return the pieces of threads that a file holds, by its edges if they are enough."""
        report = self._report
        raw = b""
        is_part = bool(found.folder and found.part)
        try:
            partial = outline_by_edges(found.file, is_part=is_part) if by_edges else None
            if partial is not None:
                outlines = [partial]
            else:
                raw = read_bytes(found.file)
                outlines = outline_file(raw, self._zone_of)
        except (UnreadableFileError, NotAThreadError) as error:
            is_lost = str(error) == NOT_A_THREAD and _is_page_of_thread(found, raw)
            report.skip_file(found.file.location, UNKNOWN_HTML if is_lost else str(error))
            if str(error) == NOT_A_THREAD:
                self.others.append(found.file)
            return []
        for outline in outlines:
            if outline.variant == "E" and is_part:
                outline.variant = "A"  # only Meta puts files in that place
        if outlines:
            report.variants[outlines[0].variant] += 1
        return [Piece(found, outline) for outline in outlines]

    def complete(self, thread: ThreadFiles) -> None:
        """Read whole those files of a thread of which only the edges are known.

        They are not counted in the report: the second pass does that.
        """
        for piece in thread.pieces:
            if piece.outline.is_partial:
                try:
                    whole, *_ = outline_file(read_bytes(piece.found.file), self._zone_of)
                except (UnreadableFileError, NotAThreadError) as error:
                    piece.outline.mark_lost(str(error))
                else:
                    piece.outline.complete(whole)
        thread.drop_cached()

    def replace(self, thread: ThreadFiles) -> None:
        """Outline again, as a whole, those files of a thread of which only the edges are known."""
        for piece in [*thread.pieces]:
            if piece.outline.is_partial:
                thread.pieces.remove(piece)
                self._report.forget_variant(piece.outline.variant)
                thread.pieces += self.outline(piece.found, by_edges=False)


def _list_all(thread: ThreadFiles) -> bool:
    """Return whether only participants wrote in a thread; see `threads_to_complete`."""
    for piece in thread.pieces:
        outline = piece.outline
        if outline.is_partial and not outline.lists_all:
            with suppress(UnreadableFileError):  # the second pass counts it
                outline.lists_all = lists_all(piece.found.file, outline)
    return thread.tells_all_people


def _conversations(threads: list[ThreadFiles], comparer: Comparer) -> list[Conversation]:
    """Join threads and learn who was renamed, in turns until neither adds anything."""
    conversations = join_threads(threads, comparer)
    if len({thread.origin for thread in threads}) == 1 and len(conversations) == len(threads):
        return conversations
    known: dict[int, dict[str, str]] = {}
    for limit in _LIMITS:
        conversations = join_by_messages(conversations, comparer, limit)
        names = names_today(conversations, comparer)
        if names == known and limit != _LIMITS[0]:
            break
        known = names
        threads = [replace(t, today=names.get(id(t.pieces), {})) for t in threads]
        conversations = join_threads(threads, comparer)
    return conversations


def _owners_today(
    conversations: list[Conversation], owners: dict[Origin, Owner | None]
) -> dict[Origin, Owner]:
    """Return the owners under their names of today, and note them in their threads.

    A guessed owner gives way to what other exports know.
    """
    by_origin: dict[Origin, list[ThreadFiles]] = {}
    for thread in (t for c in conversations for t in c.threads):
        by_origin.setdefault(thread.origin, []).append(thread)
    today = {
        origin: Owner(name, owner.evidence)
        for origin, (thread, *_) in by_origin.items()
        if (owner := owners[origin]) and (name := thread.owner_today)
    }
    for origin, theirs in by_origin.items():
        owner = today.get(origin)
        if not (owner and owner.is_sure):
            surer = [o for o in today.values() if not owner or o.evidence > owner.evidence]
            if found := _one_of(surer, theirs):
                today[origin] = found
                for thread in theirs:
                    thread.owner, thread.owner_is_sure = found.name, found.is_sure
    return today


def _is_page_of_thread(found: FoundFile, raw: bytes) -> bool:
    """Return whether a page in a thread's place shows times of day besides the export's own."""
    in_place = found.folder and found.file.suffix != ".json"
    return bool(in_place and len(_TIME_OF_DAY.findall(raw)) > 1)


def _stated_owners(tree: ExportTree, report: LoadReport) -> dict[str, list[Owner]]:
    """Return the owners that each export's profile files name."""
    stated: dict[str, list[Owner]] = {}
    for found in tree.owner_files:
        try:
            named = decode_owner_file(found.file.read())
        except UnreadableFileError as error:
            report.skip_file(found.file.location, str(error))
            continue
        stated.setdefault(found.export, []).extend(named)
    return stated


def _find_owners(
    threads: list[ThreadFiles], stated: dict[str, list[Owner]]
) -> dict[Origin, Owner | None]:
    by_export: dict[str, list[ThreadFiles]] = {}
    by_origin: dict[Origin, list[ThreadFiles]] = {}
    for thread in threads:
        by_export.setdefault(thread.export, []).append(thread)
        by_origin.setdefault(thread.origin, []).append(thread)
    stated = {**{export: [] for export in by_export}, **stated}
    for export, theirs in by_export.items():
        on_pages = (o.owner for thread in theirs for o in thread.outlines if o.owner)
        named = [Owner(name, Evidence.PAGES) for name in dict.fromkeys(on_pages)]
        stated[export] = [*stated[export], *named]
    owners: dict[Origin, Owner | None] = {}
    for origin, theirs in by_origin.items():
        all_of_it = by_export[origin[0]]
        owner = find_owner(stated[origin[0]], [thread.outlines for thread in all_of_it])
        if len(theirs) < len(all_of_it) and not (owner and _is_among(owner, theirs)):
            # Two exports in one folder may have two names of the owner.
            owner = find_owner(stated[origin[0]], [thread.outlines for thread in theirs])
        owners[origin] = owner
    # The profile may lie in another zip than the threads; it overrules a guess.
    known = [owner for named in stated.values() for owner in named]
    known += [owner for owner in owners.values() if owner]
    for origin, theirs in by_origin.items():
        owner = owners[origin]
        surer = [o for o in known if not owner or o.evidence > owner.evidence]
        if not (owner and owner.is_sure):
            owners[origin] = _one_of(surer, theirs) or owner
    return owners


def _is_among(owner: Owner, threads: list[ThreadFiles]) -> bool:
    return any(comparable_name(owner.name) in thread.named for thread in threads)


def _one_of(owners: Iterable[Owner], threads: list[ThreadFiles]) -> Owner | None:
    """Return the surest of the people who take part in all of the threads."""
    people = [named for thread in threads if (named := thread.named)]
    common = [o for o in owners if all(comparable_name(o.name) in named for named in people)]
    return max(common, key=lambda owner: owner.evidence, default=None) if people else None
