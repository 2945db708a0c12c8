"""Looks at a job, again and again, through whatever faults pass by themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_fbmessenger.fine_tuning.retries import backoff, is_transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.pacing import Deadline, Pause

__all__ = ["OUTAGE_S", "Outage", "events_since", "newest_events"]

OUTAGE_S = 600.0
"""For how long a wait goes on although the provider gives no answer at all."""

_NEWEST = 10
_PAGE = 100
T = TypeVar("T")


class Outage:
    """Faults without an answer in between: each is waited for, up to a limit.

    Args:
        deadline: The time limit of the wait itself.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._since: float | None = None
        self._faults = 0

    def survive(self, ask: Callable[[], T]) -> Iterator[Pause | tuple[T]]:
        """Ask until there is an answer, pausing after each fault; the answer comes last.

        Raises:
            openai.APIError: It does not pass by itself, or not in `OUTAGE_S` seconds.
        """
        import openai

        while True:
            try:
                answer = ask()
            except openai.APIError as error:
                if not is_transient(error) or self._is_over():
                    raise
                self._faults += 1
                yield self._deadline.pause(backoff(self._faults, error))
            else:
                self._since, self._faults = None, 0
                yield (answer,)
                return

    def _is_over(self) -> bool:
        now = time.monotonic()
        self._since = self._since or now
        return now - self._since > OUTAGE_S


def newest_events(client: OpenAI, job_id: str) -> list[FineTuningJobEvent]:
    """Return a job's newest events, newest first; none where a provider has no such list."""
    import openai

    try:
        return client.fine_tuning.jobs.list_events(job_id, limit=_NEWEST).data
    except openai.NotFoundError:
        return []


def events_since(client: OpenAI, job_id: str, seen: set[str]) -> list[FineTuningJobEvent]:
    """Return the events of a job that were not seen yet, oldest first."""
    new: list[Any] = []
    for event in client.fine_tuning.jobs.list_events(job_id, limit=_PAGE):  # newest first
        if event.id in seen:
            break
        new.append(event)
    return new[::-1]
