"""What `finetune` takes where a validation file lies beside the training file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuner
from langchain_fbmessenger.cli.held_out import EARLY_STOPPING
from tests.unit_tests.cli.prepared_authors import JOB, export_of_authors, prepared, run, served_job

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was submitted: the tuner, and how many examples were held out, None for no file."""
    seen: list[Any] = []

    def submit(tuner: FineTuner, examples: Any, *, validation: Any = None) -> Any:
        assert list(examples)
        seen.append((tuner, None if validation is None else len(list(validation))))
        job = served_job(None, None)
        job.status = "queued"
        return job

    monkeypatch.setattr(FineTuner, "submit", submit)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return seen


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return prepared(export_of_authors(tmp_path / "export"), tmp_path / "t.jsonl", "--valid", 0.3)


def finetune(train: Path, *options: object) -> str:
    result = run("finetune", train, "--no-wait", "--yes", *options)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_file_beside_it_is_taken_and_training_may_end_early(
    submitted: list[Any], train: Path
) -> None:
    told = finetune(train)
    ((tuner, held_out),) = submitted
    assert held_out == len((train.parent / "t.valid.jsonl").read_text().splitlines())
    assert tuner.early_stopping == EARLY_STOPPING
    assert f"validation: {train.parent / 't.valid.jsonl'}, which lies beside t.jsonl\n" in told
    assert "early stopping: after 2 epochs" in told
    assert f"job {JOB} is queued" in told


def test_a_file_that_is_named_is_taken_instead(
    submitted: list[Any], train: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text((tmp_path / "t.valid.jsonl").read_text().splitlines()[0])
    told = finetune(train, "--validation", other, "--early-stopping", 5)
    ((tuner, held_out),) = submitted
    assert (tuner.early_stopping, held_out) == (5, 1)
    assert "validation:" not in told
    assert "early stopping:" not in told


def test_zero_trains_all_epochs(submitted: list[Any], train: Path) -> None:
    told = finetune(train, "--early-stopping", 0)
    ((tuner, held_out),) = submitted
    assert (tuner.early_stopping, held_out is None) == (0, False)
    assert tuner._settings() == FineTuner()._settings()  # nothing of it is asked of the provider
    assert "early stopping:" not in told


def test_a_provider_without_early_stopping_is_not_asked_for_it(
    submitted: list[Any], train: Path
) -> None:
    told = finetune(train, "--provider", "openai", "--model", "gpt-4.1-mini")
    ((tuner, held_out),) = submitted
    assert tuner.early_stopping is None
    assert held_out
    assert "early stopping:" not in told


def test_without_a_validation_file_all_is_as_it_was(submitted: list[Any], tmp_path: Path) -> None:
    export = export_of_authors(tmp_path / "export")
    told = finetune(prepared(export, tmp_path / "t.jsonl"))
    ((tuner, held_out),) = submitted
    assert (tuner, held_out) == (FineTuner(), None)
    assert told.splitlines()[0] == f"job {JOB} is queued"


def test_what_an_earlier_run_has_left_is_not_taken(
    submitted: list[Any], train: Path, tmp_path: Path
) -> None:
    """Its examples are trained now."""
    prepared(tmp_path / "export", train)
    assert (tmp_path / "t.valid.jsonl").exists()
    finetune(train)
    assert [held_out for _, held_out in submitted] == [None]
