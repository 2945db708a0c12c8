"""The commands of `langchain-fbmessenger`: parse, call, show. Their logic stands in the rooms."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from langsmith import tracing_context  # comes with langchain-core, which traces by it

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    __version__,
    read_jsonl,
)
from langchain_fbmessenger._internal.own_processes import no_core_dumps, switch_off_telemetry
from langchain_fbmessenger.cli.commands.audit_commands import audit, plant
from langchain_fbmessenger.cli.commands.evaluate_command import evaluate
from langchain_fbmessenger.cli.commands.example_commands import check, prepare
from langchain_fbmessenger.cli.commands.job_commands import jobs
from langchain_fbmessenger.cli.commands.privacy_commands import contacts, redact
from langchain_fbmessenger.cli.commands.purge_command import purge
from langchain_fbmessenger.cli.common import (
    LOCAL,
    Exports,
    Folders,
    Provider,
    TimeZone,
    console,
    friendly_errors,
    print_json,
    print_plain,
    progress,
)
from langchain_fbmessenger.cli.ending import Commands
from langchain_fbmessenger.cli.field_options import FieldCommand, default_of, option_of
from langchain_fbmessenger.cli.held_out import (
    EARLY_STOPPING,
    held_out_beside,
    usual_early_stopping,
)
from langchain_fbmessenger.cli.prepared_records import keep_for_job
from langchain_fbmessenger.cli.survey import take_survey
from langchain_fbmessenger.cli.views.screens import report_lines, survey_lines, threads_table

if TYPE_CHECKING:
    from langchain_fbmessenger.local import ServerAddress

__all__ = ["app"]

_OLD_TRACING_SWITCHES = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")

# A traceback with local variables would print chats.
app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From your Messenger export to a chat model that writes like you, on your own machine.",
)


def _version(show: bool) -> None:
    if show:
        console.print(__version__)
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Read the options that stand before a command."""
    _disable_tracing_and_dumps(context)


def _disable_tracing_and_dumps(context: typer.Context) -> None:
    """Switch off traces, telemetry and core dumps for as long as the command runs.

    Tracing is often switched on for a whole machine. A chain of somebody's own may be traced as
    they wish; what is typed into `chat` was not meant to be.
    """
    context.with_resource(tracing_context(enabled=False))
    for name in _OLD_TRACING_SWITCHES:  # langchain-core ends with an error where only they are set
        os.environ.pop(name, None)
    switch_off_telemetry()
    no_core_dumps()


@app.command()
def inspect(
    exports: Exports,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    folder: Folders = default_of(FacebookMessengerChatLoader, "folders"),
    timezone: TimeZone = default_of(FacebookMessengerChatLoader, "timezone"),
) -> None:
    """Show what is in an export: threads, people, formats, and what is left out and why."""
    with friendly_errors():
        with progress("reading", shown=not as_json) as on_progress:
            loader = FacebookMessengerChatLoader(
                exports, folders=folder, timezone=timezone, on_progress=on_progress
            )
            survey = take_survey(loader)
        if as_json:
            print_json(survey)
            return
        console.print(threads_table(survey.threads))
        for line in survey_lines(survey):
            console.print(line, soft_wrap=True)
        console.print("\n".join(report_lines(loader.report)))


app.command(cls=FieldCommand)(prepare)
app.command(cls=FieldCommand)(check)
app.command(cls=FieldCommand)(redact)
app.command()(contacts)
app.add_typer(jobs, name="jobs")
app.command("plant-canaries", cls=FieldCommand)(plant)
app.command()(evaluate)
app.command(cls=FieldCommand)(audit)
app.command()(purge)


