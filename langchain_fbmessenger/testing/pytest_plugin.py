"""Give pytest fixtures of synthetic Messenger exports.

It is loaded in every pytest run where this package is installed, so importing it costs nothing:
what it needs is imported inside the fixtures.

- `messenger_threads`: the conversations, as `Thread` records
- `messenger_export`: an export's folder that holds them; shared, so leave it alone
- `messenger_export_zip`: the same as a zip archive
- `write_messenger_export`: writes any export below the test's `tmp_path`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from langchain_fbmessenger.exports.records import Thread
    from langchain_fbmessenger.testing import WrittenExport

__all__ = [
    "WriteMessengerExport",
    "messenger_export",
    "messenger_export_zip",
    "messenger_threads",
    "write_messenger_export",
]

pytest.register_assert_rewrite("langchain_fbmessenger.testing.chat_loader_tests")


class WriteMessengerExport(Protocol):
    """The function that the fixture `write_messenger_export` returns."""

    def __call__(self, threads: Iterable[Thread] | None = None, **options: Any) -> WrittenExport:
        """Write an export; threads are made up if none are given, options are `write_export`'s."""
        ...


@pytest.fixture
def messenger_threads() -> list[Thread]:
    """Invented conversations, made anew for each test."""
    from langchain_fbmessenger.testing import sample_threads

    return sample_threads()


@pytest.fixture(scope="session")
def messenger_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of an export of today (JSON) with the conversations of `messenger_threads`."""
    from langchain_fbmessenger.testing import sample_threads, write_export

    root = tmp_path_factory.mktemp("messenger") / "facebook-zoebrandt-2024-05-18-k3Jx9QpZ"
    return write_export(sample_threads(), root).path


@pytest.fixture(scope="session")
def messenger_export_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip archive with the same export as `messenger_export`."""
    from langchain_fbmessenger.testing import sample_threads, write_export

    folder = tmp_path_factory.mktemp("messenger-zip")
    return write_export(sample_threads(), folder, packaging="zip").path


@pytest.fixture
def write_messenger_export(tmp_path: Path) -> WriteMessengerExport:
    """A function that writes exports, each into a folder of its own below `tmp_path`."""
    from langchain_fbmessenger.testing import sample_threads, write_export

    number = 0

    def write(threads: Iterable[Thread] | None = None, **options: Any) -> WrittenExport:
        nonlocal number
        number += 1
        path = options.pop("path", tmp_path / f"messenger-export-{number}")
        return write_export(sample_threads() if threads is None else threads, path, **options)

    return write
