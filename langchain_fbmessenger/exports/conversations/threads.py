"""Group files into threads, and derive what is known of them before messages are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from langchain_fbmessenger.exports.discovery.layout import FoundFile
    from langchain_fbmessenger.exports.formats.part import Outline

    Origin = tuple[str, str]

__all__ = ["Conversation", "Piece", "ThreadFiles", "group_threads", "newest_state", "rank_of"]

_TWO = 2
# Meta's number: 10 characters of base64 in old exports, 15-17 digits in new ones. It may change.
_ID = re.compile(r"(?:.*_|)(\d{15,17})|.*_([\w-]{10})", re.DOTALL)
# Formats in which the title of a conversation of two is the other's name.
_TITLED = {"A", "H2", "H3", "H4", "I3", "I4"}
# Formats that are exports of their own, even if unpacked into the folder of another.
_OWN_EXPORTS = {"B", "D", "F"}
_RANKS = {"G": 1, "H1": 2, "H2": 2, "H3": 2, "H4": 2, "I3": 2, "I4": 2, "B": 3}


@dataclass(frozen=True)
class Piece:
    """A file's share of a thread."""

    found: FoundFile
    outline: Outline


@dataclass
class ThreadFiles:
    """The files of one thread in one place of one export, under the names of today.

    `today` holds the names of today of people who were named or spelled otherwise when the export
    was made, by their comparable names of then. `owner` is as the export has it.
    """

    export: str
    place: tuple[str, ...]
    owner: str | None = None
    owner_is_sure: bool = False
    pieces: list[Piece] = field(default_factory=list)
    today: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def as_written(self) -> ThreadFiles:
        """The thread under the names that the export has."""
        return replace(self, today={}) if self.today else self

    @property
    def is_partial(self) -> bool:
        """Whether some of its files are known by their edges only."""
        return any(outline.is_partial for outline in self.outlines)

    @property
    def tells_all_people(self) -> bool:
        """Whether its outlines know everybody who has written."""
        return all(outline.lists_all or not outline.is_partial for outline in self.outlines)

    def drop_cached(self) -> None:
        """Drop cached properties after outlines have changed."""
        for name, value in vars(type(self)).items():
            if isinstance(value, cached_property):
                self.__dict__.pop(name, None)

    def name_today(self, name: str) -> str:
        """Return a person's name of today."""
        return self.today.get(comparable_name(name), name) if self.today else name

    @property
    def outlines(self) -> list[Outline]:
        """The outline of each file."""
        return [piece.outline for piece in self.pieces]

    @property
    def thread_id(self) -> str:
        """The id of the thread in sessions: the name of its folder."""
        return self.place[-1]

    @property
    def origin(self) -> Origin:
        """The source of its names: the export, and its kind, as two kinds may lie in one folder."""
        return self.export, self.variant if self.variant in _OWN_EXPORTS else ""

    @property
    def owner_today(self) -> str | None:
        """The owner under their name of today."""
        return self.name_today(self.owner) if self.owner else None

    @cached_property
    def owner_key(self) -> str | None:
        """The comparable name of the owner, if it is known for sure."""
        name = self.owner_today
        return comparable_name(name) if name and self.owner_is_sure else None

    @property
    def disk_folder(self) -> str | None:
        """Meta's thread folder in which the files lie, such as `inbox`; None outside of them."""
        return self.pieces[0].found.folder

    @cached_property
    def folder(self) -> str | None:
        """The thread folder; of files taken out of it, the one that they state."""
        paths = (o.thread_path.partition("/")[0] for o in self.outlines if o.thread_path)
        return self.disk_folder or next(paths, None)

    @cached_property
    def variant(self) -> str:
        """The format of its first file."""
        return self.outlines[0].variant

    @cached_property
    def title(self) -> str | None:
        """The title; if it is the other person's name, that of today."""
        title = next((o.title for o in self.outlines if o.title), None)
        if not title or not self.today or len(self.people) > _TWO:
            return title
        name, dot, item = title.partition(" · ")
        return f"{self.name_today(name)}{dot}{item}"

    @property
    def titles(self) -> dict[str, str]:
        """Names by which users may ask for the thread: its folder's, its title then and today."""
        names = self.thread_id, self.as_written.title, self.title
        return {comparable_name(name): name for name in names if name}

    @cached_property
    def participants(self) -> list[str] | None:
        """The members on the day of the export, as its newest part lists them."""
        names = next((o.participants for o in self.outlines if o.participants is not None), None)
        return None if names is None else list(map(self.name_today, names))

    @cached_property
    def people(self) -> list[str]:
        """Everybody who takes part or has written, deleted accounts too."""
        senders = (self.name_today(s) for outline in self.outlines for s in outline.senders)
        return list(dict.fromkeys((*(self.participants or ()), *senders)))

    @cached_property
    def named(self) -> dict[str, str]:
        """Everybody with a name: names as written by comparable names."""
        named = {comparable_name(n): n for n in self.people if not is_deleted_account(n)}
        owner = self.owner_today
        if owner and len(named) < _TWO:  # a page without a list, on which the owner never wrote
            named.setdefault(comparable_name(owner), owner)
        return named

    @cached_property
    def bearers(self) -> dict[str, str]:
        """Everybody with a name; on a page without a list, the title adds who never wrote."""
        title = (self.title or "").partition(" · ")[0]
        if self.pair and len(self.named) < _TWO and not is_deleted_account(title):
            return {**self.named, comparable_name(title): title}
        return self.named

    @cached_property
    def is_group(self) -> bool:
        """Whether it is a group, as the export states or its people or title show."""
        if any(outline.declared_group for outline in self.outlines):
            return True
        senders = {self.name_today(s) for o in self.outlines for s in o.senders}
        deleted = max(
            sum(map(is_deleted_account, senders)),
            sum(map(is_deleted_account, self.participants or ())),
        )
        if len(self.named) + deleted > _TWO:
            return True
        # A title of its own makes a group of two; a seller's is "Name · Item" (inferred).
        title = comparable_name(self.title or "")
        return (
            any(o.variant in _TITLED and (o.thread_path or self.disk_folder) for o in self.outlines)
            and (self.participants or len(self.named) >= _TWO)
            and not is_deleted_account(title)
            and not any(title == name or title.startswith(f"{name} ·") for name in self.named)
        )

    @cached_property
    def meta_id(self) -> str | None:
        """Meta's number of the thread, if its directory shows one."""
        if self.disk_folder is None and self.variant != "G":
            return None
        found = _ID.fullmatch(self.thread_id)
        return (found[1] or found[2]) if found else None

    @cached_property
    def pair(self) -> tuple[frozenset[str], str] | None:
        """The people of a conversation of two, and its title unless it is one of their names."""
        names = set(self.named)
        title = comparable_name(self.title or "")
        if len(names) == 1 and self.participants is None and not is_deleted_account(title):
            names.add(title)  # a page on which one of the two never wrote
        if self.is_group or len(names) != _TWO:
            return None
        return frozenset(names), "" if self.variant == "B" or title in names else title

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """The times of the first and the last message."""
        firsts = [o.first for o in self.outlines if o.first is not None]
        lasts = [o.last for o in self.outlines if o.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    @property
    def precision(self) -> int:
        """The coarsest unit of the messages' times, in ms."""
        return max(outline.precision for outline in self.outlines)


@dataclass
class Conversation:
    """One conversation: its threads in all places and exports."""

    threads: list[ThreadFiles]

    @property
    def is_group(self) -> bool:
        """Whether one of its threads is a group."""
        return any(thread.is_group for thread in self.threads)

    @property
    def owner(self) -> str | None:
        """The owner's name of today, as the surest and newest of its exports has it."""
        known = [thread for thread in self.threads if thread.owner]
        newest = max(known, key=lambda t: (t.owner_is_sure, t.span or (0, 0)), default=None)
        return newest.owner_today if newest else None


def newest_state(threads: Iterable[ThreadFiles]) -> ThreadFiles:
    """Return the newest state of a thread, in the richest format."""
    return max(threads, key=lambda t: (-rank_of(t), t.span[1] if t.span else float("-inf")))


def group_threads(pieces: Iterable[Piece]) -> list[ThreadFiles]:
    """Group files by their threads' folders, the newest part first."""
    threads: dict[Hashable, ThreadFiles] = {}
    for piece in pieces:
        found = piece.found
        # Files taken out of their threads' folders may lie side by side.
        key = found.export, found.place, piece.outline.index, piece.outline.thread_path
        thread = threads.setdefault(key, ThreadFiles(found.export, found.place))
        thread.pieces.append(piece)
    for thread in threads.values():
        thread.pieces.sort(key=lambda piece: piece.found.part)
    return list(threads.values())


def rank_of(thread: ThreadFiles) -> int:
    """Return the rank of a thread's format, 0 the richest: then copies, pages, encrypted chats."""
    return _RANKS.get(thread.variant, 0)
