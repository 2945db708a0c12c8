"""Send idempotent create requests: a file or a job is made once, however often it is asked for.

A request whose answer is lost may have been carried out. So these are sent without the SDK's own
retries, and before one is sent again the provider is asked whether it was done: files are found by
their names, which are new with each submit, jobs by the file that they train on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.errors import (
    backoff,
    is_transient,
    may_have_acted,
)
from langchain_fbmessenger.fine_tuning.provider_queries import (
    delete_files,
    files_named,
    newest_jobs,
)

if TYPE_CHECKING:
    from pathlib import Path

    import openai
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.providers import Provider

__all__ = ["UnknownOutcomeError", "await_check", "create", "upload"]

_TRIES = 6  # with half a minute of back-off between them
_UPLOAD_TIMEOUT_S = 300.0
_ANSWER_TIMEOUT_S = 60.0
_CHECK_TIMEOUT_S = 600.0
_CHECK_POLL_S = 2.0


class UnknownOutcomeError(Exception):
    """Whether a job was made could not be found out: its files must stay for it."""

    def __init__(self, cause: openai.APIError) -> None:
        super().__init__()
        self.cause = cause


def upload(client: OpenAI, path: Path, name: str, lifetime: int | None) -> str:
    """Upload a file and return its id.

    Args:
        client: A client of the provider.
        path: The file.
        name: Its name there, which no other file has.
        lifetime: Seconds after which the provider is to delete it.

    Raises:
        openai.APIError: The provider does not take it; nothing of it is left there.
    """
    import openai

    once = client.with_options(max_retries=0, timeout=_UPLOAD_TIMEOUT_S)
    expiry: dict[str, Any] = {}
    if lifetime is not None:
        expiry = {"expires_after": {"anchor": "created_at", "seconds": lifetime}}
    for tried in range(1, _TRIES + 1):
        try:
            with path.open("rb") as content:
                sent = (name, content, "application/jsonl")
                return once.files.create(file=sent, purpose="fine-tune", **expiry).id
        except openai.APIError as error:
            if may_have_acted(error):
                # The file may have arrived or not: it is sent again in any case.
                time.sleep(backoff(tried, error))
                _delete_named(client, name)
            if not is_transient(error) or tried == _TRIES:
                raise
            if not may_have_acted(error):
                time.sleep(backoff(tried, error))
    raise AssertionError  # the last try returns or raises


def _delete_named(client: OpenAI, name: str) -> None:
    import openai

    try:
        named = [file.id for file in files_named(client, name)]
    except openai.APIError:
        return  # not known now: the end of the job, or the next submit, looks again
    delete_files(client, named)


def await_check(client: OpenAI, provider: Provider, file_id: str) -> None:
    """Wait until the provider has looked at a file.

    The SDK's own `files.wait_for_processing` does not raise for files that are refused.

    Raises:
        FineTuningError: The file is refused, or not looked at in ten minutes.
    """
    deadline = time.monotonic() + _CHECK_TIMEOUT_S
    while (file := client.files.retrieve(file_id)).status != "processed":
        if file.status in {"error", "failed"}:
            why = file.status_details or "no reason given"
            message = f"provider {provider.label!r} refused the file of examples: {why}"
            raise FineTuningError(message, code="invalid_training_file")
        if time.monotonic() > deadline:
            message = (
                f"provider {provider.label!r} has not looked at the file of examples in "
                f"{_CHECK_TIMEOUT_S:g} s: it is {file.status}"
            )
            raise FineTuningError(message, code="timeout")
        time.sleep(_CHECK_POLL_S)


def create(client: OpenAI, provider: Provider, body: dict[str, Any]) -> JobState:
    """Create a job once.

    Args:
        client: A client of the provider.
        provider: The provider.
        body: Arguments of `client.fine_tuning.jobs.create`; no other job has its training file.

    Raises:
        openai.APIError: The provider refused it: there is no job.
        UnknownOutcomeError: There may be one.
    """
    import openai

    once = client.with_options(max_retries=0, timeout=_ANSWER_TIMEOUT_S)
    lost: openai.APIError | None = None  # the error of a request that may have made the job
    for tried in range(1, _TRIES + 1):
        try:
            if lost is not None:
                if (made := _made(client, provider, body)) is not None:
                    return made
                lost = None
            return once.fine_tuning.jobs.create(**body)
        except openai.APIError as error:
            if lost is None:
                lost = _lost(error, may_try_again=tried < _TRIES)
            elif not is_transient(error):
                raise UnknownOutcomeError(lost) from error
            time.sleep(backoff(tried, error))
    if lost is None:
        raise AssertionError  # a last try that failed for sure has raised
    try:
        made = _made(client, provider, body)
    except openai.APIError as error:
        raise UnknownOutcomeError(lost) from error
    if made is None:
        raise lost
    return made


def _lost(error: openai.APIError, *, may_try_again: bool) -> openai.APIError | None:
    """Return the error if it leaves open whether the job was made; None if it was not made.

    Raises:
        openai.APIError: It was not, and will not be.
    """
    if may_have_acted(error):
        return error
    if not is_transient(error) or not may_try_again:
        raise error
    return None


def _made(client: OpenAI, provider: Provider, body: dict[str, Any]) -> JobState | None:
    """Return the job that a request without an answer has made, None if it has made none."""
    jobs = newest_jobs(client, provider, body.get("metadata"))
    return next((job for job in jobs if job.training_file == body["training_file"]), None)
