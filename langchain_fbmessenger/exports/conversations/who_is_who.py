"""Match the people of an older and a newer state of a conversation: threads in, names out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name, words_of_name
from langchain_fbmessenger.exports.conversations.compare import times_deny

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from langchain_fbmessenger.exports.conversations.compare import Comparer
    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles

__all__ = ["who_is_who"]


def who_is_who(
    older: ThreadFiles,
    newer: ThreadFiles,
    comparer: Comparer,
    known: Mapping[str, str],
    *,
    is_group: bool,
) -> dict[str, str]:
    """Return the people whom two states of one conversation have in common.

    The same name in both is one person, and so are, in a conversation of two, the two who are left
    over, unless times contradict. Otherwise messages in common decide. Of the rest the two owners
    are one, and so are people whose names share a word. An owner may have taken a name that a
    friend had before: then the two owners are matched first.

    Args:
        older: The older state.
        newer: The newer state.
        comparer: Compares their messages.
        known: New names that are known from other conversations.
        is_group: Whether the conversation is a group, which people leave and join.

    Returns:
        Comparable names in the newer state by those in the older, both as the exports have them.
    """
    mine, theirs = older.as_written.bearers, newer.as_written.bearers
    owners = _owners_under_another_name(older, newer)
    found = _Pairs(mine, theirs, is_group=is_group)
    found.add(*owners)
    for key in mine:
        found.add(key, key)
    for key in found.left_here:
        found.add(key, known.get(key))
    if not (found.left_here and found.left_there) and not times_deny(older, newer, found.names):
        return found.names
    found = _Pairs(mine, theirs, is_group=is_group)
    found.names |= _by_votes(comparer.common(older, newer).votes, mine, theirs)
    found.add(*owners)
    for key in mine:
        found.add(key, key)
    found.add(older.as_written.owner_key, newer.as_written.owner_key)
    for here, there in _with_a_word_in_common(found):
        found.add(here, there)
    if not is_group:  # guessed owners, if nothing else is known
        found.add(_owner(older), _owner(newer))
    return found.names


class _Pairs:
    """Pairs of names in two states that are the same people's."""

    def __init__(
        self, mine: Mapping[str, str], theirs: Mapping[str, str], *, is_group: bool
    ) -> None:
        self.mine, self.theirs = mine, theirs
        self.names: dict[str, str] = {}
        self._is_group = is_group

    @property
    def left_here(self) -> list[str]:
        return [key for key in self.mine if key not in self.names]

    @property
    def left_there(self) -> list[str]:
        known = set(self.names.values())
        return [key for key in self.theirs if key not in known]

    def add(self, here: str | None, there: str | None) -> None:
        """Pair two names that are both unpaired; in a chat of two, also the two that are left."""
        if here in self.left_here and there in self.left_there:
            self.names[here] = there
            if not self._is_group and len(self.left_here) == len(self.left_there) == 1:
                self.names[self.left_here[0]] = self.left_there[0]


def _by_votes(
    votes: Counter[tuple[str, str]], mine: Iterable[str], theirs: Iterable[str]
) -> dict[str, str]:
    found = {}
    for here in mine:
        counts = {there: votes[here, there] for there in theirs if votes[here, there]}
        best = max(counts, key=lambda there: counts[there], default=None)
        if best is not None and 2 * counts[best] > sum(counts.values()):
            found[here] = best
    return found


def _with_a_word_in_common(found: _Pairs) -> list[tuple[str, str]]:
    alike = [
        (here, there)
        for here in found.left_here
        for there in found.left_there
        if words_of_name(found.mine[here]) & words_of_name(found.theirs[there])
    ]
    return [pair for pair in alike if sum(pair[0] == p[0] or pair[1] == p[1] for p in alike) == 1]


def _owners_under_another_name(
    older: ThreadFiles, newer: ThreadFiles
) -> tuple[str | None, str | None]:
    """Return both owners if they are clear and only one has the name of the other's friend.

    If each has, two people have exported one conversation, or have exchanged their names.
    """
    here, there = _clear_owner(older), _clear_owner(newer)
    is_taken = (here in newer.as_written.bearers) != (there in older.as_written.bearers)
    return (here, there) if here and there and is_taken else (None, None)


def _clear_owner(thread: ThreadFiles) -> str | None:
    """Return the owner if sure, or if this very thread is called after the other person."""
    key, thread = _owner(thread), thread.as_written
    title = comparable_name(thread.title or "")
    is_clear = thread.owner_is_sure or (title != key and title in thread.bearers)
    return key if key in thread.bearers and is_clear else None


def _owner(thread: ThreadFiles) -> str | None:
    return comparable_name(thread.owner) if thread.owner else None
