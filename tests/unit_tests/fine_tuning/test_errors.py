from __future__ import annotations

from typing import Any

import openai
import pytest

from langchain_fbmessenger.exceptions import FineTuningError, LocalServerError
from langchain_fbmessenger.fine_tuning.errors import is_transient, provider_errors
from langchain_fbmessenger.fine_tuning.submitting.submission import _without_values


def connection_error(cause: Exception) -> openai.APIConnectionError:
    request: Any = object()
    error = openai.APIConnectionError(request=request)
    error.__cause__ = cause
    return error


def test_a_local_server_that_cannot_start_says_so_itself() -> None:
    error = connection_error(LocalServerError("its log is server.log"))

    with pytest.raises(LocalServerError, match=r"server\.log"), provider_errors("local"):
        raise error
    assert not is_transient(error)


def test_a_connection_that_is_lost_may_come_back() -> None:
    error = connection_error(OSError("reset"))

    with (
        pytest.raises(FineTuningError, match="could not be reached"),
        provider_errors("openai"),
    ):
        raise error
    assert is_transient(error)


def test_what_is_passed_through_is_remembered_by_name_only() -> None:
    settings = {"n_epochs": 2, "extra_body": {"wandb": {"token": "hush"}, "a": 1}}

    assert _without_values(settings) == {"n_epochs": 2, "extra_body": ["a", "wandb"]}
    assert _without_values({"seed": 1}) == {"seed": 1}
