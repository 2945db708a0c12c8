"""The `jobs` commands: list, show, cancel, pause, resume and delete fine-tuning jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from langchain_fbmessenger.cli.common import (
    LOCAL,
    Provider,
    confirm,
    console,
    friendly_errors,
    print_plain,
)
from langchain_fbmessenger.cli.prepared_records import forget_job
from langchain_fbmessenger.cli.views.job_screens import job_lines, jobs_table, loss_lines

if TYPE_CHECKING:
    from langchain_fbmessenger import FineTuningJob

__all__ = ["jobs"]

JobId = Annotated[str, typer.Argument(help="A job's id, such as ftjob-…; `jobs list` shows them.")]

jobs = typer.Typer(no_args_is_help=True, help="Look at fine-tuning jobs and steer them.")


@jobs.command("list")
def list_jobs(
    provider: Provider = LOCAL,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest jobs."""
    from langchain_fbmessenger import FineTuningJob

    with friendly_errors():
        found = FineTuningJob.newest(provider, limit=limit)
        if found:
            console.print(jobs_table(found))
        else:
            print_plain("There are no jobs yet: `langchain-fbmessenger finetune` starts one.")


@jobs.command()
def show(job_id: JobId, provider: Provider = LOCAL) -> None:
    """Show a job: its state, its settings, its losses and what went wrong."""
    with friendly_errors():
        job = _find(job_id, provider).refresh()
        for line in job_lines(job):
            print_plain(line)
        for row in loss_lines(job.loss_curve()):
            console.print(row)


@jobs.command()
def cancel(job_id: JobId, provider: Provider = LOCAL) -> None:
    """Stop a job for good and delete its uploads."""
    with friendly_errors():
        print_plain(f"job {job_id} is {_find(job_id, provider).cancel().status}")


@jobs.command()
def pause(job_id: JobId, provider: Provider = LOCAL) -> None:
    """Stop a job for a while; `jobs resume` lets it go on."""
    with friendly_errors():
        print_plain(f"job {job_id} is {_find(job_id, provider).pause().status}")


@jobs.command()
def resume(job_id: JobId, provider: Provider = LOCAL) -> None:
    """Let a paused job go on."""
    with friendly_errors():
        print_plain(f"job {job_id} is {_find(job_id, provider).resume().status}")


@jobs.command()
def delete(
    job_id: JobId,
    provider: Provider = LOCAL,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a job's model, its uploads, what is remembered and, where possible, the job itself."""
    with friendly_errors():
        job = _find(job_id, provider)
        model = job.fine_tuned_model or "no model"
        if not yes and not confirm(f"Delete job {job_id} and {model} for good?"):
            raise typer.Exit(1)
        job.delete()
        forget_job(job_id)
        print_plain(f"job {job_id} is deleted: {model}")


def _find(job_id: str, provider: str) -> FineTuningJob:
    from langchain_fbmessenger import FineTuningJob

    return FineTuningJob.from_id(job_id, provider)
