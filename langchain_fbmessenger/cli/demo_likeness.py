"""The demo's last part: do base, retrieval and tuned model sound like her?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    MissingExtraError,
    evaluate,
    map_ai_messages,
    sample_export_path,
    split_chat_sessions,
)
from langchain_fbmessenger.cli.asked_models import EvaluatedJob, evaluated_models
from langchain_fbmessenger.cli.evaluated import EvaluatedChats
from langchain_fbmessenger.cli.prepared_records import page_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from langchain_fbmessenger.examples import TrainingExample
    from langchain_fbmessenger.examples.selecting.split import ExampleSplit
    from langchain_fbmessenger.fine_tuning import FineTuningJob

__all__ = ["show_likeness"]

# A question takes a second or two: these are enough to see a report, too few for a verdict.
_PROMPTS = 12
_NEGATIVES = 12


def show_likeness(
    console: Console,
    job: FineTuningJob,
    split: ExampleSplit,
    trained: Sequence[TrainingExample],
    options: dict[str, Any],
) -> None:
    """Ask the models a few held-out prompts, say how near they come, and write the page.

    Args:
        console: Where it is shown.
        job: What was trained.
        split: The sample's examples.
        trained: Those that were trained.
        options: Of the models.
    """
    pipeline = split_chat_sessions() | map_ai_messages()
    loader = FacebookMessengerChatLoader(sample_export_path())
    chats = EvaluatedChats(trained, split.valid, list(pipeline.stream(loader.lazy_load())))
    models = evaluated_models(EvaluatedJob(job, chats, options), base=True)
    try:
        report = evaluate(
            models,
            chats.valid,
            chats.sessions,
            train=chats.train,
            limit=_PROMPTS,
            negatives=_NEGATIVES,
        )
    except MissingExtraError as error:
        console.print(f"Does it sound like her? {error}", soft_wrap=True, highlight=False)
        return
    page = page_path(job.id)
    report.write_html(page)
    for line in (*report.shortly(), f"The whole report, as a page: {page.as_uri()}"):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
