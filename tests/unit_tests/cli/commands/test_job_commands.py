from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai.types.fine_tuning import FineTuningJob as JobState
from typer.testing import CliRunner

from langchain_fbmessenger import FineTuningError, FineTuningJob
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.cli.prepared_records import answers_path
from langchain_fbmessenger.cli.views.job_screens import job_lines, loss_lines
from langchain_fbmessenger.fine_tuning import LocalProvider, LossPoint

if TYPE_CHECKING:
    from click.testing import Result

STATE: dict[str, Any] = {
    "id": "ftjob-0123456789abcdef01234567",
    "object": "fine_tuning.job",
    "created_at": 1_700_000_000,
    "model": "SmolLM2[bold]",
    "organization_id": "local",
    "result_files": [],
    "seed": 7,
    "training_file": "file-1",
    "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "lora": {"r": 16}},
}


def job(status: str, **more: Any) -> FineTuningJob:
    state = JobState.construct(**STATE, status=status, **more)
    return FineTuningJob(JobState.model_validate(state.to_dict()), LocalProvider(), None)  # type: ignore[arg-type]


def run(*arguments: str, typed: str | None = None) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["jobs", *arguments], env=environment, input=typed)


@pytest.mark.parametrize("command", ["list", "show", "cancel", "pause", "resume", "delete"])
def test_every_command_explains_itself(command: str) -> None:
    assert run(command, "--help").exit_code == 0
    assert command in run("--help").output


def test_a_job_is_told_in_lines() -> None:
    error = {"code": "bad_file", "message": "line 3", "param": None}
    told = "\n".join(job_lines(job("failed", error=error, finished_at=1_700_000_060)))
    for words in (
        "ftjob-0123456789abcdef01234567 is failed",
        "2023-11-14 22:13 UTC",
        "n_epochs 3",
        "lora r 16",
        "seed 7",
        "bad_file: line 3",
    ):
        assert words in told


def test_a_list_shows_names_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FineTuningJob, "newest", lambda *_, **__: [job("running")])
    shown = run("list").output
    assert "SmolLM2[bold]" in shown
    assert "running" in shown


def test_an_id_can_be_copied_from_a_narrow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    found = job("succeeded", fine_tuned_model="ft:SmolLM2-135M-Instruct:local:zoe:0123")
    monkeypatch.setattr(FineTuningJob, "newest", lambda *_, **__: [found])
    narrow = CliRunner().invoke(app, ["jobs", "list"], env={"COLUMNS": "60"})
    assert "ftjob-0123456789abcdef01234567" in narrow.output


def test_no_jobs_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FineTuningJob, "newest", lambda *_, **__: [])
    assert "finetune" in run("list").output


def test_losses_are_a_chart_that_leaves_out_no_held_out_loss() -> None:
    points = [LossPoint(n, 4 / n, 1.0 if n in {3, 95} else None) for n in range(1, 101)]
    rows = [line.plain for line in loss_lines(points)]
    assert len(rows) <= 25
    assert rows[-1].split()[0] == "100"
    assert next(row.split()[:3] for row in rows if " 1.000 " in row) == ["3", "1.333", "1.000"]
    assert any(row.startswith("    95") for row in rows)
    assert loss_lines([]) == []


def test_deleting_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[str] = []
    found = job("succeeded", fine_tuned_model="ft:zoe")
    monkeypatch.setattr(FineTuningJob, "from_id", lambda *_: found)
    monkeypatch.setattr(FineTuningJob, "delete", lambda self: deleted.append(self.id))
    refused = run("delete", "ftjob-1", typed="n\n")
    assert (refused.exit_code, deleted) == (1, [])
    assert "ft:zoe" in refused.output
    kept = answers_path("ftjob-1")
    kept.write_text("{}")
    assert run("delete", "ftjob-1", "--yes").exit_code == 0
    assert deleted == [found.id]
    assert not kept.exists()


def test_what_a_provider_refuses_is_an_error_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        message = "provider 'local' answered 404: no such job"
        raise FineTuningError(message)

    monkeypatch.setattr(FineTuningJob, "from_id", refuse)
    result = run("show", "ftjob-0")
    assert result.exit_code == 1
    assert result.output == "Error: provider 'local' answered 404: no such job\n"


def test_an_unknown_provider_is_named() -> None:
    assert "unknown provider 'none'" in run("list", "--provider", "none").output
