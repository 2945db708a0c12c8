from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from typer.testing import CliRunner

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.privacy.preview.wording import measured
from langchain_fbmessenger.sample import SAMPLE_OWNER
from tests.unit_tests.builders import message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from langchain_fbmessenger.chat_loaders import MessengerChatSession

WRAPPED = re.compile(r"\s+")


def run(*arguments: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=typed)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    texts = [
        ("Milo Dvořák", "Zoë, write to milo@example.org, [bold]or[/bold] code 4481 2299 10"),
        ("Zoë Brandt", "Is Ottokar coming, too?"),
    ]
    messages = [message(who, 1_700_000_000_000 + n, text) for n, (who, text) in enumerate(texts)]
    messages.append(message("Zoë Brandt", 1_700_000_000_009, photos=[{"uri": "x/milo.jpg"}]))
    people = ("Milo Dvořák", "Zoë Brandt")
    folder = tmp_path / "export"
    write_thread(folder / "inbox" / "milodvorak_1234567890", thread_json(messages, people))
    return folder


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "langchain_fbmessenger.cli.commands.privacy_commands.console", Console(width=200)
    )


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "langchain_fbmessenger.cli.commands.privacy_commands.has_terminal", lambda: True
    )


def times_of(sessions: list[MessengerChatSession]) -> list[list[int]]:
    return sorted(
        [m.additional_kwargs["events"][0]["message_time"] for m in session["messages"]]
        for session in sessions
    )


def test_command_explains_itself() -> None:
    assert "--preview" in run("redact", "--help").output
    assert "redact" in run("--help").output


