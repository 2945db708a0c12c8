"""The whole road from an export of invented authors to the report on a model that was trained."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger.cli import app
from langchain_fbmessenger.testing import author_threads, invented_authors, write_export

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object) -> str:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [str(a) for a in arguments], env=environment)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("local_server")
def test_prepare_finetune_evaluate(tiny_base: str, tmp_path: Path, local_home: Path) -> None:
    pytest.importorskip("langchain_fbmessenger.evaluation.likeness.page")
    me, *friends = invented_authors(4, overlap=0.3, seed=2)
    export, train = tmp_path / "export", tmp_path / "train.jsonl"
    write_export(author_threads(me, friends, n_conversations=4, n_turns=2, seed=4), export)
    shape = ["--max-messages", 4, "--overlap", 0, "--system", "You are {owner}."]
    run("prepare", export, "-o", train, *shape, "--valid", 0.4)
    told = run("finetune", train, "--model", tiny_base, "--epochs", 1, "--seed", 7)
    assert told.startswith(f"validation: {tmp_path / 'train.valid.jsonl'}")
    assert "early stopping: after 2 epochs" in told
    job_id = told.partition("\njob ")[2].split()[0]
    found_again = run("finetune", train, "--model", tiny_base, "--epochs", 1, "--seed", 7)
    assert f"job {job_id} is succeeded" in found_again

    train.unlink()
    page = tmp_path / "likeness.html"
    asked = ["evaluate", job_id, "--limit", 8, "--max-tokens", 6, "--max-concurrency", 2]
    shown = run(*asked)
    assert shown.startswith("No model can be judged yet: 8 held-out answers of 200")
    assert "tuned cannot be judged" in shown
    kept = local_home / "evaluations" / f"{job_id}.jsonl"
    answers = kept.read_text().splitlines()
    report: dict[str, Any] = json.loads(run(*asked, "--json", "--html", page))
    asked_of = {one["name"]: one["asked"] for one in report["models"]}
    assert asked_of == {"base": 8, "retrieval": 8, "tuned": 8}
    assert kept.read_text().splitlines() == answers  # nothing was asked again

    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "tuned" in page.read_text(encoding="utf-8")

    run("jobs", "delete", job_id, "--yes")
    assert not kept.exists()
    assert not (local_home / "prepared" / f"{job_id}.json").exists()
