"""What holds for whom: contacts and the people of an export in, decisions by name out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import NameSearch, comparable_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.consent.contacts import Consent, Contacts

__all__ = ["Decisions"]

_STRICTEST_FIRST: tuple[Consent, ...] = ("exclude", "pseudonymize", "include")


class Decisions:
    """Decisions by name.

    One is made for all names of a person: today's, former ones, aliases. Where a name is several
    people's, the strictest of their decisions holds for it: who has not agreed must not be read
    under another's name.

    Args:
        contacts: Who has agreed to what.
        forget: Names of people to be left out, whatever they have agreed to.
        people: Everybody in the export, if that is known.
        others: Names of more people.

    Attributes:
        known: All names of each person.
        all_names: Everybody's names, as they are compared and as they are written.
        unmatched: Names of the contacts that nobody bears as they are written there: somebody who
            is met later may be meant.
    """

    def __init__(
        self,
        contacts: Contacts,
        forget: Iterable[str],
        people: Iterable[Person],
        others: Iterable[str] = (),
    ) -> None:
        self._default = contacts.default
        self._names: dict[Consent, dict[str, str]] = {word: {} for word in _STRICTEST_FIRST}
        by_name: dict[str, list[Person]] = {}
        self.all_names: dict[str, str] = {}
        for person in people:
            for name in person.names:
                by_name.setdefault(comparable_name(name), []).append(person)
                self.all_names[comparable_name(name)] = name
        told = [
            (name, contact.aliases, contact.consent) for name, contact in contacts.people.items()
        ]
        told += [(name, contacts.aliases_of(name), "exclude") for name in forget]
        self.known = [*dict.fromkeys(p.names for persons in by_name.values() for p in persons)]
        for name in others:
            if comparable_name(name) not in self.all_names:
                self.all_names[comparable_name(name)] = name
                self.known.append((name,))
        self.unmatched: list[str] = []
        for own, aliases, consent in told:
            for name in (own, *aliases):
                names = [name]
                if persons := by_name.get(comparable_name(name)):
                    names += [one for person in persons for one in person.names]
                elif comparable_name(name) not in self.all_names:
                    self.unmatched.append(name)
                    # Of several who may be meant nobody is read: an error says so in the end.
                    names += [one for person in self._meant(name, consent) for one in person]
                if consent is not None:
                    self._names[consent].update({comparable_name(one): one for one in names})

    def _meant(self, name: str, consent: Consent | None) -> list[tuple[str, ...]]:
        search = NameSearch(name)
        for names in self.known:
            search.meet(names)
        return search.candidates if consent == "exclude" else [search.found]

    def of(self, name: str) -> Consent:
        """Return what holds for a name."""
        return self.by_name(name) or self._default

    def by_name(self, name: str) -> Consent | None:
        """Return what was decided for somebody by their name; None if only the default holds."""
        key = comparable_name(name)
        return next((word for word in _STRICTEST_FIRST if key in self._names[word]), None)

    @property
    def removed(self) -> dict[str, str]:
        """All names of those who are left out, as they are compared and as they are written."""
        if self._default != "exclude":
            return self._names["exclude"]
        others = {key: name for key, name in self.all_names.items() if self.of(name) == "exclude"}
        return {**others, **self._names["exclude"]}