@pytest.mark.parametrize("columns", [80, 200])
def test_preview_shows_before_after_and_what_stays_and_writes_nothing(
    export: Path, tmp_path: Path, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Console(width=columns)
    monkeypatch.setattr("langchain_fbmessenger.cli.commands.privacy_commands.console", narrow)
    files = {*tmp_path.rglob("*")}
    result = run("redact", export, "--preview")
    assert result.exit_code == 0, result.output
    assert {*tmp_path.rglob("*")} == files
    assert all(len(line) <= columns for line in result.output.splitlines())
    shown = WRAPPED.sub(" ", result.output)
    for words in (
        "- Zoë, write to milo@example.org, [bold]or[/bold] code 4481 2299 10",
        "write to [email], [bold]or[/bold] code 4481 2299 10",
        "code «4481 2299 10»",
        "most often: Ottokar 1",
        "Is «Ottokar» coming, too?",
        "Not looked at: 1 photo.",
        "Who becomes who",
    ):
        assert words in shown, words


def test_preview_is_the_default_and_only_a_page_is_written(export: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run("redact", export, "--html", page)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert {p.name for p in tmp_path.iterdir()} == {"export", "page.html"}


def test_preview_with_a_key_shows_its_names_and_leaves_it_as_it_is(
    export: Path, tmp_path: Path
) -> None:
    key = tmp_path / "k.key"
    assert run("redact", export, "-o", tmp_path / "out", "--key", key, "--yes").exit_code == 0
    before = key.read_bytes()
    named = next((tmp_path / "out").rglob("message_1.json"))
    name = json.loads(named.read_bytes())["participants"][0]["name"]
    (export / "inbox/new_1234567890").mkdir()
    (export / "inbox/new_1234567890/message_1.json").write_text(
        json.dumps(thread_json([message("Newcomer Nobody", 1_700_000_000_000, "hi")]))
    )
    shown = run("redact", export, "--key", key).output
    assert name in shown
    assert "this preview only" not in shown
    assert key.read_bytes() == before
    missing = run("redact", export, "--key", tmp_path / "none.key")
    assert "this preview only" in missing.output
    assert not (tmp_path / "none.key").exists()


@pytest.mark.usefixtures("on_a_terminal")
def test_copy_is_written_after_a_yes_and_reads_as_the_export(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("redact", sample_export_path(), "-o", out, typed="y\n")
    assert result.exit_code == 0, result.output
    assert "Write the copy?" in result.output
    assert f"{tmp_path / 'names.key'} is the only way back" in result.output
    assert {p.name for p in tmp_path.iterdir()} - {"names.key.lock"} == {"out", "names.key"}
    assert stat.S_IMODE((tmp_path / "names.key").stat().st_mode) == 0o600
    copied = FacebookMessengerChatLoader(out)
    sessions = FacebookMessengerChatLoader(sample_export_path()).load()
    assert times_of(copied.load()) == times_of(sessions)
    assert copied.owner
    assert copied.owner != SAMPLE_OWNER
    for file in out.rglob("*"):
        assert file.is_dir() or SAMPLE_OWNER not in file.read_text(encoding="utf-8")
    assert run("inspect", out).exit_code == 0
    assert run("prepare", out, "-o", tmp_path / "t.jsonl").exit_code == 0


@pytest.mark.usefixtures("on_a_terminal")
@pytest.mark.parametrize("typed", ["n\n", "\n", ""])
def test_a_no_leaves_nothing_not_even_a_key(export: Path, tmp_path: Path, typed: str) -> None:
    result = run("redact", export, "-o", tmp_path / "out", typed=typed)
    assert result.exit_code == 1
    assert {p.name for p in tmp_path.iterdir()} == {"export"}


def test_a_failure_half_way_leaves_nothing(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr("langchain_fbmessenger.privacy.redaction.export_writer._write", broken)
    result = run("redact", export, "-o", tmp_path / "out", "--yes")
    assert result.exit_code == 1
    assert "disk full" in result.output
    assert {p.name for p in tmp_path.iterdir()} == {"export"}


def test_only_identifiers_leave_names_and_make_no_key(export: Path, tmp_path: Path) -> None:
    result = run("redact", export, "-o", tmp_path / "out", "--only-identifiers", "--yes")
    assert result.exit_code == 0, result.output
    assert {p.name for p in tmp_path.iterdir()} == {"export", "out"}
    (session,) = FacebookMessengerChatLoader(tmp_path / "out").load()
    assert session["messages"][0].content.startswith("Zoë, write to [email]")
    assert session["thread"]["participants"] == ["Milo Dvořák", "Zoë Brandt"]


def test_names_are_kept_and_added_on_request(export: Path) -> None:
    shown = run("redact", export, "--keep", "milo dvořák", "--also", "Ottokar").output
    assert "these keep their names: milo dvořák" in shown
    assert "«Ottokar»" not in shown
    owner = run("redact", sample_export_path(), "--keep-owner").output
    assert f"these keep their names: {SAMPLE_OWNER}" in owner


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-o", "OUT"], "nobody can be asked here"),
        (["-o", "OUT", "--preview"], "leave out either"),
        (["-o", "IN/new", "--yes"], "within the export"),
        (["-o", "FULL", "--yes"], "not an empty folder"),
        (["-o", "NONE/out", "--yes"], "There is no folder"),
        (["-o", "OUT", "--key", "OUT/k", "--yes"], "must not get its key"),
        (["--only-identifiers", "--keep", "x"], "where names are left"),
        (["--html", "FILE"], "part of the export"),
        (["--kind", "nose"], "phone"),
        (["--unknown-names", "drop"], "keep or replace, not 'drop'"),
        (["--only-identifiers", "--unknown-names", "replace"], "where names are left"),
    ],
)
def test_what_cannot_be_is_an_error_and_nothing_is_written(
    export: Path, tmp_path: Path, options: list[str], told: str
) -> None:
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL/x").write_text("mine")
    named = {"IN": str(export), "FILE": str(next(export.rglob("message_1.json")))}
    given = [named.get(o, o.replace("IN/", f"{export}/")) for o in options]
    given = [
        str(tmp_path / o) if o.partition("/")[0] in {"OUT", "FULL", "NONE"} else o for o in given
    ]
    files = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    result = run("redact", export, *given)
    assert result.exit_code == 1, result.output
    assert told in result.output
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == files


def test_help_shows_placeholders_as_they_are() -> None:
    told = CliRunner().invoke(app, ["redact", "--help"], env={"COLUMNS": "200"}).output
    assert "[phone]" in told


@pytest.mark.parametrize("command", ["redact", "prepare"])
def test_help_tells_how_many_names_of_people_outside_are_found(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"}).output
    told = WRAPPED.sub(" ", told.replace("│", " "))
    assert f"{measured().recall['given names']} of given names" in told
    assert "keep|replace" in told


def test_names_of_people_outside_stay_or_are_replaced(export: Path) -> None:
    kept = run("redact", export).output
    assert "Ottokar" in kept.partition("Not touched")[2]
    assert "--unknown-names replace" in kept

    replaced = run("redact", export, "--unknown-names", "replace").output
    assert "names of people outside the export" in replaced
    assert "+ Is Ottokar" not in replaced
    assert "- Is Ottokar" in replaced
