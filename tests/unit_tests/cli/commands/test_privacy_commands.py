"""`contacts`, and `prepare` with what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import Contacts
from langchain_fbmessenger.cli import app
from tests.unit_tests.builders import START, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

ZOE, MILO, BO = "Zoë Ångström", "Milo Dvořák", "Bo Sun"


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    for name in (MILO, BO):
        said = [message(ZOE, START + 1, f"to {name}"), message(name, START, f"says {name}")]
        folder = tmp_path / "export/your_facebook_activity/messages/inbox" / f"{name[:2]}_1"
        write_thread(folder, thread_json(said, (name, ZOE), title=name))
    return tmp_path / "export"


def test_contacts_asks_for_everybody_but_the_owner(tmp_path: Path, export: Path) -> None:
    file = tmp_path / "contacts.toml"
    result = run("contacts", export, "-o", file)
    assert result.exit_code == 0, result.output
    assert "2 people, 2 of them new" in result.output
    assert "pseudonymize (default)" in result.output
    assert Contacts.read(file).people.keys() == {MILO, BO}


def test_contacts_shows_what_was_decided_and_adds_who_is_new(tmp_path: Path, export: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(f'[people."{MILO}"]\nconsent = "exclude"\n', encoding="utf-8")
    result = run("contacts", export, "-o", file)
    assert "2 people, 1 of them new" in result.output
    assert "exclude" in next(line for line in result.output.splitlines() if MILO in line)
    assert Contacts.read(file).people[MILO].consent == "exclude"


def test_contacts_names_a_wrong_file(tmp_path: Path, export: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text('default = "perhaps"', encoding="utf-8")
    result = run("contacts", export, "-o", file)
    assert result.exit_code == 1
    assert "default must be one of include, pseudonymize, exclude" in result.output
    assert file.read_text(encoding="utf-8") == 'default = "perhaps"'


def test_prepare_leaves_out_who_has_not_agreed(tmp_path: Path, export: Path) -> None:
    file, output = tmp_path / "contacts.toml", tmp_path / "train.jsonl"
    file.write_text(
        f'default = "include"\n[people."{MILO}"]\nconsent = "exclude"\n', encoding="utf-8"
    )
    result = run("prepare", export, "-o", output, "--contacts", file)
    assert result.exit_code == 0, result.output
    assert "2 of 4 messages left out: 2 in a chat with somebody who is left out" in result.output
    assert "Bo Sun" in output.read_text(encoding="utf-8")
    assert "Milo" not in output.read_text(encoding="utf-8")


def test_prepare_gives_invented_names_to_those_who_ask_for_them(
    tmp_path: Path, export: Path
) -> None:
    file, output, key = (tmp_path / name for name in ("contacts.toml", "train.jsonl", "names.key"))
    file.write_text(f'[people."{BO}"]\nconsent = "include"\n', encoding="utf-8")
    refused = run("prepare", export, "-o", output, "--contacts", file)
    assert refused.exit_code == 1
    assert "add --pseudonymize KEYFILE" in refused.output
    assert not output.exists()
    result = run("prepare", export, "-o", output, "--contacts", file, "--pseudonymize", key)
    assert result.exit_code == 0, result.output
    text = output.read_text(encoding="utf-8")
    assert "says Bo Sun" in text
    assert "Milo" not in text
    assert "Dvořák" not in text


def test_redact_shows_and_writes_what_was_agreed_to(tmp_path: Path, export: Path) -> None:
    file, copy = tmp_path / "contacts.toml", tmp_path / "copy"
    file.write_text(
        f'[people."{BO}"]\nconsent = "include"\n[people."{MILO}"]\nconsent = "exclude"\n',
        encoding="utf-8",
    )
    shown = run("redact", export, "--preview", "--contacts", file)
    assert shown.exit_code == 0, shown.output
    assert "in a chat with somebody who is left out" in " ".join(shown.output.split())
    assert "Milo" not in shown.output
    assert "By your choice these keep their names: Bo Sun" in shown.output
    written = run("redact", export, "-o", copy, "--contacts", file, "--yes")
    assert written.exit_code == 0, written.output
    texts = " ".join(one.read_text(encoding="utf-8") for one in copy.rglob("*.json"))
    assert "says Bo Sun" in texts
    assert "Milo" not in texts
    assert "Zoë" not in texts
    names_left = run("redact", export, "--only-identifiers", "--contacts", file)
    assert "the contacts ask for invented names" in names_left.output


def test_prepare_forgets(tmp_path: Path, export: Path) -> None:
    output = tmp_path / "train.jsonl"
    result = run("prepare", export, "-o", output, "--forget", BO)
    assert result.exit_code == 0, result.output
    assert "Bo" not in output.read_text(encoding="utf-8")
    assert "left out" not in run("prepare", export, "-o", output).output
    assert "Bo" in output.read_text(encoding="utf-8")


def test_prepare_writes_nothing_where_a_name_is_misspelt(tmp_path: Path, export: Path) -> None:
    output = tmp_path / "train.jsonl"
    result = run("prepare", export, "-o", output, "--forget", "Bo Sn")
    assert result.exit_code == 1
    assert "'Bo Sn'" in result.output
    assert not output.exists()
