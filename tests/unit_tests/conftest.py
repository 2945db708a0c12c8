"""Unit tests open no socket, block no event loop and see no provider's settings."""

from __future__ import annotations

import os
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import pytest_socket
from blockbuster import blockbuster_ctx

if TYPE_CHECKING:
    from collections.abc import Iterator

# A console keeps the width of the terminal that it was made in; tests say how wide theirs is.
os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def no_sockets() -> Iterator[None]:
    pytest_socket.disable_socket(allow_unix_socket=True)  # an event loop talks to itself by one
    yield
    pytest_socket.enable_socket()


@pytest.fixture(autouse=True)
def no_blocking_in_the_loop() -> Iterator[None]:
    """Guard the event loop; a fixture that uses `monkeypatch` must request this one first.

    Otherwise a test that replaces a guarded function puts the guard back at its end.
    """
    with blockbuster_ctx("langchain_fbmessenger"):
        yield


@pytest.fixture(autouse=True)
def no_provider_settings(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in os.environ:
        if name.startswith(("OPENAI_", "LANGSMITH_", "LANGCHAIN_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def own_state_folder(
    no_provider_settings: None,  # noqa: ARG001 - which takes the setting away
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What commands remember stays out of the state folder of whoever runs the tests."""
    home = tmp_path_factory.getbasetemp() / "state" / uuid4().hex
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(home))


@pytest.fixture(autouse=True)
def a_day_before_providers_close(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From 2027-01-06 on OpenAI takes no jobs, and what is checked for it is refused."""
    monkeypatch.setattr(
        "langchain_fbmessenger.examples.files.check._today", lambda: date(2026, 11, 24)
    )