@app.command(cls=FieldCommand)
def finetune(
    examples: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSONL file from `prepare`.")
    ],
    provider: Provider = LOCAL,
    model: Annotated[str, option_of(FineTuner, "model")] = default_of(FineTuner, "model"),
    epochs: Annotated[Optional[int], option_of(FineTuner, "n_epochs")] = default_of(
        FineTuner, "n_epochs"
    ),
    batch_size: Annotated[Optional[int], option_of(FineTuner, "batch_size")] = default_of(
        FineTuner, "batch_size"
    ),
    learning_rate_multiplier: Annotated[
        Optional[float], option_of(FineTuner, "learning_rate_multiplier")
    ] = default_of(FineTuner, "learning_rate_multiplier"),
    learning_rate: Annotated[Optional[float], option_of(FineTuner, "learning_rate")] = default_of(
        FineTuner, "learning_rate"
    ),
    lora_rank: Annotated[Optional[int], option_of(FineTuner, "lora_rank")] = default_of(
        FineTuner, "lora_rank"
    ),
    lora_alpha: Annotated[Optional[int], option_of(FineTuner, "lora_alpha")] = default_of(
        FineTuner, "lora_alpha"
    ),
    early_stopping: Annotated[
        Optional[int],
        option_of(
            FineTuner,
            "early_stopping",
            more=f"By default {EARLY_STOPPING} where there is a validation file.",
        ),
    ] = default_of(FineTuner, "early_stopping"),
    suffix: Annotated[Optional[str], option_of(FineTuner, "suffix")] = default_of(
        FineTuner, "suffix"
    ),
    seed: Annotated[Optional[int], option_of(FineTuner, "seed")] = default_of(FineTuner, "seed"),
    validation: Annotated[
        Optional[Path],
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSONL file of the validation set; by default the one that `prepare --valid` has "
            "written beside FILE.",
        ),
    ] = None,
    system: Annotated[Optional[str], option_of(FineTuner, "system")] = default_of(
        FineTuner, "system"
    ),
    resume: Annotated[bool, option_of(FineTuner, "resume")] = default_of(FineTuner, "resume"),
    keep_files: Annotated[bool, option_of(FineTuner, "keep_files", "--keep-files")] = default_of(
        FineTuner, "keep_files"
    ),
    wait: Annotated[bool, typer.Option(help="Wait for the job, with a progress bar.")] = True,
    key: Annotated[
        Optional[Path],
        typer.Option(help="Key file: its real names are looked for before anything is sent."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Send without showing what leaves this machine.")
    ] = False,
) -> None:
    """Train a model on examples; by default on this machine, elsewhere after a look at them."""
    from langchain_fbmessenger.cli.send_question import ask_before_sending
    from langchain_fbmessenger.fine_tuning import find_provider

    with friendly_errors():
        there = find_provider(provider)
        validation = validation or held_out_beside(examples)
        if early_stopping is None and validation is not None:
            early_stopping = usual_early_stopping(there)
        tuner = FineTuner(
            provider=provider,
            model=model,
            n_epochs=epochs,
            batch_size=batch_size,
            learning_rate_multiplier=learning_rate_multiplier,
            learning_rate=learning_rate,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            early_stopping=early_stopping,
            resume=resume,
            keep_files=keep_files,
            suffix=suffix,
            seed=seed,
            system=system,
        )
        if not yes:
            files = [examples] if validation is None else [examples, validation]
            ask_before_sending(files, there, model, key=key)
        validation_set = None if validation is None else read_jsonl(validation)
        job = tuner.submit(read_jsonl(examples), validation=validation_set)
        keep_for_job(examples, job.id)
        talk = f"langchain-fbmessenger chat {job.id}" + f" --provider {provider}" * (
            provider != "local"
        )
        print_plain(f"job {job.id} is {job.status}")
        if not wait:
            print_plain(f"When it has succeeded: {talk}")
            return
        try:
            job.wait()
        except KeyboardInterrupt:
            print_plain(f"\nThe job goes on. When it has succeeded: {talk}")
            raise typer.Exit(130) from None
        print_plain(f"model {job.fine_tuned_model}\nTalk to it: {talk}")


@app.command()
def chat(
    job_or_model: Annotated[str, typer.Argument(help="A job's id (ftjob-…) or a model's name.")],
    provider: Provider = LOCAL,
    message: Annotated[
        Optional[str],
        typer.Option("--message", "-m", help="Ask once and leave."),
    ] = None,
    system: Annotated[
        Optional[str],
        typer.Option(help="System prompt; a job's own by default."),
    ] = None,
    others: Annotated[
        Optional[str],
        typer.Option(help="Who you are, where the system prompt names whom it writes to."),
    ] = None,
    temperature: Annotated[Optional[float], typer.Option(min=0)] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 256,
) -> None:
    """Talk to a tuned (or base) model. Nothing of it is stored."""
    from langchain_fbmessenger.cli.commands.talk import conversation_with, talk

    with friendly_errors():
        # A small model that has lost its thread would go on to the end of its context.
        options: dict[str, Any] = {"max_tokens": max_tokens}
        if temperature is not None:
            options["temperature"] = temperature
        conversation = conversation_with(job_or_model, provider, system, others, options)
        talk(conversation, console, [message] if message is not None else None)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    home: Annotated[Optional[Path], typer.Option(help="Folder of its state.")] = None,
) -> None:
    """Run the local fine-tuning and chat server until Ctrl-C; on 127.0.0.1 only."""
    from langchain_fbmessenger import local

    with friendly_errors():
        local.serve(home or local.default_home(), port=port, announce=_announce)


def _announce(address: ServerAddress) -> None:
    print_plain(
        f"Serving {address.base_url} until Ctrl-C. Its API key stands in {address.home}/server.json"
    )


@app.command()
def demo(
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the examples.")] = 2,
) -> None:
    """Train on the bundled sample export and compare the model before and after."""
    from langchain_fbmessenger.cli.commands.demo import run_demo

    with friendly_errors():
        run_demo(console, n_epochs=epochs)


if __name__ == "__main__":
    sys.exit(app())
