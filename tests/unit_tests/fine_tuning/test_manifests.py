from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuningError
from langchain_fbmessenger.fine_tuning.manifests import (
    FileEntry,
    Manifest,
    Manifests,
    versions,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    return tmp_path / "manifests"


def manifest(**more: Any) -> Manifest:
    known: dict[str, Any] = {
        "key": "k" * 64,
        "attempt": "a1",
        "provider": "openai",
        "host": "api.openai.com",
        "model": "m",
        "files": [FileEntry(role="training", sha256="0", bytes=1, examples=1, id="file-1")],
        "settings": {"n_epochs": 2},
        "metadata": {},
        "versions": versions(),
    }
    return Manifest(**known | more)


def test_a_manifest_is_found_by_its_job_and_its_key(folder: Path) -> None:
    manifests = Manifests()
    older = manifest(created_at=1, job_id="j1")
    newer = manifest(created_at=2, attempt="a2")
    other = manifest(key="l" * 64)
    for one in (older, newer, other):
        manifests.write(one)
    assert manifests.with_key("k" * 64) == [newer, older]
    assert manifests.of_job("j1", "openai") == older
    assert manifests.of_job("j1", "azure") is None, "ids of two providers may be the same"
    manifests.remove(older)
    manifests.remove(older)
    assert manifests.of_job("j1", "openai") is None
    if sys.platform != "win32":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
        assert modes == {0o600}


def test_one_that_cannot_be_read_is_told_and_passed_over(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifests = Manifests()
    manifests.write(manifest(job_id="j1"))
    (folder / "aaa.json").write_text('{"secret": ')
    assert manifests.of_job("j1", "openai") is not None
    assert "aaa.json" in caplog.text
    assert "secret" not in caplog.text


def test_one_process_at_a_time_submits_a_job(folder: Path) -> None:
    manifests = Manifests()
    with (
        manifests.submitting("k", timeout=1),
        manifests.submitting("other", timeout=0),
        pytest.raises(FineTuningError, match="another process"),
        manifests.submitting("k", timeout=0.1),
    ):
        pass
    assert folder.is_dir()


def test_a_folder_that_cannot_be_made_is_an_error_that_helps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "file"))
    with pytest.raises(FineTuningError, match="LANGCHAIN_FBMESSENGER_HOME"):
        Manifests()
