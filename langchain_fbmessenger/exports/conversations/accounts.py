"""Find out which exports are of one account, and what its owner is called today."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name, words_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from langchain_fbmessenger.exports.conversations.threads import (
        Conversation,
        Origin,
        ThreadFiles,
    )

__all__ = ["Accounts"]


class Accounts:
    """Groups exports by the accounts that they are of.

    Two exports are of one account if their owners have one name, or are one person of a
    conversation that both hold. Without a common conversation, an encrypted chat that goes on
    where the other export's ends tells it, or one name written in two ways.

    Args:
        conversations: All conversations.
        age: The place of each origin in the order of time.
        newest_of: Returns the newest thread and name of the person with a name in a thread.
    """

    def __init__(
        self,
        conversations: Iterable[Conversation],
        age: Mapping[Origin, int],
        newest_of: Callable[[ThreadFiles, str], tuple[ThreadFiles, str] | None],
    ) -> None:
        self._threads: defaultdict[Origin, list[ThreadFiles]] = defaultdict(list)
        # The comparable name of each owner, and the name as written.
        self._owner: dict[Origin, tuple[str, str]] = {}
        # Exports of one account lead to one root (a union-find).
        self._parent: dict[Origin, Origin] = {}
        for thread in (t for c in conversations for t in c.threads):
            self._threads[thread.origin].append(thread)
            if thread.owner:
                self._owner[thread.origin] = comparable_name(thread.owner), thread.owner
        same: defaultdict[Hashable, set[Origin]] = defaultdict(set)
        names: dict[Origin, tuple[int, str]] = {}
        for export, (key, name) in self._owner.items():
            same[key].add(export)
            names[export] = max(age[thread.origin] for thread in self._threads[export]), name
            for thread in self._threads[export]:
                if newest := newest_of(thread, key):
                    last, then = newest
                    same[id(last.pieces), then].add(export)
                    known = age[last.origin], last.as_written.bearers[then]
                    names[export] = max(names[export], known)
        for exports in same.values():
            self._unite(exports)
        self._everybody = {
            export: {key for thread in threads for key in thread.as_written.bearers}
            for export, threads in self._threads.items()
        }
        for one, other in combinations(sorted(self._owner), 2):
            if self._root(one) != self._root(other) and self._may_be_one(one, other):
                self._unite((one, other))
        # By roots: the age of the newest export that names the owner, and that name.
        self._newest_name: dict[Origin, tuple[int, str]] = {}
        for export, named in names.items():
            root = self._root(export)
            self._newest_name[root] = max(self._newest_name.get(root, (-1, "")), named)

    @property
    def names(self) -> list[str]:
        """The names of today of all owners."""
        return [name for _, name in self._newest_name.values()]

    def name_today(self, names: Iterable[tuple[ThreadFiles, str]]) -> str | None:
        """Return the name of today of an account's owner; None for other people."""
        for thread, key in names:
            if thread.origin in self._owner and self._owner[thread.origin][0] == key:
                return self._newest_name[self._root(thread.origin)][1]
        return None

    def _root(self, export: Origin) -> Origin:
        while self._parent.get(export, export) != export:
            export = self._parent[export]
        return export

    def _unite(self, exports: Iterable[Origin]) -> None:
        first, *others = sorted({self._root(export) for export in exports})
        self._parent.update(dict.fromkeys(others, first))

    def _may_be_one(self, one: Origin, other: Origin) -> bool:
        (key, name), (other_key, other_name) = self._owner[one], self._owner[other]
        if key in self._everybody[other] or other_key in self._everybody[one]:
            return False  # an owner in the other's chats is another person
        if not (self._contacts(one, key) & self._contacts(other, other_key)):
            return False
        words, others = words_of_name(name), words_of_name(other_name)
        is_alike = bool(words and others) and (words <= others or others <= words)
        return is_alike or self._goes_on(one, other) or self._goes_on(other, one)

    def _contacts(self, export: Origin, owner: str) -> set[str]:
        pairs = (t.as_written.pair for t in self._threads[export] if t.span)
        return {key for pair in pairs if pair and owner in pair[0] for key in pair[0] - {owner}}

    def _goes_on(self, export: Origin, encrypted: Origin) -> bool:
        """Return whether chats go on encrypted after their ends, and the owner may be the same."""
        owner = self._owner[encrypted][0]
        chats = [t for t in self._threads[encrypted] if t.variant == "B" and t.span]
        if not chats or any(owner not in t.as_written.bearers for t in chats):
            return False
        if sum(owner in everybody for everybody in self._everybody.values()) > 1:
            return False
        ends: defaultdict[str, list[int]] = defaultdict(list)
        for thread in self._threads[export]:
            if thread.folder == "e2ee_cutover" and thread.span and thread.as_written.pair:
                for key in thread.as_written.pair[0] - {self._owner[export][0]}:
                    ends[key].append(thread.span[1])
        starts = [
            (t.span[0], key) for t in chats if t.span for key in t.as_written.bearers if key in ends
        ]
        return bool(starts) and all(start >= max(ends[key]) for start, key in starts)
