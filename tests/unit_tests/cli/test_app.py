from __future__ import annotations

import ast
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

import langchain_fbmessenger.cli
from langchain_fbmessenger import __version__, sample_export_path
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.sample import SAMPLE_OWNER

if TYPE_CHECKING:
    from click.testing import Result

COMMANDS = ["inspect", "prepare", "check", "redact", "finetune", "chat", "serve", "demo", "jobs"]
COMMANDS += ["plant-canaries", "audit", "evaluate"]


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert command in run("--help").output


def test_version() -> None:
    assert run("--version").output.strip() == __version__


def test_inspect_shows_threads_and_what_was_left_out() -> None:
    result = run("inspect", sample_export_path())
    assert result.exit_code == 0
    for words in ("Soup Council", "Milo Dvořák", "e2ee_cutover", "2021-05", "unsent"):
        assert words in result.output


def test_prepare_writes_examples_for_one_pair_of_eyes(tmp_path: Path) -> None:
    output = tmp_path / "train.jsonl"
    options = ["--system", "You are {owner}.", "--max-messages", "4", "--overlap", "0"]
    result = run(
        "prepare", sample_export_path(), "--me", SAMPLE_OWNER.lower(), "-o", output, *options
    )
    assert result.exit_code == 0, result.output
    examples = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert f"{len(examples):,} training examples written" in result.output
    assert examples[0]["messages"][0] == {"role": "system", "content": f"You are {SAMPLE_OWNER}."}
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_unknown_name_is_an_error_with_the_names_seen_and_no_file(tmp_path: Path) -> None:
    result = run("prepare", sample_export_path(), "--me", "Nobody", "-o", tmp_path / "x.jsonl")
    assert result.exit_code == 1
    assert (
        f"Error: No message was sent by 'Nobody'. Senders in these chat sessions: '{SAMPLE_OWNER}'"
        in result.output
    )
    assert list(tmp_path.iterdir()) == []


def test_missing_export_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    result = run("inspect", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no file or folder")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "line",
    [
        "prepare {export} -o {loop}",
        "prepare {loop} -o {output}",
        "prepare {export} -o {output} --pseudonymize {loop}",
        "redact {export} --yes -o {loop}",
        "redact {export} --preview --html {loop}",
        "contacts {export} -o {loop}",
        "inspect {loop}",
    ],
)
def test_links_that_lead_to_each_other_are_an_error_and_stay(tmp_path: Path, line: str) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    paths = {"export": sample_export_path(), "loop": tmp_path / "a", "output": tmp_path / "x.jsonl"}
    result = run(*(part.format(**paths) for part in line.split()))

    assert result.exit_code == 1
    assert "Error:" in result.output
    assert str(tmp_path / "a") in result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_broken_file_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text(
        '{"messages": [{"sender_name": "Al", "timestamp_ms": 1, "content": "[bold]x[/nothing]"}]}'
    )
    result = run("inspect", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.count("Warning:") == 1


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    message = {"sender_name": "[red]Al[/]", "timestamp_ms": 10**16, "content": "x"}
    (tmp_path / "b.json").write_text(json.dumps({"title": "[/x]", "messages": [message]}))
    result = run("inspect", tmp_path)
    assert result.exit_code == 0, result.output
    assert "[red]Al[/] 1" in result.output
    assert "[/x]" in result.output


def test_paths_and_control_characters_are_shown_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "o[bold]"
    folder.mkdir()
    result = run("prepare", sample_export_path(), "--me", SAMPLE_OWNER, "-o", folder / "[x].jsonl")
    assert result.exit_code == 0, result.output
    assert "o[bold]/[x].jsonl" in result.output
    message = {"sender_name": "A\x1b]0;title\x07", "timestamp_ms": 1, "content": "x"}
    (tmp_path / "b.json").write_text(json.dumps({"messages": [message]}))
    assert "\x1b]0" not in run("inspect", tmp_path / "b.json").output


def test_silent_persona_is_an_error_behind_the_figures_and_leaves_no_file(tmp_path: Path) -> None:
    inbox = next(sample_export_path().rglob("ottlapruss_*"))
    result = run("prepare", inbox, "--me", SAMPLE_OWNER, "-o", tmp_path / "x.jsonl")
    assert result.exit_code == 1
    assert f"Error: '{SAMPLE_OWNER}' has written nothing in these chats" in result.output
    assert "3 in a session without the persona" in result.output
    assert list(tmp_path.iterdir()) == []


def test_senseless_options_are_an_error_that_quotes_nothing(tmp_path: Path) -> None:
    options = ["--max-messages", 2, "--overlap", 2, "--system", "secret"]
    result = run("prepare", sample_export_path(), "--me", "x", "-o", tmp_path / "x", *options)
    assert result.exit_code == 1
    assert "overlap (2) must be below max_messages (2)" in result.output
    assert "secret" not in result.output


def test_output_that_cannot_show_a_letter_is_no_traceback() -> None:
    command = [sys.executable, "-c", "from langchain_fbmessenger.cli import app; app()", "inspect"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, str(sample_export_path())],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "200"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Soup Council" in done.stdout


@pytest.mark.parametrize("line", ["{", '{"messages": []}', '{"messages": [{"role": "x"}]}'])
def test_unknown_provider_is_refused_before_anything_is_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.jsonl").write_text(line)
    result = run("finetune", tmp_path / "x.jsonl", "--provider", "none")
    assert result.exit_code == 1
    assert "unknown provider 'none'" in result.output


def test_traceback_of_a_defect_shows_no_local_variables() -> None:
    """Typer's own would print them, and they hold chats."""
    assert app.pretty_exceptions_enable is False


def writes(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in {"print", "input", "Console"}
    typers = {f"typer.{name}" for name in ("echo", "secho", "prompt", "confirm")}
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {
        *typers,
        "sys.stdout",
        "sys.stderr",
    }


def test_whatever_is_shown_or_asked_goes_through_one_place() -> None:
    """So no command can forget that names and answers may hold what steers a terminal."""
    own = {"common.py", "streams.py", "ending.py"}
    files = Path(langchain_fbmessenger.cli.__file__).parent.rglob("*.py")
    found = {
        (file.name, ast.unparse(node))
        for file in files
        if file.name not in own
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if writes(node)
    }
    assert found == set()
