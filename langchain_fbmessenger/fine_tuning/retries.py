"""Which faults pass by themselves, and how long to wait for that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.exceptions import MessengerError

if TYPE_CHECKING:
    import openai

__all__ = ["backoff", "is_transient", "may_have_acted"]

_TIMED_OUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500
_FIRST_S, _LONGEST_S = 0.5, 60.0


def is_transient(error: openai.APIError) -> bool:
    """Say whether the same request may succeed a little later."""
    import openai

    if isinstance(error, openai.APIStatusError):
        out_of_money = error.code == "insufficient_quota"  # also a 429, and it stays
        is_throttled = error.status_code == _TOO_MANY and not out_of_money
        return is_throttled or may_have_acted(error)
    return may_have_acted(error)


def may_have_acted(error: openai.APIError) -> bool:
    """Say whether the provider may have done what was asked although its answer is lost."""
    import openai

    if isinstance(error.__cause__, MessengerError):
        return False  # the local server could not be started: nothing was sent
    if isinstance(error, openai.APIStatusError):
        return error.status_code == _TIMED_OUT or error.status_code >= _SERVER_ERROR
    # Among them answers that are no JSON: the provider did something.
    return isinstance(error, openai.APIConnectionError | openai.APIResponseValidationError)


def backoff(attempt: int, error: openai.APIError) -> float:
    """Return the seconds to wait before the next try.

    Args:
        attempt: Number of tries that failed before this one.
        error: What the last one gave; a provider's own `Retry-After` is heeded, up to a minute.
    """
    seconds: float = min(_FIRST_S * 2**attempt, _LONGEST_S)
    response = getattr(error, "response", None)
    asked = response.headers.get("retry-after") if response is not None else None
    try:
        return min(max(seconds, float(asked or 0)), _LONGEST_S)
    except ValueError:  # a date
        return seconds
