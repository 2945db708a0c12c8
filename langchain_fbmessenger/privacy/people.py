"""People who are met one after another, and the book of invented names that learns who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import NameSearch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.consent.decisions import Decisions
    from langchain_fbmessenger.privacy.names import NameBook

__all__ = ["PeopleMet"]


class PeopleMet:
    """Learns names, and lets those keep theirs who have agreed to it.

    Args:
        book: Learns them.
        keep: Names of people who keep theirs.
        decisions: Who has agreed.
    """

    def __init__(self, book: NameBook, keep: Iterable[str], decisions: Decisions) -> None:
        self._book = book
        self._keep = [NameSearch(name) for name in keep]
        self.decisions = decisions

    def meet(self, people: Iterable[Person]) -> None:
        """Learn the names of people, but of those who keep theirs."""
        people = list(people)
        for search in self._keep:
            for person in people:
                search.meet(person.names)
            for name in search.found:
                self._book.keep(name)
        renamed = []
        for person in people:
            if self.decisions.of(person.name) == "include":
                for name in person.names:
                    self._book.keep(name)
            else:
                renamed.append(person)
        self._book.learn(renamed)
