"""The plugin in a pytest of its own, as users have it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "langchain_fbmessenger.testing.pytest_plugin"
TESTS = """
from langchain_fbmessenger import FacebookMessengerChatLoader

seen = []


def test_threads(messenger_threads):
    assert len(messenger_threads) == 8
    messenger_threads.clear()


def test_threads_are_new_each_time(messenger_threads):
    assert len(messenger_threads) == 8


def test_folder(messenger_export, messenger_threads):
    seen.append(messenger_export)
    loaded = FacebookMessengerChatLoader(messenger_export).load()
    assert {s["thread"]["id"] for s in loaded} <= {t.id for t in messenger_threads}
    assert len(loaded) >= 7


def test_folder_is_shared(messenger_export):
    assert seen == [messenger_export]


def test_zip(messenger_export_zip, messenger_export):
    loaded = FacebookMessengerChatLoader(messenger_export_zip).load()
    assert loaded == FacebookMessengerChatLoader(messenger_export).load()
    assert messenger_export_zip.name.startswith("facebook-zoebrandt-")
    assert messenger_export_zip.read_bytes().startswith(b"PK")


def test_write(write_messenger_export, messenger_threads, tmp_path):
    one = write_messenger_export(variant="B")
    other = write_messenger_export(messenger_threads[:1], packaging="zips")
    assert one.threads == 8 and other.threads == 1
    assert len(other.paths) == 3
    assert one.path != other.paths[0].parent
    assert tmp_path in one.path.parents and tmp_path in other.paths[0].parents
    assert write_messenger_export(path=tmp_path / "own").path == tmp_path / "own"
"""


def run(folder: Path, tests: str, *options: str) -> str:
    (folder / "test_it.py").write_text(tests, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *options,
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603
    return done.stdout + done.stderr


@pytest.fixture
def _importable(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))


@pytest.mark.usefixtures("_importable")
def test_fixtures(tmp_path: Path) -> None:
    is_installed = PLUGIN in {entry.value for entry in entry_points(group="pytest11")}
    options = () if is_installed else ("-p", PLUGIN)  # pytest refuses a plugin by two names
    output = run(tmp_path, TESTS, *options)
    assert "6 passed" in output, output


def test_importing_the_plugin_imports_no_writer_and_no_test_class() -> None:
    code = (
        f"import sys, {PLUGIN}\n"
        "heavy = {'langchain_tests', 'torch', 'langchain_openai',\n"
        "         'langchain_fbmessenger.testing.chat_loader_tests',\n"
        "         'langchain_fbmessenger.testing._write'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
