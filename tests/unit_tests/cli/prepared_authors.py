"""An export of invented authors, what `prepare` makes of it, and a job that was trained on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from langchain_fbmessenger.cli import app
from langchain_fbmessenger.testing import author_threads, invented_authors, write_export

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

JOB = "ftjob-0123456789abcdef01234567"
ME, *FRIENDS = invented_authors(4, overlap=0.3, seed=1)
SMALL = ["--max-messages", 4, "--overlap", 0]


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def export_of_authors(folder: Path, *, owner: int = 0, seed: int = 3) -> Path:
    """Write an export; each owner has talked with all others."""
    people = [ME, *FRIENDS]
    me = people.pop(owner)
    write_export(author_threads(me, people, n_conversations=6, n_turns=4, seed=seed), folder)
    return folder


def prepared(export: Path, output: Path, *options: object) -> Path:
    result = run("prepare", export, "-o", output, *SMALL, *options)
    assert result.exit_code == 0, result.output
    return output


def served_job(tuned: Any, base: Any, *, error: Exception | None = None) -> Any:
    """Return what stands for a job, whose models are given."""

    def chat_model(**_: Any) -> Any:
        if error is not None:
            raise error
        return tuned

    return SimpleNamespace(
        id=JOB,
        state=SimpleNamespace(model="Smol"),
        chat_model=chat_model,
        base_chat_model=lambda **_: base,
    )
