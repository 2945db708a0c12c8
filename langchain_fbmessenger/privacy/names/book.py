"""The book of invented names: kept in the key file, the only way back to the real ones."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.exports import is_deleted_account
from langchain_fbmessenger.privacy.names.assignments import Assignments
from langchain_fbmessenger.privacy.names.finder import NameFinder
from langchain_fbmessenger.privacy.names.index import NameIndex
from langchain_fbmessenger.privacy.names.key_file import changing_key
from langchain_fbmessenger.privacy.names.languages import words_in
from langchain_fbmessenger.privacy.names.nicknames import Nicknames
from langchain_fbmessenger.privacy.names.outside import Outside
from langchain_fbmessenger.privacy.names.spelling import name_as_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import BulkFinder
    from langchain_fbmessenger.privacy.names.key_file import KeyFile

__all__ = ["NameBook"]


class NameBook:
    """Invented names for real ones, stable for a key file.

    Args:
        path: The key file; made if it does not exist.
        keep: Names that stay as they are.

    Raises:
        MalformedFileError: The file is not a key file.
        InvalidOptionError: Its folder does not exist.
    """

    def __init__(self, path: Path, *, keep: Iterable[str] = ()) -> None:
        self._path = path
        self._keep = {comparable_name(name): name for name in keep}
        with changing_key(path) as key:  # others may be making it right now
            self._names = Assignments(key)
        self._names.reserve(self._keep.values())
        self._outside = Outside(self._changing, self._names, self._keep)
        self._holding: ExitStack | None = None
        self._held: KeyFile | None = None
        self._index: NameIndex | None = None
        self._indexed: tuple[object, ...] = ()
        self._finder: NameFinder | None = None
        self._invented: dict[str, str] = {}

    @property
    def secret(self) -> bytes:
        """What everything that is made from this key is derived from."""
        return self._names.secret

    @property
    def people(self) -> int:
        """How many people have been given an invented name."""
        return len(self._names.people.keys() - self._keep.keys())

    def keep(self, name: str) -> None:
        """Let a person keep their name."""
        if comparable_name(name) not in self._keep:
            self._keep[comparable_name(name)] = name
            self._names.reserve([name])
            self._forget_finders()

    def learn(self, people: Iterable[Person]) -> None:
        """Invent names for people who have none yet, and write them down.

        Raises:
            BusyFileError: Another process does not let go of the key file.
            OSError: It cannot be written.
        """
        new = [person for person in people if self._is_new(person)]
        if new:
            with self._changing():
                self._names.add_people(new)
            self._forget_finders()

    def invented(self, name: str) -> str:
        """Return the invented name of a person."""
        if name not in self._invented:
            if self._stays(name):
                return name
            self.learn([Person(name)])
            self._invented[name] = self._names.invented(name)
        return self._invented[name]

    def knows(self, name: str) -> bool:
        """Tell whether a name is somebody's who has an invented one."""
        return self._names.knows(name)

    def number(self, text: str) -> str:
        """Return a number for an id or a path that holds names: stable, and no way back."""
        told = text.encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, told, hashlib.sha256).hexdigest()[:16]

    def finder(
        self, nicknames: Iterable[tuple[str, str]] = (), *, unknown: bool = False
    ) -> BulkFinder:
        """Return a finder of the names of everybody who is known.

        Args:
            nicknames: The people of a thread ("" for somebody unknown) and their nicknames in it.
            unknown: Whether it finds names of people whom nobody knows, too, and user names.
        """
        named = tuple(nicknames)
        if self._finder is None:
            self._finder = self._make_finder(())
        known = self._make_finder(named) if named else self._finder
        return self._outside.finder(known) if unknown else known

    @contextmanager
    def holding_key(self) -> Iterator[None]:
        """Write what is invented within at once, at the end: a chat may name hundreds of people.

        From the first of them on, other processes wait for the key file.
        """
        with ExitStack() as stack:
            self._holding = stack
            try:
                yield
            finally:
                self._holding = self._held = None

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let the names be added to; they are in the key file when it is let go."""
        if self._held is not None:
            yield
            return
        with ExitStack() as stack:
            key = (self._holding or stack).enter_context(changing_key(self._path))
            self._names.update(key)  # others may have added to it
            self._held = key if self._holding is not None else None
            yield

    def _is_new(self, person: Person) -> bool:
        if self._stays(person.name):
            return False
        return not all(map(self._names.knows, (person.name, *person.aliases)))

    def _stays(self, name: str) -> bool:
        return not name or comparable_name(name) in self._keep or is_deleted_account(name)

    def _forget_finders(self) -> None:
        self._finder = None
        self._invented.clear()

    def _make_finder(self, nicknames: tuple[tuple[str, str], ...]) -> NameFinder:
        invented = self._invented_nicknames(nicknames)
        index = self._up_to_date_index()
        languages = self._names.languages
        return NameFinder(
            index, Nicknames(invented, index.forms, languages), words_in(languages | {"en"})
        )

    def _invented_nicknames(self, nicknames: tuple[tuple[str, str], ...]) -> dict[str, str]:
        theirs = [
            (name, name_as_read(nick))
            for name, nick in nicknames
            if comparable_name(name) not in self._keep
        ]
        self.learn(Person(name) for name, _ in theirs if name)
        unknown = [nick for name, nick in theirs if not name and not self._names.has_part(nick)]
        if unknown:
            with self._changing():
                self._names.add_nicknames(unknown)
        return {
            nick: self._names.given_name(name) if name else self._names.of_part(nick)
            for name, nick in theirs
            if nick.strip() and not self._stays(name or nick)
        }

    def _up_to_date_index(self) -> NameIndex:
        """Return the index of all names that do not stay; only what is new is added to it."""
        state = (self._names.common_languages, frozenset(self._keep))
        if self._index is None or self._indexed != state:
            self._index, self._indexed = NameIndex(), state
            self._names.unindexed = list(self._names.people)
        for comparable in self._names.unindexed:
            if comparable not in self._keep:
                self._names.add_to_index(self._index, comparable)
        self._names.unindexed = []
        return self._index
