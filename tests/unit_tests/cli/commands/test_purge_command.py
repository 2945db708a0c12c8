from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from langchain_fbmessenger.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

KEY = "a" * 64


def run(home: Path, *options: str, typed: str | None = None) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1", "LANGCHAIN_FBMESSENGER_HOME": str(home)}
    return CliRunner().invoke(app, ["purge", *options], env=environment, input=typed)


def put_manifest(home: Path) -> Path:
    path = home / "manifests" / f"{KEY}-a1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    return path


def test_it_shows_what_there_is_and_asks_first(tmp_path: Path) -> None:
    path = put_manifest(tmp_path / "home")
    refused = run(tmp_path / "home", typed="n\n")
    assert refused.exit_code == 1
    assert path.exists()
    for words in ("manifests", "1", "MB", "key files", "exports", "for good?"):
        assert words in refused.output
    assert run(tmp_path / "home", typed="y\n").exit_code == 0
    assert not (tmp_path / "home").exists()


def test_it_asks_nothing_if_told_so_and_names_what_is_left(tmp_path: Path) -> None:
    put_manifest(tmp_path / "home")
    (tmp_path / "home" / "[mine].txt").touch()
    done = run(tmp_path, "--yes", "--home", str(tmp_path / "home"))
    assert done.exit_code == 0
    assert str(tmp_path / "home" / "[mine].txt") in done.output


def test_nothing_to_remove_is_said(tmp_path: Path) -> None:
    done = run(tmp_path / "home")
    assert done.exit_code == 0
    assert "nothing of this package" in done.output
