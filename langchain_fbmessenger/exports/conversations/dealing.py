"""Deal the conversations of exports to worker processes, and collect them in their order."""

from __future__ import annotations

import pickle
from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.exports.conversations.threads import Conversation, Piece
from langchain_fbmessenger.exports.discovery.layout import is_archive
from langchain_fbmessenger.exports.report import LoadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from langchain_fbmessenger.exports.conversations.reading import ConversationReader
    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles
    from langchain_fbmessenger.exports.conversations.workers import Worker, Workers
    from langchain_fbmessenger.exports.formats.part import Outline
    from langchain_fbmessenger.exports.records import Thread

__all__ = [
    "CHUNK",
    "PAYS",
    "Answer",
    "Chosen",
    "Reading",
    "answer_of",
    "check_files",
    "check_workers",
    "deal",
]

PAYS = 24 * 2**20
"""Bytes of JSON for which it pays to start one more process: to start takes 0.15 s."""
CHUNK = 2**20
"""Bytes of JSON that are dealt at a time; a larger conversation is dealt alone."""
_TIMES_JSON = {".html": 4, ".htm": 4}  # how much longer than JSON it takes to read a byte
_AHEAD = 2  # chunks for a worker: it reads one while the other waits to be collected


class Chosen(NamedTuple):
    """A conversation, and which of its files are to be read."""

    conversation: Conversation
    pieces: list[tuple[ThreadFiles, Piece]]


class Reading(NamedTuple):
    """A conversation that was read (None if nothing of it is left), and the report of it."""

    thread: Thread | None
    report: LoadReport


class Answer(NamedTuple):
    """A worker's answer: the conversation, and the outlines of files that were partial."""

    reading: Reading
    outlines: list[Outline]


