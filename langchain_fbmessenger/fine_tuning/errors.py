"""What a provider answers when something goes wrong, as errors of this package."""

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

__all__ = ["own_errors", "provider_errors"]

_NOT_AVAILABLE = "training_not_available"
_USE_INSTEAD = (
    "The provider opens no fine-tuning jobs for this account (OpenAI ends them for everybody on "
    '2027-01-06). FineTuner(provider="local") does the same on this machine, without an account.'
)


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
