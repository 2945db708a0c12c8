"""What the commands share: their options, and all that they show and ask.

Whatever a command shows goes through `console`, `errors` or a function here, which show texts of
others without obeying them; nothing else in this room writes.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from pydantic import ValidationError
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from langchain_fbmessenger import FineTuner
from langchain_fbmessenger._internal.console import VisibleConsole
from langchain_fbmessenger._internal.options import option_error
from langchain_fbmessenger._internal.output import is_stdout
from langchain_fbmessenger._internal.visible_text import escaped
from langchain_fbmessenger.cli.field_options import default_of, option_of
from langchain_fbmessenger.cli.streams import LostOutputError
from langchain_fbmessenger.exceptions import MessengerError
from langchain_fbmessenger.privacy.preview.wording import MISSED_OUTSIDE, measured
from langchain_fbmessenger.privacy.stage import PseudonymizeChatSessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "LOCAL",
    "ContactsFile",
    "Exports",
    "Folders",
    "Provider",
    "TimeZone",
    "Tokenizer",
    "UnknownNamesOption",
    "ask",
    "confirm",
    "console",
    "errors",
    "friendly_errors",
    "has_terminal",
    "or_stdout",
    "print_json",
    "print_plain",
    "progress",
    "say",
    "told_beside",
]

console = VisibleConsole()
errors = VisibleConsole(stderr=True)

Exports = Annotated[
    list[Path],
    typer.Argument(
        metavar="EXPORT...",
        help="Folders, zip archives or files of one or several exports.",
        show_default=False,
    ),
]
Folders = Annotated[
    list[str] | None,
    typer.Option(help="Thread folder to read, such as message_requests; may be repeated."),
]
TimeZone = Annotated[
    str | None,
    typer.Option(help="Zone of HTML exports, such as Europe/Prague; this machine's by default."),
]
ContactsFile = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="Who has agreed: the file of `contacts`, filled in."
    ),
]
UnknownNamesOption = Annotated[
    str,
    option_of(
        PseudonymizeChatSessions,
        "unknown_names",
        metavar="keep|replace",
        more=f"{measured().in_words} Missed: {MISSED_OUTSIDE}.",
    ),
]
Tokenizer = Annotated[
    str | None,
    typer.Option(help="Counts tokens: a model's name, folder or hub id; estimated by default."),
]
Provider = Annotated[
    str,
    typer.Option(
        help="Where it runs: local, openai, azure, nebius, or an address: https://host/v1."
    ),
]

LOCAL = default_of(FineTuner, "provider")
"""The provider where none is named."""


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Tell warnings and errors in a line each; an error ends the command with status 1."""

    def show_warning(message: Warning | str, *_: Any) -> None:
        say("Warning", str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show_warning  # type: ignore[assignment]  # extra arguments unused
        try:
            yield
        except ValidationError as error:  # of a model of LangChain's; its text quotes the options
            say("Error", str(option_error(error)))
            raise typer.Exit(1) from None
        except BrokenPipeError as error:  # of a file to be written; typer would make it a 1
            raise LostOutputError(error.filename or "output", error) from None
        except (MessengerError, OSError, ValueError) as error:
            say("Error", str(error))
            raise typer.Exit(1) from None


def say(kind: str, text: str) -> None:
    """Tell an error or a warning, on the standard error stream."""
    errors.print(f"{kind}: ", end="", style="yellow" if kind == "Warning" else "red")
    errors.print(text, highlight=False, soft_wrap=True)


def print_plain(text: str) -> None:
    """Print text without colours, and unbroken at any width."""
    console.print(text, highlight=False, soft_wrap=True)


def print_json(figures: Any) -> None:
    """Print figures as JSON that holds every character, though some by their numbers."""
    told = msgspec.json.format(msgspec.json.encode(figures)).decode()
    sys.stdout.write(escaped(told, encoding=sys.stdout.encoding or "utf-8") + "\n")


def ask(question: str) -> str:
    """Ask, and return what is typed; nothing where nobody answers any more."""
    console.print(question, end=" ", highlight=False, soft_wrap=True)
    try:
        return input().strip()
    except EOFError:
        console.print()
        return ""


def confirm(question: str) -> bool:
    """Ask for a yes; all else is a no."""
    return ask(f"{question} [y/N]:").lower() in {"y", "yes"}


def or_stdout(output: Path | None) -> Path | None:
    """Return the output that is meant: `-` is standard output, as elsewhere."""
    return Path("/dev/stdout") if output == Path("-") else output


@contextmanager
def told_beside(*outputs: Path | None) -> Iterator[None]:
    """Tell what there is to tell on standard error, where one of the outputs is standard output."""
    before = console.stderr
    console.stderr = any(output is not None and is_stdout(output) for output in outputs)
    try:
        yield
    finally:
        console.stderr = before


@contextmanager
def progress(doing: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while something goes on; what is soon done is done before it.

    Yields:
        A function to call with how much is done, and of how much.
    """
    columns = (TextColumn(doing, markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=not (shown and errors.is_terminal)
    ) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def has_terminal() -> bool:
    """Tell whether somebody is there who can be asked."""
    return sys.stdin.isatty()
