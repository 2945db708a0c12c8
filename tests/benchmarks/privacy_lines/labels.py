"""Read the labelled chat lines of this folder, and the people whom they mention.

A message a line, labels inline: `call {{name-first:Milo}} on {{phone:(212) 555-0142}}`. Lines that
start with `#` are comments. Kinds: see `KINDS`. Needs nothing but the standard library.

The lines of `outside/` mention people who take no part in the export (`OUTSIDE_KINDS`). A line's
own text decides which half it is in (`half_of`), so that a new one cannot be put where it suits.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent
OUTSIDE = FOLDER / "outside"
NAME_KINDS = (
    "name-full",  # Milo Dvořák
    "name-first",  # Milo; or Dvořák alone
    "nickname",  # one that people.toml lists
    "mention",  # @Milo Dvořák, @milo: the label is without the @
    "inflected",  # Miloš -> Milošem; the Novaks
    "misspelt",  # Milooo, Dvorak
    "name-link",  # facebook.com/milo.dvorak
)
IDENTIFIER_KINDS = (
    "phone",
    "email",
    "card",
    "iban",
    "ip",
    "link",  # only what is secret in a URL: a token, a key, a password
    "address",
    "id",  # of a citizen, a passport, a wallet
)
KINDS = NAME_KINDS + IDENTIFIER_KINDS
OUTSIDE_KINDS = (  # people who take no part in the export
    "out-given",  # Karel
    "out-full",  # Karel Novák, in either order, inflected or not
    "out-inflected",  # Karlovi; the other forms of a given name alone
    "out-short",  # Zdenda: a diminutive or a nickname
    "out-family",  # Novák alone, also behind a title
    "out-handle",  # @karel.novak, with the @; in an address of a profile without
)
_LABEL = re.compile(r"\{\{([a-z-]+):(.*?)\}\}")


@dataclass(frozen=True)
class Label:
    """A span of a line's text, and what it is."""

    start: int
    end: int
    kind: str
    span: str


@dataclass(frozen=True)
class Line:
    """A message: its text without the labels' brackets, and the labels by their place in it."""

    file: str
    number: int
    text: str
    labels: tuple[Label, ...]

    @property
    def language(self) -> str:
        """The language's code, by the file's name; `scripts` is a mix."""
        return self.file.split(".")[0]


@dataclass(frozen=True)
class Person:
    """A participant of the invented export."""

    name: str
    nicknames: tuple[str, ...]
    languages: tuple[str, ...]


def parsed(marked: str) -> tuple[str, tuple[Label, ...]]:
    """Return a marked line's text and its labels."""
    text, labels, after = "", [], 0
    for found in _LABEL.finditer(marked):
        kind, span = found.groups()
        text += marked[after : found.start()]
        labels.append(Label(len(text), len(text) + len(span), kind, span))
        text, after = text + span, found.end()
    return text + marked[after:], tuple(labels)


def read_lines(path: Path) -> list[Line]:
    """Return the messages of a file such as `en.dev.txt`."""
    marked = path.read_text(encoding="utf-8").splitlines()
    return [
        Line(path.name, number, *parsed(line))
        for number, line in enumerate(marked, start=1)
        if line.strip() and not line.startswith("#")
    ]


def half_of(text: str) -> str:
    """Return which half a line of `outside/` belongs to: "dev", or "test", which is held out."""
    return ("test", "dev")[hashlib.sha256(text.encode()).digest()[0] % 2]


def read_people(language: str, folder: Path = FOLDER) -> list[Person]:
    """Return the people whom a language's lines may mention; everybody for `scripts`."""
    tables = [
        table
        for path in sorted(folder.glob("people*.toml"))
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["person"]
    ]
    return [
        Person(table["name"], tuple(table["nicknames"]), tuple(table["languages"]))
        for table in tables
        if language == "scripts" or language in table["languages"]
    ]
