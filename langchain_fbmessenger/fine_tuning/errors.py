"""Turn what a provider answers when something goes wrong into errors of ours, or into a retry."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import (
    FineTuningError,
    MessengerError,
    TrainingNotAvailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import openai

__all__ = ["backoff", "is_transient", "may_have_acted", "own_errors", "provider_errors"]

_NOT_AVAILABLE = "training_not_available"
_USE_INSTEAD = (
    "The provider opens no fine-tuning jobs for this account (OpenAI ends them for everybody on "
    '2027-01-06). FineTuner(provider="local") does the same on this machine, without an account.'
)
_TIMED_OUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500
_FIRST_S, _LONGEST_S = 0.5, 60.0


@contextmanager
def own_errors() -> Iterator[None]:
    """Let errors of ours that the SDK has taken for a broken connection come out as they are.

    Raises:
        MessengerError: What the clients of the local server have raised.
    """
    import openai

    try:
        yield
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, MessengerError):
            raise error.__cause__ from None
        raise


@contextmanager
def provider_errors(provider: str, job_id: str | None = None) -> Iterator[None]:
    """Turn the SDK's errors into `FineTuningError`s with the provider's own code and words.

    Args:
        provider: The provider, as `FineTuner(provider=...)` takes it.
        job_id: The job that is spoken of, if there is one.

    Raises:
        TrainingNotAvailableError: The provider trains nothing for this account.
        FineTuningError: Anything else that the provider refused, or that it could not be reached.
    """
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        raise _from_answer(error, provider, job_id) from error
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, MessengerError):
            raise error.__cause__ from error  # the local server's, which names its log
        message = f"provider {provider!r} could not be reached: {error}"
        if job_id is not None:
            message += f' The job may go on: FineTuningJob.from_id("{job_id}", {provider!r}).wait()'
        raise FineTuningError(message, job_id=job_id, code="connection_error") from error
    except openai.OpenAIError as error:  # no key in the environment, for one
        message = f"provider {provider!r}: {error}"
        raise FineTuningError(message, job_id=job_id) from error


def _from_answer(
    error: openai.APIStatusError, provider: str, job_id: str | None
) -> FineTuningError:
    body: Any = error.body if isinstance(error.body, dict) else {}
    code = body.get("code") or error.code
    words = body.get("message") or error.message
    message = f"provider {provider!r} answered {error.status_code}"
    message += f" ({code}): {words}" if code else f": {words}"
    if code == _NOT_AVAILABLE:
        return TrainingNotAvailableError(f"{message} {_USE_INSTEAD}", job_id=job_id, code=code)
    return FineTuningError(message, job_id=job_id, code=code)


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
