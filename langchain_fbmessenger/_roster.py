"""Who the people of an export are: what a loaded session remembers beside its contract's keys.

A stage that has to find names needs all people of an export, those of other threads too: they are
talked about. A key of the session would carry those names into whatever prints or stores sessions,
so the thread's dict remembers them as attributes, which no file and no trace ever sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import Self, override

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LoadedThread",
    "Person",
    "changed_thread",
    "nicknames_of",
    "participants_of",
    "people_of",
]


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


class LoadedThread(dict[str, Any]):
    """A session's `thread`, a dict as any other, that remembers the people of its export.

    Copies and pickles remember them too; `{**thread}` is a plain dict, which does not (see
    `changed_thread`).

    Args:
        fields: The keys of the contract.
        people: Everybody in the export that the thread was loaded from, one tuple for all threads.
        nicknames: Those set in this thread, each with the name of the person who bears it ("" where
            that is not known).
    """

    __slots__ = ("nicknames", "people")

    people: tuple[Person, ...]
    nicknames: tuple[tuple[str, str], ...]

    def __init__(
        self,
        fields: Mapping[str, Any],
        people: tuple[Person, ...] = (),
        nicknames: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(fields)
        self.people = people
        self.nicknames = nicknames

    @override
    def copy(self) -> Self:
        return type(self)(self, self.people, self.nicknames)


def people_of(thread: Mapping[str, Any] | None) -> tuple[Person, ...]:
    """Return everybody in the export of a thread; nobody for a thread of another loader."""
    return thread.people if isinstance(thread, LoadedThread) else ()


def participants_of(thread: Mapping[str, Any] | None) -> list[str]:
    """Return the names of those who take part in a thread, as far as they have some."""
    listed = (thread or {}).get("participants") or ()
    return [name for name in listed if isinstance(name, str)]


def nicknames_of(thread: Mapping[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """Return the nicknames set in a thread, behind the names of those who bear them ("": unknown).

    Nicknames that were taken back count as well, since they were used.
    """
    return thread.nicknames if isinstance(thread, LoadedThread) else ()


def changed_thread(thread: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a thread with other values, which remembers what the given one does."""
    changed = {**thread, **changes}
    if isinstance(thread, LoadedThread):
        return LoadedThread(changed, thread.people, thread.nicknames)
    return changed
