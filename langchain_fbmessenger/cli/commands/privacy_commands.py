"""The command about who has agreed to be read: `contacts`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from langchain_fbmessenger import Contacts, write_contacts
from langchain_fbmessenger._internal.output import is_stream
from langchain_fbmessenger.cli.common import (
    Exports,
    TimeZone,
    console,
    friendly_errors,
    or_stdout,
    print_plain,
    told_beside,
)
from langchain_fbmessenger.cli.prepared import refuse_input_as_output
from langchain_fbmessenger.exports import ExportReader, LoadReport, to_zone
from langchain_fbmessenger.privacy.consent.decisions import Decisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger._internal.roster import Person

__all__ = ["contacts"]


def contacts(
    exports: Exports,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", callback=or_stdout, help="File to write, or to add new people to."
        ),
    ] = Path("contacts.toml"),
    timezone: TimeZone = None,
) -> None:
    """Write down everybody in an export, for you to fill in who has agreed to be read."""
    with friendly_errors(), told_beside(output):
        refuse_input_as_output(exports, output)
        reader = ExportReader(exports, LoadReport(), timezone=to_zone(timezone))
        owner = reader.owner
        people = [person for person in reader.people if person.name != owner]
        added = write_contacts(output, people, owner=owner)
        decided = Contacts() if is_stream(output) else Contacts.read(output)
        console.print(_table(people, decided, set(added)))
        print_plain(
            f"{output}: {len(people):,} people, {len(added):,} of them new. "
            f"Decide in it, then: langchain-fbmessenger prepare … --contacts {output}"
        )


def _table(people: Sequence[Person], contacts: Contacts, added: set[str]) -> Table:
    table = Table("person", "formerly", "consent", "", box=None, pad_edge=False)
    decided = Decisions(contacts, (), people)
    for person in people:
        table.add_row(
            Text(person.name),
            Text(", ".join(person.aliases)),
            decided.by_name(person.name) or f"{contacts.default} (default)",
            "new" if person.name in added else "",
        )
    return table
