"""The `purge` command: remove all that the package keeps on this machine."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.table import Table

from langchain_fbmessenger.cli.common import confirm, console, friendly_errors, print_plain, say
from langchain_fbmessenger.state import purge_state, survey_state

if TYPE_CHECKING:
    from langchain_fbmessenger.state import Amount

__all__ = ["purge"]

_MB = 1_000_000
_UNTOUCHED = (
    "Not touched: exports, JSONL files that you wrote, key files, contacts.toml, the model hub's "
    "cache, and what lies at providers (`jobs delete ID --provider NAME` removes that)."
)


def purge(
    home: Annotated[
        Optional[Path], typer.Option(help="Folder of the state, if not the usual one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove all state: uploads, jobs, models, manifests, logs; a running server is ended."""
    with friendly_errors():
        found = survey_state(home)
        if not found.kinds:
            print_plain(f"There is nothing of this package in {found.root}.")
            return
        console.print(_table(found.kinds))
        print_plain(_UNTOUCHED)
        question = f"Remove it from {found.root} for good? A running server and job are ended."
        if not yes and not confirm(question):
            raise typer.Exit(1)
        purged = purge_state(home)
        if purged.stopped_server:
            print_plain("The local server was ended.")
        for path in purged.foreign:
            print_plain(f"Left, as it is not of this package: {path}")
        for path in purged.failed:
            say("Error", f"{path} cannot be removed.")
        if purged.failed:
            raise typer.Exit(1)
        print_plain(f"All state is removed from {purged.root}.")


def _table(kinds: dict[str, Amount]) -> Table:
    table = Table(title="State", title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    table.add_column("MB", justify="right")
    for kind, amount in sorted(kinds.items()):
        table.add_row(kind, f"{amount.count:,}", f"{amount.bytes / _MB:,.1f}")
    return table
