"""Fixtures: a real local server in a folder of its own, once per session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local import ensure_server, stop_server
from langchain_fbmessenger.local.process import launcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.local import ServerAddress


@pytest.fixture(scope="session")
def local_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return an empty state folder, which everything in this session takes as the default."""
    home = tmp_path_factory.mktemp("local-server")
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith("OPENAI_"):  # they redirect OpenAI's client
                environment.delenv(name)
        environment.setenv("LANGCHAIN_FBMESSENGER_HOME", str(home))
        # The tests of other servers may take longer than an unused server stays.
        environment.setattr(launcher, "IDLE_TIMEOUT", 4 * 60 * 60.0)
        yield home


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a tiny base of random weights, for jobs whose answers do not matter."""
    from tests.integration_tests.tiny_models import make

    path = tmp_path_factory.mktemp("base") / "tiny.gguf"
    # Whole blocks of 64, as weights in four bits are packed.
    make("llama", path, intermediate_size=128)
    return str(path)


@pytest.fixture(scope="session")
def local_server(local_home: Path) -> Iterator[ServerAddress]:
    """Return the address of a running server; it is ended after the last test."""
    address = ensure_server(local_home)
    yield address
    stop_server(local_home)
