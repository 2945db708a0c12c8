"""Judge whether two threads may be one conversation: what speaks for it and against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name, words_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger.exports.conversations.compare import Comparer
    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles

__all__ = [
    "are_kept_apart",
    "is_one_chat",
    "may_be_plainly_one",
    "owners_agree",
    "people_keys",
    "plain_key",
    "share_people",
]

_TWO = 2
_SAME_GROUP = 0.5  # share of the people that two states of one group have in common
# Folders between which users move threads.
_USERS_FOLDERS = {"inbox", "archived_threads", "filtered_threads", "message_requests"}


def people_keys(thread: ThreadFiles) -> list[object]:
    """Return keys that states of one thread share: its people's names of today, and of then."""
    keys = [_people_key(thread), _people_key(thread.as_written) if thread.today else None]
    return list(filter(None, dict.fromkeys(keys)))


def plain_key(thread: ThreadFiles) -> object:
    """Return the least sure key of a thread: the plain names of its two people."""
    if not thread.pair:
        return None
    words = frozenset(map(words_of_name, thread.bearers.values()))
    return ("plainly", words) if len(words) == _TWO and all(words) else None


def _people_key(thread: ThreadFiles) -> object:
    if thread.pair:
        return thread.pair
    if not thread.is_group:
        return None
    title = comparable_name(thread.title or "")
    return ("group", title) if title else ("group", frozenset(thread.named))


def owners_agree(
    threads: Iterable[ThreadFiles], others: Iterable[ThreadFiles], comparer: Comparer
) -> bool:
    """Return whether all threads may come from one person's exports.

    Two owners' names are two people if both occur in both threads; else the owner may have been
    renamed.
    """
    others = list(others)
    return not any(
        thread.owner_key != other.owner_key
        and thread.owner_key in other.named
        and other.owner_key in thread.named
        and not _has_swapped(thread, other, comparer)
        for thread in threads
        for other in others
    )


def _has_swapped(thread: ThreadFiles, other: ThreadFiles, comparer: Comparer) -> bool:
    """Return whether the owner has taken the name of a friend, and the friend another one."""
    mine, theirs = thread.as_written.owner_key, other.as_written.owner_key
    if not mine or not theirs:
        return False
    votes = comparer.common(thread, other).votes
    crossed, straight = (mine, theirs), (mine, mine)
    # Messages of one person are not enough: two people may have written one word at one time.
    return votes[crossed] > votes[straight] and len({here for here, _ in votes}) >= _TWO


def is_one_chat(thread: ThreadFiles, other: ThreadFiles, comparer: Comparer) -> bool:
    """Return whether two folders without numbers are one chat, as they hold the same messages."""
    if not (thread.disk_folder and other.disk_folder) or (thread.meta_id and other.meta_id):
        return False
    has_one_name = thread.thread_id == other.thread_id
    in_one_folder = (thread.export, thread.disk_folder) == (other.export, other.disk_folder)
    if in_one_folder and not has_one_name:
        return False
    common = comparer.common(thread, other)
    return bool(common.shared) if has_one_name else common.is_most


def are_kept_apart(thread: ThreadFiles, other: ThreadFiles, comparer: Comparer) -> bool:
    """Return whether Meta itself keeps two threads apart, as of two people with one name.

    A thread lies in one folder of an export. Only the part before its encryption is split off, and
    what was moved to another folder.
    """
    if thread.export != other.export or not other.span or thread.variant == "F":
        return False  # answers of the Graph API come page by page
    folders = thread.disk_folder, other.disk_folder
    is_named_alike = thread.thread_id == other.thread_id and all(folders)
    if is_named_alike and (thread.meta_id or folders[0] == folders[1]):
        return False
    if thread.folder != other.folder and not {thread.folder, other.folder} <= _USERS_FOLDERS:
        return False
    return not is_one_chat(thread, other, comparer)


def share_people(thread: ThreadFiles, other: ThreadFiles) -> bool:
    """Return whether two states of a group have enough people in common."""
    people, others = set(thread.named), set(other.named)
    if thread.participants is None or other.participants is None:
        return people <= others or others <= people  # only those who wrote are known
    return len(people & others) >= _SAME_GROUP * len(people | others)


def may_be_plainly_one(thread: ThreadFiles, other: ThreadFiles, comparer: Comparer) -> bool:
    """Return whether nothing speaks against two chats of people whose plain names are the same."""
    if thread.origin == other.origin or not thread.span or not other.span:
        return False
    if len(thread.meta_id or "") == len(other.meta_id or "") > 0:
        return False  # two numbers of one kind
    is_apart = thread.span[1] < other.span[0] or other.span[1] < thread.span[0]
    return is_apart or comparer.common(thread, other).shared > 0
