"""Let a loaded session remember who the people of its export are, apart from its keys.

A stage that has to find names needs all people of an export, those of other threads too: they are
talked about. A key of the session would carry those names into everything that prints or stores
sessions, so the thread's dict remembers them as attributes, which no file and no trace ever sees.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Optional

import msgspec
from typing_extensions import Self, TypedDict, override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Person",
    "Roster",
    "ThreadInfo",
    "ThreadWithPeople",
    "changed_thread",
    "nicknames_of",
    "participants_of",
    "people_of",
    "roster_of",
]


class ThreadInfo(TypedDict, total=False):
    """A thread, as sessions carry it under the key `thread`."""

    id: str
    title: str
    participants: list[str]
    is_group: bool
    folder: Optional[str]  # noqa: UP045 - pydantic reads this on Python 3.10 too
    source: str
    owner: Optional[str]  # noqa: UP045 - as above


class Person(msgspec.Struct, frozen=True):
    """A person of an export, as far as names tell: two people of one name are one here.

    `aliases` are names that the person had before.
    """

    name: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the person, today's first."""
        return (self.name, *self.aliases)


class Roster:
    """Everybody in an export, looked for when first needed: all files may have to be read.

    Args:
        find: Looks for them.
    """

    def __init__(self, find: Callable[[], tuple[Person, ...]]) -> None:
        self._find = find

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """The people."""
        return self._find()


class ThreadWithPeople(dict[str, Any]):
    """A session's `thread`, a dict as any other, that remembers the people of its export.

    Copies and pickles remember them too; `{**thread}` is a plain dict, which does not (see
    `changed_thread`).

    Args:
        fields: The keys of the contract.
        people: Everybody in the export that the thread was loaded from, one tuple for all threads,
            or a roster of them.
        nicknames: Those set in this thread, each with the name of the person who bears it ("" where
            that is not known).
    """

    __slots__ = ("_people", "nicknames")

    nicknames: tuple[tuple[str, str], ...]

    def __init__(
        self,
        fields: Mapping[str, Any],
        people: tuple[Person, ...] | Roster = (),
        nicknames: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(fields)
        self._people = people
        self.nicknames = nicknames

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody in the export."""
        return self._people.people if isinstance(self._people, Roster) else self._people

    @property
    def roster(self) -> tuple[Person, ...] | Roster:
        """Everybody in the export, or a roster that looks for them: one for all threads."""
        return self._people

    @override
    def copy(self) -> Self:
        return type(self)(self, self._people, self.nicknames)

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self), self.people, self.nicknames)


def people_of(thread: Mapping[str, Any] | None) -> tuple[Person, ...]:
    """Return everybody in the export of a thread; () for a thread of another loader."""
    return thread.people if isinstance(thread, ThreadWithPeople) else ()


def roster_of(thread: Mapping[str, Any] | None) -> tuple[Person, ...] | Roster:
    """Return everybody in the export of a thread, or a roster that looks for them."""
    return thread.roster if isinstance(thread, ThreadWithPeople) else ()


def participants_of(thread: Mapping[str, Any] | None) -> list[str]:
    """Return the names of those who take part in a thread, as far as they are known."""
    listed = (thread or {}).get("participants") or ()
    return [name for name in listed if isinstance(name, str)]


def nicknames_of(thread: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Return the nicknames set in a thread, behind the names of those who bear them ("": unknown).

    Nicknames that were taken back count as well, since they were used.
    """
    return thread.nicknames if isinstance(thread, ThreadWithPeople) else ()


def changed_thread(thread: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a thread with other values that remembers the same people."""
    changed = {**thread, **changes}
    if isinstance(thread, ThreadWithPeople):
        return ThreadWithPeople(changed, thread.roster, thread.nicknames)
    return changed
