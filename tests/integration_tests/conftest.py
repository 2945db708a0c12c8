"""Integration tests run the real local server, a real training and a real `ChatOpenAI`."""

from __future__ import annotations

import os

import pytest

from tests.integration_tests.browser import browser
from tests.integration_tests.fixtures_local import local_home, local_server, tiny_base

__all__ = ["browser", "local_home", "local_server", "tiny_base"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a failed test of real processes once more, and list it among the tests that were rerun.

    They end servers in the midst and wait with limits, on machines that do other things as well.
    """
    for item in items:
        if "/integration_tests/" in item.path.as_posix():
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True, scope="session")
def no_provider_settings() -> None:
    """No key, address or proxy of this machine's owner takes part."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "LANGSMITH_", "LANGCHAIN_TRACING")):
            del os.environ[name]
