"""The commands about leaks: `plant-canaries` before a training, `audit` after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langchain_fbmessenger import audit_leaks, plant_canaries, read_jsonl, write_jsonl
from langchain_fbmessenger._internal.output import real_path
from langchain_fbmessenger.cli.asked_models import audited_models
from langchain_fbmessenger.cli.common import (
    LOCAL,
    Provider,
    friendly_errors,
    or_stdout,
    print_json,
    print_plain,
    progress,
    told_beside,
)
from langchain_fbmessenger.cli.field_options import default_of, option_of
from langchain_fbmessenger.exceptions import InvalidOptionError

__all__ = ["audit", "plant"]

Examples = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="JSONL file of training examples.")
]


def plant(
    examples: Examples,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", callback=or_stdout, help="File for the examples with canaries."
        ),
    ] = Path("train.canaries.jsonl"),
    canaries: Annotated[
        Path,
        typer.Option(
            callback=or_stdout, help="File for the canaries themselves, which `audit` needs."
        ),
    ] = Path("canaries.json"),
    count: Annotated[int, option_of(plant_canaries, "count", min=1)] = default_of(
        plant_canaries, "count"
    ),
    repeats: Annotated[
        list[int], option_of(plant_canaries, "repeats", min=1, more="May be repeated.")
    ] = default_of(plant_canaries, "repeats"),
    seed: Annotated[int | None, option_of(plant_canaries, "seed")] = default_of(
        plant_canaries, "seed"
    ),
) -> None:
    """Put invented secrets among training examples, to see later whether a model tells them."""
    with friendly_errors(), told_beside(output, canaries):
        if len({*map(real_path, (examples, output, canaries))}) < 3:  # noqa: PLR2004
            message = "the examples, --output and --canaries must be three files"
            raise InvalidOptionError(message)
        planted = plant_canaries(read_jsonl(examples), count=count, repeats=repeats, seed=seed)
        planted.canaries.write(canaries)
        n_written = write_jsonl(planted.examples, output)
        print_plain(
            f"{n_written:,} examples written to {output}, {count:,} canaries among them to "
            f"{canaries}\nTrain on it, then: langchain-fbmessenger audit JOB {output} "
            f"--canaries {canaries}"
        )


def audit(
    job_or_model: Annotated[str, typer.Argument(help="A job's id (ftjob-…) or a model's name.")],
    examples: Examples,
    provider: Provider = LOCAL,
    canaries: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What `plant-canaries` has written."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="Model to compare with; the job's base model by default, or none."),
    ] = None,
    people: Annotated[
        list[str] | None, typer.Option(help="Name of a real person; may be repeated.")
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSONL file of examples not trained on."),
    ] = None,
    contexts: Annotated[int, option_of(audit_leaks, "contexts", min=0)] = default_of(
        audit_leaks, "contexts"
    ),
    samples: Annotated[int, option_of(audit_leaks, "samples", min=0)] = default_of(
        audit_leaks, "samples"
    ),
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 64,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure what a tuned model gives back of its training examples, beside its base model."""
    from langchain_fbmessenger import Canaries
    from langchain_fbmessenger.fine_tuning.errors import provider_errors

    with friendly_errors(), provider_errors(provider):
        planted = None if canaries is None else Canaries.read(canaries)
        options = {"max_tokens": max_tokens}
        tuned, beside = audited_models(job_or_model, provider, base, options)
        with progress("asking", shown=True) as on_progress:
            report = audit_leaks(
                tuned,
                read_jsonl(examples),
                base=beside,
                canaries=planted,
                people=people or (),
                held_out=() if held_out is None else read_jsonl(held_out),
                contexts=contexts,
                samples=samples,
                on_progress=on_progress,
            )
        if as_json:
            print_json(report.to_dict())
        else:
            print_plain(str(report))
