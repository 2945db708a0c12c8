"""The commands about privacy: `contacts`, and `redact`, which shows or writes what is replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from langchain_fbmessenger import Contacts, FacebookMessengerChatLoader, write_contacts
from langchain_fbmessenger._internal.output import is_stream
from langchain_fbmessenger.cli.common import (
    ContactsFile,
    Exports,
    Folders,
    TimeZone,
    UnknownNamesOption,
    confirm,
    console,
    friendly_errors,
    has_terminal,
    or_stdout,
    print_plain,
    progress,
    told_beside,
)
from langchain_fbmessenger.cli.field_options import default_of, option_of
from langchain_fbmessenger.cli.prepared import refuse_input_as_output
from langchain_fbmessenger.cli.views.preview_screen import full_preview, short_preview
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.exports import ExportReader, LoadReport, to_zone
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.findings import IDENTIFIER_KINDS
from langchain_fbmessenger.privacy.options import as_unknown_names
from langchain_fbmessenger.privacy.preview.page import write_preview_page
from langchain_fbmessenger.privacy.redaction.redact import Redaction
from langchain_fbmessenger.privacy.stage import PseudonymizeChatSessions, RedactIdentifiers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.preview.figures import Preview

__all__ = ["contacts", "redact"]


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


_KEY_NAME = "names.key"


def redact(
    exports: Exports,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only show what would be replaced; the default.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for a redacted copy of the export (JSON)."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            callback=or_stdout, help="File for the preview as a page, for your eyes alone."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help=f"Key file of the invented names; {_KEY_NAME} beside --output else."),
    ] = None,
    keep_owner: Annotated[
        bool, option_of(PseudonymizeChatSessions, "keep_owner", "--keep-owner")
    ] = default_of(PseudonymizeChatSessions, "keep_owner"),
    keep: Annotated[
        list[str] | None, option_of(PseudonymizeChatSessions, "keep", more="May be repeated.")
    ] = None,
    also: Annotated[
        list[str] | None, option_of(PseudonymizeChatSessions, "people", more="May be repeated.")
    ] = None,
    unknown_names: UnknownNamesOption = default_of(PseudonymizeChatSessions, "unknown_names"),
    contacts: ContactsFile = None,
    fake: Annotated[
        bool, typer.Option("--fake", help=r"Invent phone numbers and the like: no \[phone].")
    ] = False,
    kind: Annotated[
        list[str] | None,
        option_of(RedactIdentifiers, "kinds", more=f"They are {', '.join(IDENTIFIER_KINDS)}."),
    ] = None,
    only_identifiers: Annotated[
        bool, typer.Option("--only-identifiers", help="Leave all names.")
    ] = False,
    samples: Annotated[int, typer.Option(min=1, help="Samples shown of each kind.")] = 5,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    folder: Folders = None,
    timezone: TimeZone = None,
) -> None:
    """Show what would be replaced in an export, or write a copy without names and numbers."""
    with friendly_errors(), told_beside(html):
        if preview and output is not None:
            message = "--preview writes no copy: leave out either it or --output"
            raise InvalidOptionError(message)
        if html is not None:
            refuse_input_as_output(exports, html)
        redaction = Redaction(
            names=not only_identifiers,
            keep_owner=keep_owner,
            keep=tuple(keep or ()),
            people=tuple(also or ()),
            unknown_names=as_unknown_names(unknown_names),
            contacts=None if contacts is None else Contacts.read(contacts),
            fake=fake,
            kinds=tuple(dict.fromkeys(kind or IDENTIFIER_KINDS)),
        )
        with progress("reading", shown=True) as on_progress:
            loader = FacebookMessengerChatLoader(
                exports,
                folders=folder,
                timezone=timezone,
                attachments="placeholder",  # a copy is to tell of photos, and the preview of it
                on_progress=on_progress,
            )
            if output is None:
                found = redaction.preview(loader, key=key, samples=samples)
        if output is not None:
            _write(redaction, loader, output, key, html, yes=yes)
            return
        for part in full_preview(found):
            console.print(part, highlight=False)
        if redaction.names and not (key and key.exists()):
            print_plain("The invented names are good for this preview only: a key file keeps them.")
        _write_page(found, html)


def _write(
    redaction: Redaction,
    loader: FacebookMessengerChatLoader,
    output: Path,
    key: Path | None,
    html: Path | None,
    *,
    yes: bool,
) -> None:
    if not yes and not has_terminal():
        message = "nobody can be asked here: look with --preview, then write with --yes"
        raise InvalidOptionError(message)
    key = key or output.parent / _KEY_NAME

    def look(preview: Preview) -> bool:
        for part in short_preview(preview):
            console.print(part, highlight=False)
        _write_page(preview, html)
        return yes or confirm("Write the copy?")

    count = redaction.write(loader, output, key=key, look=look)
    if count is None:
        print_plain("Nothing was written.")
        raise typer.Exit(1)
    print_plain(
        f"{count:,} conversation{'s' * (count != 1)} written to {output}, for you alone to read"
    )
    if redaction.names:
        print_plain(
            f"{key} is the only way back from the invented names: keep it, and give it to nobody "
            "who gets the copy"
        )


def _write_page(preview: Preview, html: Path | None) -> None:
    if html is not None:
        write_preview_page(preview, html)
        print_plain(f"The preview stands in {html}, which holds chats: for your eyes alone")
