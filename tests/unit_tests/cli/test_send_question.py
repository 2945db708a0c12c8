"""Nothing is sent before the user has seen or declined it. No test here can open a socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pytest_socket import SocketBlockedError
from typer.testing import CliRunner

from langchain_fbmessenger.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

EXAMPLES = [
    {
        "messages": [
            {"role": "system", "content": "You are kind."},
            {"role": "user", "content": f"question {n} [bold]milo@example.org[/bold]\x1b[31m"},
            {"role": "assistant", "content": f"answer {n}"},
        ]
    }
    for n in range(10)
]
OPENAI = ["--provider", "openai", "--model", "gpt-4.1-mini"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "home"))
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, EXAMPLES)))
    return path


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langchain_fbmessenger.cli.send_question.has_terminal", lambda: True)


def run(*arguments: object, typed: str | None = None) -> Result:
    environment = {"COLUMNS": "120", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["finetune", *map(str, arguments)], env=environment, input=typed)


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize("typed", ["n\n", "\n", "", "what\n", "m\nm\nm\nm\n"])
def test_a_no_ends_it_before_any_request(file: Path, typed: str) -> None:
    result = run(file, *OPENAI, typed=typed)
    assert result.exit_code == 1, result.output
    assert "Send it?" in result.output
    assert not isinstance(result.exception, SocketBlockedError)


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize("typed", ["y\n", "m\nYES\n"])
def test_a_yes_goes_on_to_the_network(file: Path, typed: str) -> None:
    """So the tests above would see it if a request were made."""
    result = run(file, *OPENAI, typed=typed)
    assert isinstance(result.exception, SocketBlockedError)


@pytest.mark.usefixtures("on_a_terminal")
def test_it_is_shown_what_leaves_and_where_to(file: Path, tmp_path: Path) -> None:
    valid = tmp_path / "valid.jsonl"
    valid.write_text(json.dumps(EXAMPLES[0]))
    result = run(file, *OPENAI, "--validation", valid, typed="n\n")
    for words in (
        "for openai (api.openai.com), to fine-tune gpt-4.1-mini",
        "11 examples, 33 texts",
        "tokens",
        "Found in it: 11 e-mail addresses",
        "--key FILE",
        "[bold]milo@example.org[/bold]\N{REPLACEMENT CHARACTER}[31m",
        "Nothing was sent.",
    ):
        assert words in result.output, words
    assert result.output.count("question") == 3


@pytest.mark.usefixtures("on_a_terminal")
def test_more_samples_are_shown_until_there_are_none(file: Path) -> None:
    output = run(file, *OPENAI, typed="more\nm\nm\nm\n").output
    assert output.count("question") == 10
    assert output.count("Send it? [y/N/more]") == 3
    assert output.count("Send it? [y/N]") == 1


def test_without_a_terminal_it_is_an_error_that_names_both_ways(file: Path) -> None:
    result = run(file, *OPENAI, typed="y\n")
    assert result.exit_code == 1
    assert "run this on a terminal" in result.output
    assert "--yes" in result.output


def test_with_yes_given_before_nothing_is_asked(file: Path) -> None:
    result = run(file, *OPENAI, "--yes")
    assert "Send it?" not in result.output
    assert isinstance(result.exception, SocketBlockedError)


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize("line", ["{", '{"messages": 1}'])
def test_a_broken_file_is_told_before_the_question(file: Path, line: str) -> None:
    file.write_text(line)
    result = run(file, *OPENAI, typed="y\n")
    assert result.exit_code == 1
    assert "example 1" in result.output
    assert "Send it?" not in result.output


@pytest.mark.usefixtures("on_a_terminal")
def test_other_hosts_are_asked_about_and_this_machine_is_not(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINE_TUNING_API_KEY", "k")
    asked = run(file, "--provider", "https://tuning.example.org/v1", typed="n\n")
    assert "for https://tuning.example.org/v1, to fine-tune" in asked.output
    here = run(file, "--provider", "http://127.0.0.1:9/v1", typed="n\n")
    assert "Send it?" not in here.output
    assert isinstance(here.exception, SocketBlockedError)


@pytest.mark.usefixtures("on_a_terminal")
def test_a_missing_key_of_the_provider_is_told_first(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    result = run(file, *OPENAI, typed="y\n")
    assert "OPENAI_API_KEY" in result.output
    assert "Send it?" not in result.output
