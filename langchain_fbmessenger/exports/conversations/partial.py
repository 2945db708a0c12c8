"""Find the threads for which partial outlines are not enough, so that files are read whole.

A partial outline knows who takes part, but not who else has written. Where that could change the
owner, or which threads are one conversation, whole outlines decide.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.conversations.bonds import people_keys
from langchain_fbmessenger.exports.conversations.owner import Evidence, names_of, titles_tell
from langchain_fbmessenger.exports.conversations.threads import rank_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from langchain_fbmessenger.exports.conversations.owner import Owner
    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles

__all__ = ["threads_to_complete"]

_MOST_ROUNDS = 8
_TWO = 2


def threads_to_complete(
    threads: Sequence[ThreadFiles],
    stated: Sequence[Owner],
    rounds: int,
    lists_all: Callable[[ThreadFiles], bool],
) -> list[ThreadFiles]:
    """Return the threads whose files are to be read whole before anything is concluded.

    Args:
        threads: The threads of all exports.
        stated: The owners that the exports' own files name.
        rounds: How often this was called with the same threads.
        lists_all: Returns whether only participants wrote in a thread, by looking through its
            files, and notes that in its outlines.
    """
    partial = [thread for thread in threads if thread.is_partial]
    is_one_export = len({t.origin for t in threads}) == 1 and not any(map(rank_of, threads))
    if not partial or not is_one_export or rounds > _MOST_ROUNDS:
        return partial
    keys = [_possible_keys(thread) for thread in threads]
    counts = Counter(key for several in keys for key in several)
    alike = [
        thread
        for thread, several in zip(threads, keys, strict=True)
        if thread.is_partial and any(counts[key] > 1 for key in several)
    ]
    if alike or _is_owner_certain(threads, stated):
        return alike
    if stated:
        return partial
    unknown = [thread for thread in partial if not thread.tells_all_people]
    by_size = sorted(unknown, key=lambda t: sum(piece.found.file.size for piece in t.pieces))
    for thread in by_size[:_MOST_ROUNDS]:  # each is as good as another
        if not lists_all(thread):
            return [thread]
        if _is_owner_certain(threads, stated):
            return []
    return partial


def _possible_keys(thread: ThreadFiles) -> set[Hashable]:
    """Return all keys by which a thread may be joined, whatever its whole files will show."""
    keys: set[Hashable] = {thread.meta_id or (thread.thread_id,)}
    if not thread.disk_folder:
        return keys
    if not thread.is_partial:
        return {*keys, *people_keys(thread)}
    pair = thread.pair
    return {*keys, ("group", comparable_name(thread.title or "")), *([pair] if pair else [])}


def _is_owner_certain(threads: Sequence[ThreadFiles], stated: Sequence[Owner]) -> bool:
    """Return whether the owner is known, whatever the whole files of partial threads show."""
    names = [(thread, {*names_of(thread.outlines)}) for thread in threads]
    surest = max(stated, key=lambda owner: owner.evidence, default=None)
    if surest is not None:
        key = comparable_name(surest.name)
        is_seen = any(key in people for _, people in names)
        return is_seen and surest.evidence > Evidence.PROFILE_VALUE
    everybody = [people for _, people in names if people]
    known = [people for thread, people in names if people and thread.tells_all_people]
    if len(everybody) >= _TWO:  # else no common name is looked for
        least = set.intersection(*everybody)
        is_settled = len(least) >= _TWO or (known and least == set.intersection(*known))
        if not is_settled:
            return False
    return titles_tell([thread.outlines for thread in threads])
