"""The models that `audit` and `evaluate` ask: a job's, its base, and what is compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger import FineTuningError
from langchain_fbmessenger.cli.common import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.runnables import Runnable
    from langchain_openai import ChatOpenAI

    from langchain_fbmessenger.cli.evaluated import EvaluatedChats
    from langchain_fbmessenger.fine_tuning import FineTuningJob

__all__ = ["EVALUATED_MODELS", "EvaluatedJob", "audited_models", "evaluated_models"]


def audited_models(
    job_or_model: str, provider: str, base: str | None, options: dict[str, Any]
) -> tuple[ChatOpenAI, ChatOpenAI | None]:
    """Return a tuned model and what it is compared with.

    Args:
        job_or_model: A job's id, or a model's name.
        provider: Where it runs.
        base: What to compare with, "none" for nothing; a job's base model else.
        options: Of both models.
    """
    from langchain_fbmessenger.fine_tuning import FineTuningJob, find_provider

    there = find_provider(provider)
    if job_or_model.startswith("ftjob"):
        job = FineTuningJob.from_id(job_or_model, there)
        tuned = job.chat_model(**options)
        if base is None:
            return tuned, _answering_base(job, options, "audit")
    else:
        tuned = there.chat_model(job_or_model, **options)
    return tuned, None if base in {None, "none"} else there.chat_model(base, **options)


@dataclass(frozen=True)
class EvaluatedJob:
    """A job whose model is to be evaluated.

    Attributes:
        job: The job.
        chats: What was trained, what was held out, and the sessions of both.
        options: Of all models.
    """

    job: FineTuningJob
    chats: EvaluatedChats
    options: dict[str, Any]

    @cached_property
    def base(self) -> ChatOpenAI | None:
        """The base model, None where it does not answer, which is told once."""
        return _answering_base(self.job, self.options, "evaluate")


def _base(of: EvaluatedJob) -> Runnable[Any, Any] | None:
    return of.base


def _retrieval(of: EvaluatedJob) -> Runnable[Any, Any] | None:
    """Return the base model with the persona's own exchanges in its prompt: what training beats."""
    from langchain_fbmessenger import MissingExtraError, PersonaRetriever, persona_chain

    if of.base is None:
        return None
    try:
        retriever = PersonaRetriever.from_examples(of.chats.train, validation=of.chats.valid)
    except MissingExtraError as error:
        say("Warning", f"retrieval is not asked: {error}")
        return None
    return persona_chain(of.base, retriever)


def _tuned(of: EvaluatedJob) -> Runnable[Any, Any] | None:
    return of.job.chat_model(**of.options)


EVALUATED_MODELS: dict[str, Callable[[EvaluatedJob], Runnable[Any, Any] | None]] = {
    "base": _base,
    "retrieval": _retrieval,
    "tuned": _tuned,
}
"""What is asked, by the name in the report, in its order; None where it does not answer."""

_OF_THE_BASE = frozenset({"base", "retrieval"})


def evaluated_models(of: EvaluatedJob, *, base: bool) -> dict[str, Runnable[Any, Any]]:
    """Return the models to evaluate, by name, the base model only if it is wanted."""
    made = {
        name: make(of)
        for name, make in EVALUATED_MODELS.items()
        if base or name not in _OF_THE_BASE
    }
    return {name: model for name, model in made.items() if model is not None}


def _answering_base(job: FineTuningJob, options: dict[str, Any], command: str) -> ChatOpenAI | None:
    """Return a job's base, which nobody has asked for, if it is served; tell where it is not."""
    from langchain_fbmessenger.fine_tuning.errors import provider_errors

    try:
        with provider_errors(command):
            base = job.base_chat_model(**options)
            base.invoke("Hi", max_tokens=1)
    except FineTuningError:
        name = job.state.model
        say("Warning", f"the base model {name} does not answer: nothing to compare with")
        return None
    return base
