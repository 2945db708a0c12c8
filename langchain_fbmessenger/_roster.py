"""What a loaded thread remembers of its export: everybody in it, and nicknames set in the thread.

Not a part of the session's contract: a thread prints, compares and is dumped as the plain dict.
"""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Person", "nicknames_of", "people_of"]


class Person(msgspec.Struct, frozen=True):
    """Somebody in an export; `aliases` are names that they had before."""

    name: str
    aliases: tuple[str, ...] = ()


def people_of(thread: Any) -> tuple[Person, ...]:
    """Return everybody in the export that a thread is of; nobody if it does not remember."""
    return getattr(thread, "people", ())


def nicknames_of(thread: Any) -> tuple[tuple[str, str], ...]:
    """Return the nicknames that were set in a thread, each with its person's name."""
    return getattr(thread, "nicknames", ())
