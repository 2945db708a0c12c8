"""Who has agreed to what: `contacts.toml`, one table per person of an export."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
import msgspec.toml
from pydantic import BeforeValidator

from langchain_fbmessenger._internal.names import comparable_name, find_person
from langchain_fbmessenger._internal.output import is_stream, writing
from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger._internal.visible_text import escaped
from langchain_fbmessenger.exceptions import MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger._internal.roster import Person

__all__ = ["Consent", "Contact", "Contacts", "GivenContacts", "write_contacts"]

Consent = Literal["include", "pseudonymize", "exclude"]

_WORDS = get_args(Consent)
_HEAD = """\
# langchain-fbmessenger contacts: who has agreed to what.
#   include       the person stays as they are, under their own name
#   pseudonymize  the person stays under an invented name
#   exclude       the person's messages, and the answers to them, are left out
# Take the # away from a person's line to decide; without one, the default holds.

default = "pseudonymize"
"""


class Contact(msgspec.Struct, frozen=True):
    """What is known of a person.

    `consent` is None where nobody has decided. `aliases` are names that the person is called
    besides.
    """

    consent: Consent | None = None
    aliases: tuple[str, ...] = ()


class Contacts(msgspec.Struct, frozen=True):
    """Who has agreed to what.

    Names are compared without case, white space and the way in which accents are encoded.

    Attributes:
        default: What holds for everybody else.
        people: People by their names.

    Example:
        ```python
        contacts = Contacts.read("contacts.toml")
        sessions = apply_consent(loader.lazy_load(), contacts=contacts)
        ```
    """

    default: Consent = "pseudonymize"
    people: dict[str, Contact] = {}

    def __repr__(self) -> str:
        return line("Contacts", {"default": self.default, "people": self.people})

    def __hash__(self) -> int:
        return hash((self.default, frozenset(self.people.items())))

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Contacts:
        """Read a file.

        Raises:
            FileNotFoundError: There is no such file.
            MalformedFileError: It is not a contacts file; the error names file and person.
        """
        try:
            fields = msgspec.toml.decode(Path(path).read_bytes().removeprefix(codecs.BOM_UTF8))
        except (msgspec.MsgspecError, ValueError) as error:  # the latter for what is not TOML
            # The cause quotes the file, which holds names.
            hint = 'names stand in quotes, as in [people."Zoë"]'
            message = f"{path} is not a TOML file: {_place(error)}; {hint}"
            raise MalformedFileError(message) from None
        return _checked(fields, str(path))

    @property
    def ask_for_pseudonyms(self) -> bool:
        """Whether anybody is to stay under an invented name only."""
        decided = {contact.consent for contact in self.people.values()}
        return "pseudonymize" in {self.default, *decided}

    def aliases_of(self, name: str) -> tuple[str, ...]:
        """Return what somebody is called besides; () for people who are not named."""
        key = comparable_name(name)
        return next(
            (c.aliases for known, c in self.people.items() if comparable_name(known) == key), ()
        )


def _as_contacts(contacts: Any) -> Any:
    if contacts is None:
        return Contacts()
    return Contacts.read(contacts) if isinstance(contacts, str | os.PathLike) else contacts


GivenContacts = Annotated[Contacts, BeforeValidator(_as_contacts)]
"""Contacts as an option takes them: themselves, a file, or None for none."""


def write_contacts(
    path: str | os.PathLike[str], people: Iterable[Person], *, owner: str | None = None
) -> list[str]:
    """Write a file to decide in, or add people to one that exists.

    What stands in it stays as it is, comments too. The file is for its owner alone (0600).

    Args:
        path: The file.
        people: Everybody in an export.
        owner: Whose export it is: they are not asked.

    Returns:
        The names of the people who were added.

    Raises:
        MalformedFileError: The file exists and is not a contacts file.
    """
    path = Path(path)
    text, contacts = _HEAD, Contacts()
    if path.exists() and not is_stream(path):
        contacts = Contacts.read(path)
        text = path.read_text(encoding="utf-8-sig")
    people = list(people)
    told = [name for own, contact in contacts.people.items() for name in (own, *contact.aliases)]
    if owner:
        told.append(owner)
    meant = [find_person(name, (person.names for person in people)) for name in told]
    # What is written there counts as well; and nobody can be told by a name of blanks.
    known = {comparable_name(name) for name in (*told, *(n for names in meant for n in names), "")}
    added = []
    for person in people:
        if comparable_name(person.name) not in known:
            known.add(comparable_name(person.name))
            added.append(person.name)
            text = f"{text.rstrip()}\n\n{_table(person)}"
    content = text.encode("utf-8", "replace")
    try:
        msgspec.toml.decode(content)
    except (msgspec.MsgspecError, ValueError):
        message = (
            f"{path} cannot be added to: write each person as a table of its own, "
            '[people."Name"], not people = {...}'
        )
        raise MalformedFileError(message) from None
    with writing(path) as file:
        file.write(content)
    return added


def _table(person: Person) -> str:
    lines = [f"[people.{_quoted(person.name)}]", '# consent = "exclude"']
    if person.aliases:
        lines.append(f"aliases = [{', '.join(map(_quoted, person.aliases))}]")
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    """Return a TOML string; JSON's are such, but for what is not to be shown."""
    return escaped(
        json.dumps(name.encode(errors="replace").decode(), ensure_ascii=False), is_toml=True
    )


def _place(error: Exception) -> str:
    """Return where a TOML file is broken, which its parsers say last, in brackets."""
    told = str(error)
    return told[told.rindex("(at ") :].strip("()") if "(at " in told else "it cannot be read"


def _checked(fields: Any, path: str) -> Contacts:
    people = fields.pop("people", {})
    default = _consent(fields.pop("default", "pseudonymize"), path, "default")
    if fields:
        message = f"{path}: unknown key {min(fields)!r}; known are default and [people.…]"
        raise MalformedFileError(message)
    if not isinstance(people, dict):
        message = f'{path}: people must be tables: [people."Name"]'
        raise MalformedFileError(message)
    contacts = {name: _contact(value, path, name) for name, value in people.items()}
    seen: dict[str, str] = {}
    for name in contacts:
        key = comparable_name(name)
        if not key:
            message = f"{path}: a person's name is blank"
            raise MalformedFileError(message)
        if key in seen:
            message = f"{path}: {name!r} and {seen[key]!r} are one name; write one table"
            raise MalformedFileError(message)
        seen[key] = name
    return Contacts(default=default, people=contacts)


def _contact(value: Any, path: str, name: str) -> Contact:
    if not isinstance(value, dict):
        message = f'{path}: {name!r} must be a table: [people."{name}"] and consent = "exclude"'
        raise MalformedFileError(message)
    if unknown := value.keys() - {"consent", "aliases"}:
        message = f"{path}: unknown key {min(unknown)!r} of {name!r}; known are consent, aliases"
        raise MalformedFileError(message)
    aliases = value.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(a, str) and a.strip() for a in aliases):
        message = f'{path}: aliases of {name!r} must be a list of names: ["Míla"]'
        raise MalformedFileError(message)
    consent = value.get("consent")
    checked = None if consent is None else _consent(consent, path, f"consent of {name!r}")
    return Contact(consent=checked, aliases=tuple(aliases))


def _consent(value: Any, path: str, what: str) -> Consent:
    if value not in _WORDS:
        message = f"{path}: {what} must be one of {', '.join(_WORDS)}"
        raise MalformedFileError(message)
    return value  # type: ignore[no-any-return]  # it is one of the words
