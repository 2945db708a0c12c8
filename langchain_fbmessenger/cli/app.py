"""The commands of `langchain-fbmessenger`: parse, call, show. Their logic stands in the rooms."""

from __future__ import annotations

import io
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import msgspec
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    MessengerError,
    __version__,
    map_ai_messages,
    merge_chat_runs,
    read_jsonl,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger.cli.screens import report_lines, survey_lines, threads_table
from langchain_fbmessenger.cli.survey import take_survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_fbmessenger.local import ServerAddress

__all__ = ["app"]

# A traceback with local variables would print chats.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From your Messenger export to a chat model that writes like you, on your own machine.",
)
console = Console()
errors = Console(stderr=True)

# `Optional`, not `|`: typer reads these at run time on Python 3.10 too.
Exports = Annotated[
    list[Path],
    typer.Argument(
        metavar="EXPORT...",
        help="Folders, zip archives or files of one or several exports.",
        show_default=False,
    ),
]
Folders = Annotated[
    Optional[list[str]],
    typer.Option(help="Thread folder to read, such as message_requests; may be repeated."),
]
TimeZone = Annotated[
    Optional[str],
    typer.Option(help="Zone of HTML exports, such as Europe/Prague; this machine's by default."),
]
Provider = Annotated[str, typer.Option(help="Where it runs: local or openai.")]


@contextmanager
def _friendly_errors() -> Iterator[None]:
    def show_warning(message: Warning | str, *_: Any) -> None:
        _say("Warning", str(message))

    with warnings.catch_warnings():
        warnings.showwarning = show_warning  # type: ignore[assignment]  # extra arguments unused
        try:
            yield
        except ValidationError as error:  # pydantic's own text quotes what was given
            told = [wrong["msg"].removeprefix("Value error, ") for wrong in error.errors()]
            _say("Error", "; ".join(told))
            raise typer.Exit(1) from None
        except (MessengerError, OSError, ValueError) as error:
            _say("Error", str(error))
            raise typer.Exit(1) from None


def _say(kind: str, text: str) -> None:
    errors.print(f"{kind}: ", end="", style="yellow" if kind == "Warning" else "red")
    errors.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def _print(text: str) -> None:
    """Print text as it is: names and paths may look like rich's markup."""
    console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def _version(show: bool) -> None:
    if show:
        console.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Read the options that stand before a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that cannot show "é" or "─" gets "?" instead of a traceback.
            stream.reconfigure(errors="replace")


