"""Learn from the conversations of several exports what everybody is called today.

Meta tells people apart by their names alone, and the name in the newest export is the one of today.
The states of a conversation show who is who; what they show of a person holds for the whole export,
as far as one person alone had the name there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cmp_to_key
from itertools import combinations
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.conversations.accounts import Accounts
from langchain_fbmessenger.exports.conversations.compare import times_deny
from langchain_fbmessenger.exports.conversations.who_is_who import who_is_who
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_fbmessenger.exports.conversations.compare import Comparer
    from langchain_fbmessenger.exports.conversations.threads import (
        Conversation,
        Origin,
        ThreadFiles,
    )

    NameInExport = tuple[Origin, str]

__all__ = ["names_today"]

_TWO = 2
_NEVER = -(10**18)


def names_today(
    conversations: Iterable[Conversation], comparer: Comparer
) -> dict[int, dict[str, str]]:
    """Return names of today, for the threads in which people have other names.

    Args:
        conversations: What is known of conversations so far.
        comparer: Compares the messages of threads.

    Returns:
        By the id of a thread's `pieces`: names of today by comparable names.
    """
    return _Census(list(conversations), comparer).names_today()


def _oldest_first(conversations: Iterable[Conversation]) -> list[Origin]:
    """Return the origins of names in the order of their last messages.

    Two that share conversations are compared by those, as one may hold only a few others. If all
    end with the same message, the larger counts as the newer; the name decides at last.
    """
    ends: dict[Origin, tuple[int, int, int]] = {}
    later: Counter[tuple[Origin, Origin]] = Counter()
    for conversation in conversations:
        for thread in conversation.threads:
            last, unit, found = ends.get(thread.origin, (_NEVER, 1, 0))
            end = thread.span[1] if thread.span else _NEVER
            more = found + sum(outline.found for outline in thread.outlines)
            ends[thread.origin] = max(last, end), max(unit, thread.precision), more
        for one, other in combinations(conversation.threads, 2):
            if one.span and other.span:
                unit = max(one.precision, other.precision)
                difference = one.span[1] // unit - other.span[1] // unit
                sign = (difference > 0) - (difference < 0)
                later[one.origin, other.origin] += sign
                later[other.origin, one.origin] -= sign

    def compare(one: Origin, other: Origin) -> int:
        unit = max(ends[one][1], ends[other][1])
        key, other_key = ((ends[o][0] // unit, ends[o][2], o) for o in (one, other))
        return later[one, other] or (1 if key > other_key else -1)

    return sorted(sorted(ends), key=cmp_to_key(compare))


@dataclass(eq=False)
class _Person:
    """A person of one conversation: their names in its threads, the newest first."""

    names: list[tuple[ThreadFiles, str]] = field(default_factory=list)
    today: str = ""

    @property
    def newest(self) -> tuple[ThreadFiles, str]:
        return self.names[0]


class _Census:
    """Finds out, for the people of all conversations, what they are called today."""

    def __init__(self, conversations: list[Conversation], comparer: Comparer) -> None:
        self._conversations = conversations
        self._comparer = comparer
        threads = [thread for c in conversations for thread in c.threads]
        age = {origin: n for n, origin in enumerate(_oldest_first(conversations))}
        self._oldest_first = sorted(threads, key=lambda t: (age[t.origin], t.span or (0, 0)))
        self._age = age
        self._people: dict[tuple[int, str], _Person] = {}
        # The names of today that newer exports give for a name in an older one.
        self._new_names: defaultdict[NameInExport, set[str]] = defaultdict(set)
        # By two origins: names in the older one that are others in the newer one.
        self._renamed: defaultdict[tuple[Origin, Origin], dict[str, str]] = defaultdict(dict)
        # By names of today: the age of the newest export that uses them.
        self._newest_age: dict[str, int] = {}
        # In how many chats of two a name occurs.
        self._n_chats = Counter(name for c in conversations for name in _contacts(c))

    def names_today(self) -> dict[int, dict[str, str]]:
        people = [person for c in self._conversations for person in self._meet(c)]
        # From the newest names back: what an older export calls people follows from a newer one.
        people.sort(key=lambda person: -self._age_of(person.newest[0]))
        accounts = Accounts(self._conversations, self._age, self._newest_of)
        for person in people:
            self._find_todays_name(person, accounts)
        return self._names_by_thread(self._spellings(accounts))

    def _age_of(self, thread: ThreadFiles) -> int:
        return self._age[thread.origin]

    def _newest_of(self, thread: ThreadFiles, key: str) -> tuple[ThreadFiles, str] | None:
        person = self._people.get((id(thread.pieces), key))
        return person.newest if person else None

    def _meet(self, conversation: Conversation) -> list[_Person]:
        """Return the people of a conversation."""
        people: list[_Person] = []
        threads = sorted(
            conversation.threads, key=lambda t: (self._age_of(t), t.span or (0, 0)), reverse=True
        )
        for number, thread in enumerate(threads):
            here = thread.as_written.bearers
            known: dict[str, _Person] = {}
            for newer in threads[:number]:
                if len(known) == len(here):
                    break
                same = {key: key for key in here if key in newer.as_written.bearers}
                # In one export everybody has one name, unless two were unpacked into one folder.
                if newer.origin != thread.origin or times_deny(thread, newer, same):
                    same = self._compare(thread, newer, is_group=conversation.is_group)
                for key, name in same.items():
                    known.setdefault(key, self._people[id(newer.pieces), name])
            for key in here:
                if key not in known:
                    known[key] = _Person()
                    people.append(known[key])
                known[key].names.append((thread, key))
                self._people[id(thread.pieces), key] = known[key]
        return people

    def _compare(self, older: ThreadFiles, newer: ThreadFiles, *, is_group: bool) -> dict[str, str]:
        known = self._renamed[older.origin, newer.origin]
        found = who_is_who(older, newer, self._comparer, known, is_group=is_group)
        known |= {key: name for key, name in found.items() if key != name}
        return found

    def _find_todays_name(self, person: _Person, accounts: Accounts) -> None:
        thread, key = person.newest
        age = self._age_of(thread)
        owner = accounts.name_today(person.names)
        new_names = self._new_names[thread.origin, key]
        person.today = key
        if owner:
            person.today = comparable_name(owner)
        elif len(new_names) == 1 and self._applies_to(person, new_names):
            (person.today,) = new_names
        for where, name in person.names:
            if person.today != key or self._age_of(where) < age:
                self._new_names[where.origin, name].add(person.today)
            if name == person.today:
                self._newest_age[name] = max(self._newest_age.get(name, -1), self._age_of(where))

    def _is_one_persons(self, origin: Origin, key: str) -> bool:
        """Return whether a name was one person's in an export, and has not been used since."""
        is_used_since = self._newest_age.get(key, -1) > self._age[origin]
        return not is_used_since and self._n_chats[origin, key] <= 1

    def _applies_to(self, person: _Person, new_names: set[str]) -> bool:
        """Return whether an export's name of today for a name holds for this person."""
        thread, key = person.newest
        return self._is_one_persons(thread.origin, key) and not any(
            name in new_names or self._people[id(where.pieces), name].today in new_names
            for where, own in person.names
            for name in where.as_written.bearers
            if name != own
        )

    def _spellings(self, accounts: Accounts) -> dict[str, str]:
        """Return how names are written today, by comparable names."""
        spelled = {comparable_name(name): name for name in accounts.names}
        for thread in self._oldest_first:
            spelled |= thread.as_written.bearers
        return spelled

    def _names_by_thread(self, spelled: Mapping[str, str]) -> dict[int, dict[str, str]]:
        """Return the names of today of each thread's people, and of others in its export."""
        others: defaultdict[Origin, dict[str, str]] = defaultdict(dict)
        for (origin, key), new_names in self._new_names.items():
            if len(new_names) == 1 and self._is_one_persons(origin, key) and key not in new_names:
                others[origin][key] = spelled[next(iter(new_names))]
        by_thread = {}
        for conversation in self._conversations:
            for thread in conversation.threads:
                here = thread.as_written.bearers
                names = {k: name for k, name in others[thread.origin].items() if k not in here}
                names |= self._names_in(thread, conversation, spelled)
                if names:
                    by_thread[id(thread.pieces)] = names
        return by_thread

    def _names_in(
        self, thread: ThreadFiles, conversation: Conversation, spelled: Mapping[str, str]
    ) -> dict[str, str]:
        people = {
            self._people[id(t.pieces), k]
            for t in conversation.threads
            for k in t.as_written.bearers
        }
        names = {
            key: spelled[self._people[id(thread.pieces), key].today]
            for key in thread.as_written.bearers
        }
        gone = [name for name in thread.as_written.people if is_deleted_account(name)]
        if not conversation.is_group and len(people) == _TWO and len(names) == 1 and gone:
            # The account was deleted since; an older export has its name.
            (own,) = names
            (other,) = people - {self._people[id(thread.pieces), own]}
            names |= dict.fromkeys(map(comparable_name, gone), spelled[other.today])
        as_written = {*thread.as_written.people, *thread.as_written.bearers.values()}
        return {
            key: name
            for key, name in names.items()
            if any(comparable_name(one) == key and one != name for one in as_written)
        }


def _contacts(conversation: Conversation) -> set[NameInExport]:
    """Return the two people of a conversation, as pairs of an origin and a comparable name."""
    if conversation.is_group:
        return set()
    pairs = ((thread.origin, thread.as_written.pair) for thread in conversation.threads)
    return {(origin, key) for origin, pair in pairs if pair and not pair[1] for key in pair[0]}
