"""How files were prepared is remembered, without chats; jobs keep it, and it goes with them."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from langchain_fbmessenger import sample_export_path
from langchain_fbmessenger.cli.prepared_records import (
    answers_path,
    fingerprint,
    forget_job,
    keep_for_job,
    record_of_file,
    record_of_job,
)
from tests.unit_tests.cli.prepared_authors import JOB, ME, export_of_authors, prepared, run


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_record_holds_options_and_hashes_and_no_chats(state: Path, tmp_path: Path) -> None:
    export = export_of_authors(tmp_path / "export")
    output = prepared(export, tmp_path / "t.jsonl", "--valid", 0.3, "--system", "You are {owner}.")
    (path,) = (state / "prepared").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    record = record_of_file(output)
    assert record is not None
    assert record.preparation.exports == [str(export)]
    assert (record.preparation.valid, record.preparation.max_messages) == (0.3, 4)
    assert record.owner == ME.name
    held_out = [json.loads(line) for line in (tmp_path / "t.valid.jsonl").read_text().splitlines()]
    assert record.held_out == len(held_out)
    assert record.held_out_sha256 == fingerprint(held_out)

    kept = path.read_text()
    said = [turn["content"] for one in held_out for turn in one["messages"][1:]]
    assert not [text for text in said if json.dumps(text)[1:-1] in kept]
    assert repr(record) == f"PreparedRecord(held_out={len(held_out)}, version={record.version!r})"


def test_without_a_share_nothing_is_held_out(state: Path, tmp_path: Path) -> None:
    output = prepared(export_of_authors(tmp_path / "export"), tmp_path / "t.jsonl", "--me", ME.name)
    record = record_of_file(output)
    assert record is not None
    assert (record.held_out, record.held_out_sha256, record.owner) == (0, None, None)
    assert len(list((state / "prepared").iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no /dev/stdout")
def test_what_goes_into_a_stream_is_not_remembered(state: Path) -> None:
    assert run("prepare", sample_export_path(), "-o", "-").exit_code == 0
    assert not state.exists()


def test_another_file_is_not_known(state: Path, tmp_path: Path) -> None:
    output = prepared(export_of_authors(tmp_path / "export"), tmp_path / "t.jsonl")
    output.write_text(output.read_text() + "\n")
    assert record_of_file(output) is None
    keep_for_job(output, JOB)
    assert record_of_job(JOB) is None
    assert state.exists()


@pytest.mark.parametrize("job_id", [JOB, "job of somebody/../7"])
def test_a_job_keeps_the_record_until_it_is_forgotten(
    state: Path, tmp_path: Path, job_id: str
) -> None:
    output = prepared(export_of_authors(tmp_path / "export"), tmp_path / "t.jsonl", "--valid", 0.3)
    keep_for_job(output, job_id)
    record = record_of_file(output)
    output.unlink()
    assert record is not None
    assert record_of_job(job_id) == record

    answers_path(job_id).write_text("{}")
    assert len(list((state / "prepared").iterdir())) == 2
    forget_job(job_id)
    forget_job(job_id)  # it may never have had one
    assert record_of_job(job_id) is None
    assert list((state / "evaluations").iterdir()) == []
    assert len(list((state / "prepared").iterdir())) == 1


def test_a_job_that_is_found_again_keeps_what_it_has(state: Path, tmp_path: Path) -> None:
    output = prepared(export_of_authors(tmp_path / "export"), tmp_path / "t.jsonl", "--valid", 0.3)
    keep_for_job(output, JOB)
    (known,) = [path for path in (state / "prepared").iterdir() if path.stem != JOB]
    known.unlink()
    keep_for_job(output, JOB)
    assert record_of_job(JOB) is not None


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"preparation": {}}', b"\xff"])
def test_a_broken_record_is_none(state: Path, content: bytes) -> None:
    (state / "prepared").mkdir(parents=True)
    (state / "prepared" / f"{JOB}.json").write_bytes(content)
    assert record_of_job(JOB) is None


def test_a_state_folder_that_cannot_be_written_is_a_warning(state: Path, tmp_path: Path) -> None:
    state.write_text("a file")
    output = tmp_path / "t.jsonl"
    result = run("prepare", export_of_authors(tmp_path / "export"), "-o", output)
    assert result.exit_code == 0, result.output
    assert "Warning: how the examples were prepared cannot be remembered" in result.output
    assert output.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
@pytest.mark.usefixtures("state")
def test_a_path_need_not_be_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    output = prepared(export_of_authors(folder), tmp_path / "t.jsonl")
    record = record_of_file(output)
    assert record is not None
    assert record.preparation.exports == [str(folder)]