def deal(
    conversations: Sequence[Conversation],
    choose: Callable[[Conversation], Chosen],
    reader: ConversationReader,
    workers: int,
) -> Iterator[Reading]:
    """Read conversations in other processes, where there are enough of them; else in this one.

    Args:
        conversations: The conversations.
        choose: Chooses the files of one.
        reader: Reads those.
        workers: How many processes there may be; 0 for one on each core, as far as they pay.

    Yields:
        What was read, in the order of the conversations.

    Raises:
        InvalidOptionError: A worker cannot be handed the time zone.
        WorkerError: A worker could not be started, or has ended early.
    """
    chosen = map(choose, conversations)
    if workers == 1:
        yield from map(reader.read, chosen)
        return
    from langchain_fbmessenger.exports.conversations.workers import Workers, usable_cores

    pieces = [p for c in conversations for t in c.threads for p in t.pieces]
    work = sum(map(_work, pieces))
    most = workers or min(usable_cores(), work // PAYS)
    workers = min(most, work // CHUNK, len(conversations))
    if workers <= 1:
        yield from map(reader.read, chosen)
        return
    copy = pickle.dumps(reader, pickle.HIGHEST_PROTOCOL)
    with Workers(workers, copy) as pool:
        files = Counter(id(piece.found.file) for piece in pieces)
        del pieces
        yield from _Dealer(chosen, reader, pool, files).readings()


def check_workers(workers: int, timezone: tzinfo | None) -> None:
    """Raise an error if there cannot be so many workers.

    Args:
        workers: How many; 0 for one on each core.
        timezone: The time zone that they would be handed.

    Raises:
        InvalidOptionError: There cannot be so many.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        message = f"workers is a number of processes, 0 for one on each core, not {workers!r}"
        raise InvalidOptionError(message)
    if workers != 1:
        from langchain_fbmessenger.exports.conversations.workers import reason_against

        if reason := reason_against(timezone):
            raise _refusal(workers, reason)


def check_files(workers: int, paths: Sequence[Path]) -> None:
    """Raise an error if several workers are to read one file, which is never dealt to several.

    Raises:
        InvalidOptionError: Several workers are to read one file.
    """
    if workers > 1 and len(paths) == 1 and paths[0].is_file() and not is_archive(paths[0]):
        raise _refusal(workers, f"{str(paths[0])!r} is one file, which one process reads")


def _refusal(workers: int, reason: str) -> InvalidOptionError:
    return InvalidOptionError(
        f"workers={workers} is not possible: {reason}; workers=1 reads in this process"
    )


class _Dealer:
    """Deals chunks to the worker that has the fewest.

    Args:
        chosen: The conversations.
        reader: Reads the conversations that are not dealt.
        pool: The workers.
        files: How many threads each file holds, by its id.
    """

    def __init__(
        self,
        chosen: Iterator[Chosen],
        reader: ConversationReader,
        pool: Workers,
        files: Counter[int],
    ) -> None:
        self._chosen = chosen
        self._reader = reader
        self._pool = pool
        self._files = files
        self._is_over = False
        # In the order of the conversations: each with its worker, and whether it ends a chunk.
        self._order: deque[tuple[Chosen, Worker | None, bool]] = deque()

    def readings(self) -> Iterator[Reading]:
        """Yield what was read, in the order of the conversations."""
        # The first are read here while the workers start.
        self._order.extend((chosen, None, False) for chosen in self._gather())
        while True:
            self._deal_ahead()
            if not self._order:
                return
            chosen, worker, is_end = self._order.popleft()
            if worker is None:
                yield self._reader.read(chosen)
            else:
                worker.waiting -= is_end
                answer = worker.receive()
                _complete(chosen, answer.outlines)
                yield answer.reading
                del answer  # so that it is not held while the next one is read

    def _deal_ahead(self) -> None:
        while not self._is_over and self._pool.has_room(_AHEAD):
            gathered = self._gather()
            dealt = [number for number, one in enumerate(gathered) if self._is_dealt(one)]
            if not dealt:
                self._order.extend((one, None, False) for one in gathered)
                continue
            worker = self._pool.least_busy()
            worker.send([_light(gathered[number]) for number in dealt])
            worker.waiting += 1
            self._order.extend(
                (one, worker if self._is_dealt(one) else None, number == dealt[-1])
                for number, one in enumerate(gathered)
            )

    def _gather(self) -> list[Chosen]:
        """Return the next conversations, of about a chunk's bytes."""
        gathered: list[Chosen] = []
        work = 0
        for one in self._chosen:
            gathered.append(one)
            work += sum(_work(piece) for _, piece in one.pieces)
            if work >= CHUNK:
                return gathered
        self._is_over = True
        return gathered

    def _is_dealt(self, chosen: Chosen) -> bool:
        """Return whether a conversation is for workers.

        It is not if a file holds several threads: each worker would have to read the whole file.
        """
        return bool(chosen.pieces) and all(
            self._files[id(piece.found.file)] == 1 for _, piece in chosen.pieces
        )


def answer_of(reader: ConversationReader, chosen: Chosen) -> Answer:
    """Read a conversation in a worker."""
    partial = any(piece.outline.is_partial for _, piece in chosen.pieces)
    reader.report = LoadReport()
    reading = reader.read(chosen)
    outlines = [msgspec.structs.replace(piece.outline, stamps={}) for _, piece in chosen.pieces]
    return Answer(reading, outlines if partial else [])


def _complete(chosen: Chosen, outlines: list[Outline]) -> None:
    """Complete the partial outlines of a conversation with those that a worker has read."""
    for (thread, piece), outline in zip(chosen.pieces, outlines, strict=False):
        if piece.outline.is_partial:
            piece.outline.complete(outline)
            thread.drop_cached()


def _work(piece: Piece) -> int:
    """Return the bytes of JSON that would take as long to read."""
    file = piece.found.file
    return file.size * _TIMES_JSON.get(file.suffix, 1)


def _light(chosen: Chosen) -> Chosen:
    """Return the same without the times of messages, which take eight bytes each to send."""
    light: dict[int, tuple[ThreadFiles, Piece]] = {}
    threads = []
    for thread in chosen.conversation.threads:
        pieces = [
            Piece(piece.found, msgspec.structs.replace(piece.outline, stamps={}))
            for piece in thread.pieces
        ]
        threads.append(replace(thread, pieces=pieces))
        for heavy, piece in zip(thread.pieces, pieces, strict=True):
            light[id(heavy)] = threads[-1], piece
    return Chosen(Conversation(threads), [light[id(piece)] for _, piece in chosen.pieces])
