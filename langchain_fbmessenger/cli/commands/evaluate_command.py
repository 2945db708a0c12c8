"""The `evaluate` command: does a job's model sound like the persona?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_fbmessenger.cli.asked_models import EvaluatedJob, evaluated_models
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
from langchain_fbmessenger.cli.evaluated import chats_of_files, chats_of_job, most_tokens
from langchain_fbmessenger.cli.prepared import refuse_input_as_output
from langchain_fbmessenger.cli.prepared_records import answers_path, record_of_job
from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from langchain_fbmessenger.cli.evaluated import EvaluatedChats

__all__ = ["evaluate"]


def evaluate(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="A job's id, such as ftjob-….")],
    exports: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[EXPORT]...",
            help="Where the export is now; where `prepare` has read it, by default.",
            show_default=False,
        ),
    ] = None,
    provider: Provider = LOCAL,
    limit: Annotated[int, typer.Option(min=1, help="How many held-out prompts to ask.")] = 300,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, help="Longest answer, in tokens; by default what your own need, 64 to 256."
        ),
    ] = None,
    max_concurrency: Annotated[
        int, typer.Option(min=1, help="How many questions to ask at once.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Draws the same prompts and halves again.")] = 0,
    base: Annotated[
        bool,
        typer.Option(
            "--base/--no-base",
            help="Ask the base model too, whose answers keep text unlike any human's off the "
            "scale.",
        ),
    ] = True,
    html: Annotated[
        Path | None,
        typer.Option(
            callback=or_stdout, help="File for the report as a page, for your eyes alone."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    no_text: Annotated[
        bool, typer.Option("--no-text", help="Leave words of chats out of page and JSON.")
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="File in which answers are kept, so that a run that was killed goes on; one in "
            "the state folder by default."
        ),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSONL file that was trained, where `prepare` was run elsewhere.",
        ),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSONL file that was held out, with it."),
    ] = None,
    me: Annotated[
        list[str] | None,
        typer.Option(
            help="Whose messages the model learned, with --train; the export's owner else."
        ),
    ] = None,
) -> None:
    """Measure whether a tuned model sounds like the persona: needs what `prepare --valid` held out.

    Models are asked what the persona was asked in conversations that none was trained on; see
    docs/likeness.md.
    """
    from langchain_fbmessenger import FineTuningJob
    from langchain_fbmessenger import evaluate as evaluate_models
    from langchain_fbmessenger.fine_tuning.errors import provider_errors

    exports = exports or []
    with friendly_errors(), provider_errors(provider), told_beside(html):
        record = record_of_job(job_id)
        remembered = [] if record is None else [*map(Path, record.preparation.exports)]
        read = [*exports, *remembered, *filter(None, (train, validation))]
        for output in filter(None, (html, answers)):
            refuse_input_as_output(read, output)
        job = FineTuningJob.from_id(job_id, provider)
        job.chat_model()  # one without a model is refused before anything is read
        chats = _chats(job_id, exports, train, validation, me)
        options = {"max_tokens": max_tokens or most_tokens(chats)}
        models = evaluated_models(EvaluatedJob(job, chats, options), base=base)
        with progress("asking", shown=True) as on_progress:
            report = evaluate_models(
                models,
                chats.valid,
                chats.sessions,
                train=chats.train,
                limit=limit,
                max_concurrency=max_concurrency,
                answers_file=answers or answers_path(job_id),
                seed=seed,
                on_progress=on_progress,
            )
        if as_json:
            print_json(report.to_dict(text=not no_text))
        else:
            print_plain(str(report))
        if html is not None:
            report.write_html(html, text=not no_text)
            if not as_json:
                print_plain(f"The page: {html}")


def _chats(
    job_id: str,
    exports: list[Path],
    train: Path | None,
    validation: Path | None,
    me: list[str] | None,
) -> EvaluatedChats:
    """Return what the job is evaluated on.

    Raises:
        InvalidOptionError: Options that go together are not together.
    """
    with progress("reading", shown=True) as on_progress:
        if train is not None and validation is not None:
            return chats_of_files(exports, train, validation, me, on_progress)
        if train is not None or validation is not None:
            message = "--train and --validation go together: the two files of `prepare --valid`"
            raise InvalidOptionError(message)
        if me:
            message = "--me goes with --train and --validation: else it is known from `prepare`"
            raise InvalidOptionError(message)
        return chats_of_job(job_id, exports, on_progress)
