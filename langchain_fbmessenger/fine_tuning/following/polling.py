"""Look at a job again and again, and wait out faults that pass by themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.errors import backoff, is_transient
from langchain_fbmessenger.fine_tuning.following.pacing import TooLateError
from langchain_fbmessenger.fine_tuning.provider_queries import items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.following.pacing import Deadline, Pause

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
            FineTuningError: No answer was whole in `OUTAGE_S` seconds.
        """
        import openai

        while True:
            try:
                answer = self._deadline.answer(ask, at_most=OUTAGE_S)
            except TooLateError:
                if not self._deadline.has_passed():
                    message = f"the provider gave no whole answer in {OUTAGE_S:g} s"
                    raise FineTuningError(message, code="connection_error") from None
                yield self._deadline.pause(0)
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
        return client.fine_tuning.jobs.list_events(job_id, limit=_NEWEST).data or []
    except openai.NotFoundError:
        return []


def events_since(
    client: OpenAI, job_id: str, seen: Collection[str] = ()
) -> list[FineTuningJobEvent]:
    """Return the events of a job whose marks were not seen yet, oldest first."""
    first = client.fine_tuning.jobs.list_events(job_id, limit=_PAGE)  # the newest
    return list(items_of(first, seen))[::-1]
