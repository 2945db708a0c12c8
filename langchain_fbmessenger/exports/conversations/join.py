"""Join threads that are one conversation, across parts, folders, zip archives and exports.

Meta's own identity comes first: a thread's directory. Where it ends (another folder, the export of
encrypted chats, another download), people's names decide, then messages in common, then time.
Facts: sections 2, 3 and 5 of docs/formats.md.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exports.conversations.bonds import (
    are_kept_apart,
    is_one_chat,
    may_be_plainly_one,
    owners_agree,
    people_keys,
    plain_key,
    share_people,
)
from langchain_fbmessenger.exports.conversations.compare import stamps_in_common
from langchain_fbmessenger.exports.conversations.threads import Conversation, ThreadFiles, rank_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_fbmessenger.exports.conversations.compare import Comparer

__all__ = ["join_threads"]

_PLAINLY = 2  # the rank of plain names among the keys of a thread: the least sure


def join_threads(threads: Iterable[ThreadFiles], comparer: Comparer) -> list[Conversation]:
    """Join threads that are one conversation.

    Args:
        threads: The threads of all exports, their owners and names of today known as far as they
            can be.
        comparer: Compares the messages of threads.

    Returns:
        Conversations in the order of their first threads.
    """
    threads = list(threads)
    plainly = len({thread.origin for thread in threads}) > 1
    order = {id(thread): number for number, thread in enumerate(threads)}
    by_people: dict[object, list[Conversation]] = {}
    conversations: list[Conversation] = []
    # Threads that only continue others come after them, and one export after the other, so that
    # all that a thread may belong to is there when its turn comes.
    for _, turn in groupby(sorted(_with_one_id(threads, comparer), key=_turn), key=_turn):
        waiting = {id(conversation): conversation for conversation in turn}
        matches = _matches(waiting.values(), by_people, comparer)
        for new, known in matches:
            known.threads += new.threads
            del waiting[id(new)]
        conversations += waiting.values()
        for conversation in (*waiting.values(), *(known for _, known in matches)):
            for thread in conversation.threads:
                # An empty thread could match any; half of the encrypted ones are empty.
                for _, key in _ways(thread, plainly=plainly) if thread.span else ():
                    _note(by_people, key, conversation)
    conversations.sort(key=lambda c: min(order[id(thread)] for thread in c.threads))
    return conversations


def _matches(
    waiting: Iterable[Conversation],
    by_people: Mapping[object, list[Conversation]],
    comparer: Comparer,
) -> list[tuple[Conversation, Conversation]]:
    """Return pairs of a conversation and the known one that it belongs to, the surest first.

    Two friends may have one name: then messages in common decide whose conversation goes on, and
    without any the time does.
    """
    pairs = [
        (_distance(new, known, way), new, known)
        for new in waiting
        for way, known in _candidates(new, by_people, comparer)
    ]
    pairs.sort(key=lambda pair: pair[0])
    matches: dict[int, tuple[Conversation, Conversation]] = {}
    taken: dict[int, list[ThreadFiles]] = {}
    for _, new, known in pairs:
        others = taken.setdefault(id(known), [])
        if id(new) not in matches and not any(
            are_kept_apart(thread, other, comparer) for thread in new.threads for other in others
        ):
            matches[id(new)] = new, known
            others += new.threads
    return list(matches.values())


def _with_one_id(threads: Iterable[ThreadFiles], comparer: Comparer) -> list[Conversation]:
    """Join threads that share Meta's number, which is the surest sign.

    Without a number the folder's name, or the people of one export, count only where the messages
    are the same, as of a chat that was archived.
    """
    conversations: list[Conversation] = []
    by_id: dict[object, list[Conversation]] = {}
    for thread in threads:
        keys: list[object] = [thread.meta_id or (thread.thread_id,)]
        if thread.disk_folder:
            keys += [(thread.export, key) for key in people_keys(thread)]
        same = (c for key in keys for c in by_id.get(key, ()))
        known = next((c for c in same if _is_same(thread, c, comparer)), None)
        if known:
            known.threads.append(thread)
        else:
            known = Conversation([thread])
            conversations.append(known)
        for key in keys:
            _note(by_id, key, known)
    return conversations


def _is_same(thread: ThreadFiles, known: Conversation, comparer: Comparer) -> bool:
    """Return whether a thread is the known one with which it shares a number, folder or people."""
    if not owners_agree([thread], known.threads, comparer):
        return False
    if thread.meta_id and any(other.meta_id == thread.meta_id for other in known.threads):
        return True
    return any(is_one_chat(thread, other, comparer) for other in known.threads)


def _turn(conversation: Conversation) -> tuple[int, bool, str, str]:
    return min(
        # One answer of the Graph API may go on where the other ends.
        (rank_of(t), t.folder == "e2ee_cutover", t.export, t.thread_id if t.variant == "F" else "")
        for t in conversation.threads
    )


def _note(index: dict[Any, list[Conversation]], key: object, conversation: Conversation) -> None:
    known = index.setdefault(key, [])
    if not any(conversation is other for other in known):
        known.append(conversation)


def _candidates(
    new: Conversation, by_people: Mapping[object, list[Conversation]], comparer: Comparer
) -> Iterator[tuple[int, Conversation]]:
    """Yield conversations with the same people, and how sure that is: 0 is the surest."""
    threads = [thread for thread in new.threads if thread.span] if by_people else []
    seen: set[int] = set()
    ways = (way for thread in threads for way in _ways(thread, plainly=True))
    for way, key in sorted(ways, key=lambda pair: pair[0]):
        for known in by_people.get(key, ()):
            pairs = [(t, other) for t in threads for other in known.threads]
            if (
                id(known) not in seen
                and owners_agree(threads, known.threads, comparer)
                and not any(are_kept_apart(t, other, comparer) for t, other in pairs)
                and (not new.is_group or any(share_people(t, other) for t, other in pairs))
                and (
                    way < _PLAINLY
                    or all(may_be_plainly_one(t, other, comparer) for t, other in pairs)
                )
            ):
                seen.add(id(known))
                yield way, known


def _ways(thread: ThreadFiles, *, plainly: bool) -> list[tuple[int, object]]:
    """Return the keys that states of one thread share, each with how sure it is: 0 the surest."""
    plain = plain_key(thread) if plainly else None
    return [*enumerate(people_keys(thread)), *([(_PLAINLY, plain)] if plain else [])]


def _distance(new: Conversation, known: Conversation, way: int) -> tuple[bool, int, int, float]:
    """Return how far away a conversation is: by messages in common, then by the pause between."""
    shared = sum(stamps_in_common(t, other) for t in new.threads for other in known.threads)
    pauses = [
        max(0, thread.span[0] - other.span[1], other.span[0] - thread.span[1])
        for thread in new.threads
        for other in known.threads
        if thread.span and other.span
    ]
    return way == _PLAINLY, -shared, way, min(pauses, default=float("inf"))
