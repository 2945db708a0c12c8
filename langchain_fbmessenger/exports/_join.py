"""Tell which files are one conversation, across parts, folders, zip archives and exports.

Meta's own identity comes first: a thread's directory. Where it ends (another folder, the export of
encrypted chats, another download), people's names decide, then time. Facts: sections 2, 3 and 5 of
docs/formats.md.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._names import comparable_name
from langchain_fbmessenger.exports._threads import Conversation, ThreadFiles, rank_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["join_threads"]

_SAME_GROUP = 0.5  # share of the people that two states of one group have in common
_BOXES = {"inbox", "archived_threads", "filtered_threads", "message_requests"}


def join_threads(threads: Iterable[ThreadFiles]) -> list[Conversation]:
    """Bring together what is one conversation.

    Args:
        threads: The threads of all exports, their owners known as far as they can be.

    Returns:
        Conversations in the order of their first threads.
    """
    threads = list(threads)
    order = {id(thread): number for number, thread in enumerate(threads)}
    by_people: dict[object, list[Conversation]] = {}
    conversations: list[Conversation] = []
    # What only continues others comes behind them, and one export behind the other: so all that a
    # thread may belong to is there when its turn comes.
    for _, turn in groupby(sorted(_with_one_id(threads), key=_turn), key=_turn):
        waiting = {id(conversation): conversation for conversation in turn}
        matches = _matches(waiting.values(), by_people)
        for new, known in matches:
            known.threads += new.threads
            del waiting[id(new)]
        conversations += waiting.values()
        for conversation in (*waiting.values(), *(known for _, known in matches)):
            for thread in conversation.threads:
                # Of what holds nothing, nobody can tell whose it is; half of the encrypted do.
                if thread.span:
                    _note(by_people, _people_key(thread), conversation)
    conversations.sort(key=lambda c: min(order[id(thread)] for thread in c.threads))
    return conversations


def _matches(
    waiting: Iterable[Conversation], by_people: Mapping[object, list[Conversation]]
) -> list[tuple[Conversation, Conversation]]:
    """Return which conversations belong to which known ones, the surest first, each once.

    Two friends may have one name: then messages in common tell whose conversation goes on, and
    where there are none, time does.
    """
    pairs = [
        (_distance(new, known), new, known)
        for new in waiting
        for known in _candidates(new, by_people)
    ]
    pairs.sort(key=lambda pair: pair[0])
    matches: dict[int, tuple[Conversation, Conversation]] = {}
    taken: dict[int, list[ThreadFiles]] = {}
    for _, new, known in pairs:
        others = taken.setdefault(id(known), [])
        if id(new) not in matches and not any(
            _kept_apart(thread, other) for thread in new.threads for other in others
        ):
            matches[id(new)] = new, known
            others += new.threads
    return list(matches.values())


def _with_one_id(threads: Iterable[ThreadFiles]) -> list[Conversation]:
    """Bring together what has Meta's number in common: nothing is surer."""
    conversations: list[Conversation] = []
    by_id: dict[str, list[Conversation]] = {}
    for thread in threads:
        # Without a number the directory's name is good for the same messages only.
        same = by_id.setdefault(thread.strong_id or f"{thread.box}/{thread.thread_id}", [])
        known = next((c for c in same if _is_same(thread, c)), None)
        if known:
            known.threads.append(thread)
        else:
            same.append(Conversation([thread]))
            conversations.append(same[-1])
    return conversations


def _is_same(thread: ThreadFiles, known: Conversation) -> bool:
    """Tell whether a thread whose directory has the same number, or name, is the same one."""
    if not _owners_agree([thread], known.threads):
        return False
    if thread.strong_id:
        return True
    shares = any(thread.stamps & other.stamps for other in known.threads)
    return shares and thread.box is not None


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


def _people_key(thread: ThreadFiles) -> object:
    if thread.pair:
        return thread.pair
    if not thread.is_group:
        return None
    title = comparable_name(thread.title or "")
    return ("group", title) if title else ("group", frozenset(thread.named))


def _candidates(
    new: Conversation, by_people: Mapping[object, list[Conversation]]
) -> list[Conversation]:
    threads = [thread for thread in new.threads if thread.span]
    keys = dict.fromkeys(key for thread in threads if (key := _people_key(thread)))
    return [
        known
        for key in keys
        for known in by_people.get(key, ())
        if _owners_agree(threads, known.threads)
        and not any(_kept_apart(t, other) for t in threads for other in known.threads)
        and (
            not new.is_group
            or any(_share_people(t, other) for t in threads for other in known.threads)
        )
    ]


def _owners_agree(threads: Iterable[ThreadFiles], others: Iterable[ThreadFiles]) -> bool:
    """Tell whether all may come from one person's exports: two people's views are not mixed.

    Two names are two people if both are known to both; else the owner may have got a new name.
    """
    others = list(others)
    return not any(
        thread.owner_key != other.owner_key
        and thread.owner_key in other.named
        and other.owner_key in thread.named
        for thread in threads
        for other in others
    )


def _kept_apart(thread: ThreadFiles, other: ThreadFiles) -> bool:
    """Tell whether Meta itself keeps the two apart, as it does with people of one name.

    A thread lies in one folder of an export. Only what came before its encryption is split off.
    """
    if thread.export != other.export or not other.span or thread.variant == "F":
        return False  # answers of the Graph API come page by page
    if thread.box and other.box and thread.thread_id == other.thread_id:
        return False
    return thread.folder == other.folder or {thread.folder, other.folder} <= _BOXES


def _share_people(thread: ThreadFiles, other: ThreadFiles) -> bool:
    people, others = set(thread.named), set(other.named)
    if thread.participants is None or other.participants is None:
        return people <= others or others <= people  # only those who wrote are known
    return len(people & others) >= _SAME_GROUP * len(people | others)


def _distance(new: Conversation, known: Conversation) -> tuple[int, float]:
    """Return how far away a conversation is: by messages in common, then by the pause between."""
    shared = sum(len(t.stamps & other.stamps) for t in new.threads for other in known.threads)
    pauses = [
        max(0, thread.span[0] - other.span[1], other.span[0] - thread.span[1])
        for thread in new.threads
        for other in known.threads
        if thread.span and other.span
    ]
    return -shared, min(pauses, default=float("inf"))