@app.command()
def inspect(
    exports: Exports,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    folder: Folders = None,
    timezone: TimeZone = None,
) -> None:
    """Show what is in an export: threads, people, formats, and what is left out and why."""
    with _friendly_errors():
        with _progress(shown=not as_json) as on_progress:
            loader = FacebookMessengerChatLoader(
                exports, folders=folder, timezone=timezone, on_progress=on_progress
            )
            survey = take_survey(loader)
        if as_json:
            # Plain text, so that no width of a terminal breaks it.
            typer.echo(msgspec.json.format(msgspec.json.encode(survey)).decode())
            return
        console.print(threads_table(survey.threads))
        for line in survey_lines(survey):
            console.print(line, soft_wrap=True)
        console.print("\n".join(report_lines(loader.report)))


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while an export is read; a small one is read before it appears."""
    columns = (TextColumn("reading"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=not (shown and errors.is_terminal)
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command()
def prepare(
    exports: Exports,
    me: Annotated[
        Optional[str],
        typer.Option(help="Whose messages the model learns: a name; the export's owner else."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File for the training examples.")
    ] = Path("train.jsonl"),
    max_messages: Annotated[int, typer.Option(min=1, help="Longest example, in messages.")] = 8,
    overlap: Annotated[int, typer.Option(min=0, help="Messages repeated as context.")] = 2,
    system: Annotated[Optional[str], typer.Option(help="System prompt of every example.")] = None,
    folder: Folders = None,
    timezone: TimeZone = None,
) -> None:
    """Turn an export into training examples (JSONL, readable by you alone)."""
    with _friendly_errors():
        loader = FacebookMessengerChatLoader(exports, folders=folder, timezone=timezone)
        pipeline = (
            merge_chat_runs()
            | map_ai_messages(sender=me)
            | to_training_examples(max_messages=max_messages, overlap=overlap, system=system)
        )
        count = write_jsonl(pipeline.stream(loader.lazy_load()), output)
        console.print("\n".join(report_lines(loader.report)))
        _print(f"{count:,} training examples written to {output}")
        if not count:
            _say("Warning", f"{me or loader.owner!r} has written nothing in these chats.")


@app.command()
def finetune(
    examples: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSONL file from `prepare`.")
    ],
    provider: Provider = "local",
    model: Annotated[str, typer.Option(help="Base model.")] = "SmolLM2-135M-Instruct",
    epochs: Annotated[Optional[int], typer.Option(min=1, help="Passes over the examples.")] = None,
    batch_size: Annotated[Optional[int], typer.Option(min=1, help="Examples per step.")] = None,
    learning_rate_multiplier: Annotated[
        Optional[float],
        typer.Option(help="Factor on the provider's learning rate."),
    ] = None,
    suffix: Annotated[str | None, typer.Option(help="Part of the finished model's name.")] = None,
    seed: Annotated[Optional[int], typer.Option(help="Makes the run repeatable.")] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the job, with a progress bar.")] = True,
) -> None:
    """Train a model on examples; by default on this machine."""
    from langchain_fbmessenger import FineTuner

    with _friendly_errors():
        tuner = FineTuner(
            provider=provider,
            model=model,
            n_epochs=epochs,
            batch_size=batch_size,
            learning_rate_multiplier=learning_rate_multiplier,
            suffix=suffix,
            seed=seed,
        )
        job = tuner.submit(read_jsonl(examples))
        talk = f"langchain-fbmessenger chat {job.id}" + f" --provider {provider}" * (
            provider != "local"
        )
        _print(f"job {job.id} is {job.status}")
        if not wait:
            _print(f"When it has succeeded: {talk}")
            return
        try:
            job.wait()
        except KeyboardInterrupt:
            _print(f"\nThe job goes on. When it has succeeded: {talk}")
            raise typer.Exit(130) from None
        _print(f"model {job.fine_tuned_model}\nTalk to it: {talk}")


@app.command()
def chat(
    job_or_model: Annotated[str, typer.Argument(help="A job's id (ftjob-…) or a model's name.")],
    provider: Provider = "local",
    message: Annotated[
        Optional[str],
        typer.Option("--message", "-m", help="Ask once and leave."),
    ] = None,
    system: Annotated[
        Optional[str],
        typer.Option(help="System prompt; a job's own by default."),
    ] = None,
    temperature: Annotated[Optional[float], typer.Option(min=0)] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 256,
) -> None:
    """Talk to a tuned (or base) model. Nothing of it is stored."""
    from langchain_fbmessenger.cli.talk import chain_for, talk

    with _friendly_errors():
        # A small model that has lost its thread would go on to the end of its context.
        options: dict[str, Any] = {"max_tokens": max_tokens}
        if temperature is not None:
            options["temperature"] = temperature
        chain = chain_for(job_or_model, provider, system, options)
        talk(chain, console, [message] if message is not None else None)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    home: Annotated[Optional[Path], typer.Option(help="Folder of its state.")] = None,
) -> None:
    """Run the local fine-tuning and chat server until Ctrl-C; on 127.0.0.1 only."""
    from langchain_fbmessenger import local

    with _friendly_errors():
        local.serve(home or local.default_home(), port=port, announce=_announce)


def _announce(address: ServerAddress) -> None:
    _print(
        f"Serving {address.base_url} until Ctrl-C. Its API key stands in {address.home}/server.json"
    )


@app.command()
def demo(
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the examples.")] = 2,
) -> None:
    """Train on the bundled sample export and compare the model before and after."""
    from langchain_fbmessenger.cli.demo import run_demo

    with _friendly_errors():
        run_demo(console, n_epochs=epochs)


if __name__ == "__main__":
    sys.exit(app())
