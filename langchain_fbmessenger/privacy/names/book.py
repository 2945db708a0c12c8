"""The book of invented names: kept in the key file, the only way back to the real ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._home import write_private
from langchain_fbmessenger._names import comparable_name
from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from langchain_fbmessenger._roster import Person
    from langchain_fbmessenger.privacy.findings import TextFinder

__all__ = ["NameBook"]

_WORD = re.compile(r"\w+")


class _KeyFile(msgspec.Struct):
    secret: str
    names: dict[str, str]


class NameBook:
    """Invented names for real ones, stable for a key file.

    Args:
        path: The key file; made if it does not exist.
        keep: Names that stay as they are.
    """

    def __init__(self, path: Path, *, keep: Iterable[str] = ()) -> None:
        self._path = path
        if path.exists():
            self._file = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        else:
            secret = base64.b64encode(secrets.token_bytes(32)).decode()
            self._file = _KeyFile(secret=secret, names={})
        self._secret = base64.b64decode(self._file.secret)
        self._keep = {comparable_name(name) for name in keep}
        self._changed = not path.exists()

    @property
    def secret(self) -> bytes:
        """What everything that is made from this key is derived from."""
        return self._secret

    @property
    def people(self) -> int:
        """How many people have been given an invented name."""
        return len(self._file.names)

    def keep(self, name: str) -> None:
        """Let a person keep their name."""
        self._keep.add(comparable_name(name))

    def learn(self, people: Iterable[Person]) -> None:
        """Invent names for people who have none yet, and write them down."""
        for person in people:
            for name in (person.name, *person.aliases):
                self.invented(name)
        if self._changed:
            write_private(self._path, msgspec.json.encode(self._file))
            self._changed = False

    def invented(self, name: str) -> str:
        """Return the invented name of a person."""
        if not name or comparable_name(name) in self._keep:
            return name
        return _WORD.sub(lambda match: self._word(match[0]), name)

    def number(self, text: str) -> str:
        """Return a number for an id or a path that holds names: stable, and no way back."""
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:16]

    def finder(self, nicknames: Iterable[tuple[str, str]] = ()) -> TextFinder:
        """Return a finder of the names of everybody who is known.

        Args:
            nicknames: The people of a thread and their nicknames in it.
        """
        del nicknames
        return _Finder(self._file.names)

    def _word(self, word: str) -> str:
        known = self._file.names.get(word)
        if known is None:
            try:
                from faker import Faker
            except ImportError as error:
                message = "pseudonymize_chat_sessions()"
                raise MissingExtraError(message, extra="privacy", missing="faker") from error
            faker = Faker()
            faker.seed_instance(int(self.number(word), 16))
            known = self._file.names[word] = faker.first_name()
            self._changed = True
        return known


class _Finder:
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def find(self, text: str) -> list[Finding]:
        return [
            Finding(match.start(), match.end(), "name", self._names[match[0]])
            for match in _WORD.finditer(text)
            if match[0] in self._names
        ]
