"""Compare the messages of two threads: how many they share, and who wrote the shared ones.

Times alone are cheap and show where to look; what counts is a message that both hold: of one time,
with one text and the same media. Only threads that raise a question are read for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.conversations.deduplicate import identity
from langchain_fbmessenger.exports.discovery.files import UnreadableFileError
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from langchain_fbmessenger.exports.conversations.reading import PartReader
    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles

__all__ = ["Common", "Comparer", "sampled", "stamps_in_common", "times_deny", "times_of"]

_KEPT = 4  # threads in memory, as one is mostly compared with several
_HALF = 2
_PLENTY = 100  # equal times in ms: with these, threads with one number need no reading
_LONG = 1000
_SAMPLE = 7  # of long threads one minute in seven is enough
_MINUTE = 60_000


class Common(msgspec.Struct, frozen=True):
    """The messages that two threads have in common, in numbers.

    Attributes:
        shared: The number of messages in both.
        possible: The number that could be in both, in the time that both cover.
        votes: How many shared messages each pair of senders wrote, one name from each thread.
    """

    shared: int = 0
    possible: int = 0
    votes: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)

    @property
    def is_most(self) -> bool:
        """Whether at least half of the messages that could be in both are."""
        return 0 < self.possible <= _HALF * self.shared

    def reversed(self) -> Common:
        """Return the same with the two threads swapped."""
        votes = Counter({(there, here): n for (here, there), n in self.votes.items()})
        return Common(self.shared, self.possible, votes)


_NOTHING = Common()


class _ComparedMessage(NamedTuple):
    """A message, as far as it is compared."""

    time: int
    sender: str
    what: Hashable


class Comparer:
    """Reads threads where a question is worth it, and remembers the answers.

    Args:
        parts: Reads the threads' parts.
    """

    def __init__(self, parts: PartReader) -> None:
        self._parts = parts
        self._answers: dict[tuple[int, int], Common] = {}
        self._read: dict[int, list[_ComparedMessage]] = {}

    def common(self, thread: ThreadFiles, other: ThreadFiles) -> Common:
        """Return what two threads have in common, under the names that their exports have."""
        key, reverse = (_key(thread), _key(other)), (_key(other), _key(thread))
        if key not in self._answers:
            if reverse in self._answers:
                return self._answers[reverse].reversed()
            self._answers[key] = self._compare(thread, other)
        return self._answers[key]

    def _compare(self, thread: ThreadFiles, other: ThreadFiles) -> Common:
        if not stamps_in_common(thread, other):
            return _NOTHING
        unit = max(thread.precision, other.precision)
        if unit == 1 and thread.meta_id and thread.meta_id == other.meta_id:
            votes = _votes_by_time(thread, other)
            if (shared := votes.total()) >= _PLENTY:
                return Common(shared, shared, votes)
        here, there = (_in_units(self._messages(t), unit) for t in (thread, other))
        first = max(here[0].time, there[0].time) if here and there else 0
        last = min(here[-1].time, there[-1].time) if here and there else -1
        mine, theirs = (_by_identity(said, first, last) for said in (here, there))
        votes, shared = Counter(), 0
        for what in mine.keys() & theirs.keys():
            shared += min(len(mine[what]), len(theirs[what]))
            senders, others = set(mine[what]), set(theirs[what])
            if len(senders) == len(others) == 1:  # else two wrote the same in one minute
                votes[senders.pop(), others.pop()] += 1
        possible = min(sum(map(len, mine.values())), sum(map(len, theirs.values())))
        return Common(shared, possible, votes)

    def _messages(self, thread: ThreadFiles) -> list[_ComparedMessage]:
        key = _key(thread)
        if key not in self._read:
            while len(self._read) >= _KEPT:
                del self._read[next(iter(self._read))]
            self._read[key] = sorted(self._read_messages(thread))
        return self._read[key]

    def _read_messages(self, thread: ThreadFiles) -> Iterator[_ComparedMessage]:
        for piece in thread.pieces:
            try:
                messages = self._parts.read(piece).messages
            except (UnreadableFileError, NotAThreadError):
                continue  # the second pass counts it
            for m in messages:
                yield _ComparedMessage(
                    m.timestamp_ms, comparable_name(m.sender), identity(m, 1)[1:]
                )


def times_deny(thread: ThreadFiles, other: ThreadFiles, names: Mapping[str, str]) -> bool:
    """Return whether two people wrote at one time in two states of a thread.

    Args:
        thread: A thread.
        other: Another state of the same.
        names: People taken to be one person, by comparable names in the first and the other.
    """
    return any(
        not any(names.get(name, name) in there for name in here)
        for here, there in _senders_at_one_time(thread, other)
    )


def _votes_by_time(thread: ThreadFiles, other: ThreadFiles) -> Counter[tuple[str, str]]:
    pairs = _senders_at_one_time(thread, other)
    return Counter((min(here), min(there)) for here, there in pairs if len(here) == len(there) == 1)


def _senders_at_one_time(
    thread: ThreadFiles, other: ThreadFiles
) -> Iterator[tuple[set[str], set[str]]]:
    unit = max(thread.precision, other.precision)
    mine, theirs = _senders_by_time(thread, unit), _senders_by_time(other, unit)
    return ((mine[time], theirs[time]) for time in mine.keys() & theirs.keys())


def stamps_in_common(thread: ThreadFiles, other: ThreadFiles) -> int:
    """Return how many times two threads have in common, in the coarser of their units."""
    if not thread.span or not other.span:
        return 0
    unit = max(thread.precision, other.precision)
    if (
        thread.span[1] // unit < other.span[0] // unit
        or other.span[1] // unit < thread.span[0] // unit
    ):
        return 0
    return len(set(times_of(thread, unit)).intersection(times_of(other, unit)))


def times_of(thread: ThreadFiles, unit: int) -> Iterator[int]:
    """Return the times of a thread's messages in a unit of so many milliseconds."""
    stamps = chain.from_iterable(chain.from_iterable(o.stamps.values()) for o in thread.outlines)
    return stamps if unit == 1 else (time // unit for time in stamps)


def sampled(thread: ThreadFiles, times: Iterable[int]) -> Iterable[int]:
    """Return times of a thread's messages; of a long thread, those of one minute in seven."""
    if sum(outline.found for outline in thread.outlines) <= _LONG:
        return times
    return (time for time in times if time // _MINUTE % _SAMPLE == 0)


def _key(thread: ThreadFiles) -> int:
    return id(thread.pieces)  # the same whatever names of today the thread has


def _in_units(said: list[_ComparedMessage], unit: int) -> list[_ComparedMessage]:
    return said if unit == 1 else [m._replace(time=m.time // unit) for m in said]


def _by_identity(said: list[_ComparedMessage], first: int, last: int) -> dict[Hashable, list[str]]:
    found: defaultdict[Hashable, list[str]] = defaultdict(list)
    for time, sender, what in said:
        if first <= time <= last:
            found[time, what].append(sender)
    return found


def _senders_by_time(thread: ThreadFiles, unit: int) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for outline in thread.outlines:
        for sender, times in outline.stamps.items():
            if is_deleted_account(sender):  # may have been any person
                continue
            name = comparable_name(sender)
            for time in sampled(thread, times):
                found[time // unit].add(name)
    return found
