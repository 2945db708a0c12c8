"""What holds chats is readable by its owner alone, from its first byte on."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import (
    map_ai_messages,
    sample_export_path,
    to_training_examples,
    write_jsonl,
    write_training_file,
)
from langchain_fbmessenger._internal.home import locked, private_folder, write_private
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.examples import rules_for
from langchain_fbmessenger.fine_tuning.manifests import state_folder
from langchain_fbmessenger.fine_tuning.submitting.uploads import written_files
from tests.unit_tests.canaries import TEXT, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX's")


@pytest.fixture(autouse=True)
def careless_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rights are what files are made with: no umask takes any away, and none are changed later."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("made with more rights than it has in the end")

    before = os.umask(0)
    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    yield
    os.umask(before)


def assert_private(folder: Path) -> int:
    """Fail if anything below a folder may be used by others; return the number of its files."""
    files = 0
    for path in folder.rglob("*"):
        files += path.is_file()
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    return files


EXAMPLES = list(
    (map_ai_messages() | to_training_examples(max_messages=2, overlap=0)).stream(
        [session(number) for number in range(6)]
    )
)


def test_files_of_examples(tmp_path: Path) -> None:
    seen = []

    def slowly() -> Iterator[object]:
        for example in EXAMPLES:
            yield example
            seen.append(assert_private(tmp_path))  # while it is being written, too

    write_jsonl(slowly(), tmp_path / "a.jsonl")  # type: ignore[arg-type]
    write_training_file(EXAMPLES, tmp_path / "b.jsonl", format="openai")
    assert seen == [1] * len(EXAMPLES)
    assert assert_private(tmp_path) == 2
    assert TEXT in (tmp_path / "b.jsonl").read_text()


def test_files_that_the_command_line_prepares(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(home))
    monkeypatch.setattr("pathlib.Path.chmod", lambda *_: None)  # of a root that others may own
    output = tmp_path / "train.jsonl"
    command = ["prepare", str(sample_export_path()), "--output", str(output), "--valid", "0.2"]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert assert_private(home) == 1  # what was prepared
    assert assert_private(tmp_path) == 3


def test_uploads_lie_in_the_state_folder_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(home))
    with monkeypatch.context() as context:
        context.setattr("pathlib.Path.chmod", lambda *_: None)  # of a root that others may own
        with written_files(EXAMPLES, EXAMPLES, rules_for("local")) as files:
            assert TEXT in files.training.path.read_text()
            assert home in files.training.path.parents
            assert assert_private(home) == 2
        assert assert_private(home) == 0
        write_private(state_folder("manifests") / "a.json", b"{}")
        with locked(home / "manifests" / "a.lock", timeout=0):
            pass
        private_folder(home / "fetched" / "ftjob-1" / "deep")
    assert assert_private(home) == 2


def test_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(OSError, match=r"page\.html"):
        write_private(tmp_path / "page.html", TEXT.encode())
    assert [*tmp_path.iterdir()] == [tmp_path / "page.html"]
