"""What speaks for and against two threads being one conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._names import comparable_name, words_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger.exports._evidence import Evidence
    from langchain_fbmessenger.exports._threads import ThreadFiles

__all__ = ["are_kept_apart", "is_one_chat", "owners_agree", "people_keys", "share_people"]

_TWO = 2
_SAME_GROUP = 0.5  # share of the people that two states of one group have in common
_BOXES = {"inbox", "archived_threads", "filtered_threads", "message_requests"}


def people_keys(thread: ThreadFiles) -> list[object]:
    """Return what a thread may be known by: its people as they are called today, and as then.

    The last resort is how their names are written plainly.
    """
    keys = dict.fromkeys((_people_key(thread), _people_key(thread.as_written)))
    words = frozenset(map(words_of_name, thread.bearers.values()))
    if thread.pair and len(words) == _TWO and all(words):
        keys["plainly", words] = None
    return [key for key in keys if key]


def _people_key(thread: ThreadFiles) -> object:
    if thread.pair:
        return thread.pair
    if not thread.is_group:
        return None
    title = comparable_name(thread.title or "")
    return ("group", title) if title else ("group", frozenset(thread.named))


def owners_agree(
    threads: Iterable[ThreadFiles], others: Iterable[ThreadFiles], evidence: Evidence
) -> bool:
    """Tell whether all may come from one person's exports: two people's views are not mixed.

    Two names are two people if both are known to both; else the owner may have got a new name.
    """
    others = list(others)
    return not any(
        thread.owner_key != other.owner_key
        and thread.owner_key in other.named
        and other.owner_key in thread.named
        and not _has_swapped(thread, other, evidence)
        for thread in threads
        for other in others
    )


def _has_swapped(thread: ThreadFiles, other: ThreadFiles, evidence: Evidence) -> bool:
    """Tell whether the owner goes by the name that a friend had, and the friend by another."""
    mine, theirs = thread.as_written.owner_key, other.as_written.owner_key
    if not mine or not theirs:
        return False
    votes = evidence.common(thread, other).votes
    crossed, straight = (mine, theirs), (mine, mine)
    # One person's messages would not do: two people may have written one word at one time.
    return votes[crossed] > votes[straight] and len({here for here, _ in votes}) >= _TWO


def is_one_chat(thread: ThreadFiles, other: ThreadFiles, evidence: Evidence) -> bool:
    """Tell whether two folders without numbers hold the same messages: of one chat, then."""
    if not (thread.box and other.box) or (thread.strong_id and other.strong_id):
        return False
    has_one_name = thread.thread_id == other.thread_id
    if not has_one_name and (thread.export, thread.box) == (other.export, other.box):
        return False
    common = evidence.common(thread, other)
    return bool(common.shared) if has_one_name else common.is_most


def are_kept_apart(thread: ThreadFiles, other: ThreadFiles, evidence: Evidence) -> bool:
    """Tell whether Meta itself keeps the two apart, as it does with people of one name.

    A thread lies in one folder of an export. Only what came before its encryption is split off, and
    what was moved to another folder.
    """
    if thread.export != other.export or not other.span or thread.variant == "F":
        return False  # answers of the Graph API come page by page
    is_named_alike = thread.thread_id == other.thread_id and thread.box and other.box
    if is_named_alike and (thread.box == other.box or thread.strong_id):
        return False
    if thread.folder != other.folder and not {thread.folder, other.folder} <= _BOXES:
        return False
    return not is_one_chat(thread, other, evidence)


def share_people(thread: ThreadFiles, other: ThreadFiles) -> bool:
    """Tell whether two states of a group have enough people in common."""
    people, others = set(thread.named), set(other.named)
    if thread.participants is None or other.participants is None:
        return people <= others or others <= people  # only those who wrote are known
    return len(people & others) >= _SAME_GROUP * len(people | others)


def may_be_plainly_one(thread: ThreadFiles, other: ThreadFiles, evidence: Evidence) -> bool:
    """Tell whether nothing speaks against two chats of people whose plain names are the same."""
    numbers = thread.strong_id, other.strong_id
    if thread.origin == other.origin or (
        all(numbers) and len(set(map(len, filter(None, numbers)))) == 1
    ):
        return False
    ends = thread.span, other.span
    if not ends[0] or not ends[1]:
        return False
    is_apart = ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]
    return is_apart or evidence.common(thread, other).shared > 0
