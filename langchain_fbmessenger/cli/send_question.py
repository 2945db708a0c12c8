"""The question before chats leave this machine: first it is shown what is about to be sent."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from langchain_fbmessenger import read_jsonl
from langchain_fbmessenger.cli.common import ask, console, has_terminal, print_plain
from langchain_fbmessenger.examples.files.tokens import LIKELY
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.outgoing import Outgoing, look_through
from langchain_fbmessenger.privacy.preview.wording import KIND_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.fine_tuning import Provider
    from langchain_fbmessenger.privacy.outgoing import Turn

__all__ = ["ask_before_sending"]

_SAMPLES_SHOWN = 3
_TURNS_SHOWN = 4


def ask_before_sending(
    files: list[Path], provider: Provider, model: str, *, key: Path | None
) -> None:
    """Show what is about to leave, and go on only if that is wanted; no request is made.

    Args:
        files: Files of examples, the validation set last.
        provider: Where they would go; one on this machine is not asked about.
        model: The base model.
        key: A key file, whose real names are looked for.

    Raises:
        InvalidOptionError: Nobody can be asked.
        typer.Exit: It is not wanted.
    """
    if provider.is_private:
        return
    if not has_terminal():
        message = (
            f"chats would go to {provider.label}, and nobody can be asked here: run this on a "
            "terminal to see what leaves, or say --yes if you have seen it"
        )
        raise InvalidOptionError(message)
    with provider.connection().client() as client:  # an address, no connection yet
        host = client.base_url.host
    examples = chain.from_iterable(map(read_jsonl, files))
    outgoing = look_through(examples, key=key, count_tokens=LIKELY.of_texts)
    for line in _lines(outgoing, provider.label, host, model, with_names=key is not None):
        console.print(line, highlight=False)
    left = outgoing.samples
    while True:
        for turns in left[:_SAMPLES_SHOWN]:
            console.print(_example(turns))
        left = left[_SAMPLES_SHOWN:]
        more = "/more" if left else ""
        answer = ask(f"Send it? [y/N{more}]:").lower()
        if answer in {"y", "yes"}:
            return
        if not (left and answer in {"m", "more"}):
            print_plain("Nothing was sent.")
            raise typer.Exit(1)


def _lines(
    outgoing: Outgoing, label: str, host: str, model: str, *, with_names: bool
) -> Iterator[Text]:
    where = label if host in label else f"{label} ({host})"
    yield Text(f"About to leave this machine, for {where}, to fine-tune {model}:", style="bold")
    yield Text(
        f"  {outgoing.examples:,} examples, {outgoing.texts:,} texts, "
        f"{outgoing.characters:,} characters, about {outgoing.tokens:,} tokens"
    )
    if outgoing.found is None:
        yield Text(f"  Identifiers could not be counted: {outgoing.why_not}", style="yellow")
    else:
        found = ", ".join(f"{n:,} {KIND_NAMES[kind]}" for kind, n in outgoing.found.most_common())
        style = "red" if found else ""
        yield Text(f"  Found in it: {found or 'no identifiers'}", style=style)
        if not with_names:
            yield Text("  Names were not looked for: --key FILE does, with a key file", style="dim")
    yield Text("  Samples:")


def _example(turns: list[Turn]) -> Table:
    table = Table(show_header=False, expand=True)
    table.add_column("role", no_wrap=True)
    table.add_column("text", overflow="fold", ratio=1)
    if len(turns) > _TURNS_SHOWN:
        table.add_row("…", Text(f"{len(turns) - _TURNS_SHOWN:,} turns before", style="dim"))
    for turn in turns[-_TURNS_SHOWN:]:
        text = Text("…" * turn.sample.is_cut[0])
        for part in turn.sample.parts:
            text.append(part.after, style="red" if part.kind else "")
        table.add_row(Text(turn.role), text.append("…" * turn.sample.is_cut[1]))
    return table
