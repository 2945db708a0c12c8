"""Find the persona in sessions, met one by one, by the names that the user typed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import NameSearch, comparable_name
from langchain_fbmessenger._internal.roster import Roster, participants_of, roster_of
from langchain_fbmessenger.exceptions import UnknownSenderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["Persona"]


class Persona:
    """Finds, session by session, under which names the persona has written.

    Args:
        sender: The person's name, or those of several.
    """

    def __init__(self, sender: str | tuple[str, ...]) -> None:
        self._wanted = (sender,) if isinstance(sender, str) else sender
        self._keys = {comparable_name(name) for name in self._wanted}
        self._exports: dict[tuple[Person, ...] | Roster, _Export] = {}
        self._plain: dict[Roster, set[str]] = {}
        self._messages: Counter[str] = Counter()
        self._has_messages = False

    def names_in(self, session: Transcript, writers: list[str]) -> Callable[[str], bool]:
        """Return a function that tells whether a name in a session is the persona's.

        Args:
            session: The session.
            writers: The sender of each message.
        """
        self._has_messages |= bool(len(session))
        self._messages.update(writers)
        thread = session.thread
        # Participants who have never written a word count as known, too.
        participants = participants_of(thread)
        for name in participants:
            self._messages.setdefault(name, 0)
        names = [*dict.fromkeys(writers), *participants]
        roster = roster_of(thread)
        if isinstance(roster, Roster) and self._is_plain(roster, names, participants):
            return self._is_wanted
        if roster not in self._exports:
            people = roster.people if isinstance(roster, Roster) else roster
            self._exports[roster] = _Export(self._wanted, people)
        self._exports[roster].meet(names)
        return self._exports[roster].is_persona

    def _is_plain(self, roster: Roster, names: list[str], participants: list[str]) -> bool:
        """Return whether a session's own names tell who the persona is, without the roster.

        A name as it is written means the person who has it today. Only those who have left, or had
        another name, need all people of the export, who take time to find.
        """
        if roster in self._exports:
            return False
        met = self._plain.setdefault(roster, set())
        met.update(map(comparable_name, participants))
        return self._keys <= met and met.issuperset(map(comparable_name, names))

    def _is_wanted(self, name: str) -> bool:
        return comparable_name(name) in self._keys

    def check(self) -> None:
        """Make sure that each name that was given was met in the sessions.

        Raises:
            UnknownSenderError: One was not, or several people may be meant.
        """
        if not self._has_messages:
            return
        seen = [name for name, _ in self._messages.most_common()]
        for position, wanted in enumerate(self._wanted):
            searches = [export.searches[position] for export in self._exports.values()]
            several = [s.candidates for s in searches if len(s.candidates) > 1]
            is_met = any(comparable_name(wanted) in met for met in self._plain.values())
            if several or not (is_met or any(search.found for search in searches)):
                meant = [names[0] for names in several[0]] if several else []
                raise UnknownSenderError(wanted, seen, meant=meant)


class _Export:
    """The people of one export; sessions without a roster count as one export."""

    def __init__(self, wanted: Iterable[str], people: tuple[Person, ...]) -> None:
        self.searches = [NameSearch(name) for name in wanted]
        self._today = {comparable_name(person.name) for person in people}
        self._keys: set[str] = set()
        self._is_persona: dict[str, bool] = {}  # names are few, messages are many
        self._known: dict[str, str] = {}
        self._met: set[str] = set()
        for person in people:
            self._meet(person.names)

    def is_persona(self, name: str) -> bool:
        if name not in self._is_persona:
            self._is_persona[name] = comparable_name(name) in self._keys
        return self._is_persona[name]

    def meet(self, names: list[str]) -> None:
        """Add the people of a session.

        Raises:
            UnknownSenderError: Until now, another person was taken for the persona.
        """
        if self._met.issuperset(names):  # as in nearly all sessions
            return
        self._met.update(names)
        for name in names:
            if comparable_name(name) not in self._known:
                self._meet((name,))
        keys = {
            key
            for search in self.searches
            for number, name in enumerate(search.found)
            # A former name of the persona may be another person's name of today.
            if (key := comparable_name(name)) not in self._today or number == 0
        }
        if keys != self._keys:
            wrong = [
                n for n, was in self._is_persona.items() if was and comparable_name(n) not in keys
            ]
            if wrong:
                wanted = ", ".join(search.wanted for search in self.searches)
                people = (names for search in self.searches for names in search.candidates)
                meant = dict.fromkeys([*wrong, *(names[0] for names in people)])
                raise UnknownSenderError(wanted, self._known.values(), meant=meant)
            self._keys = keys
            self._is_persona.clear()

    def _meet(self, names: tuple[str, ...]) -> None:
        self._known.update({comparable_name(name): name for name in names})
        for search in self.searches:
            search.meet(names)
