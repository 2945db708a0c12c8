"""`prepare` with its options, and `check`: what is written, shown, and refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import check_examples, sample_export_path
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.sample import SAMPLE_OWNER
from tests.unit_tests.builders import message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

GOOD = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "secret"}]}


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def written(path: Path, examples: list[Any]) -> Path:
    path.write_text("\n".join(json.dumps(example) for example in examples))
    return path


@pytest.mark.parametrize("form", ["openai", "azure", "together", "trl", "llama-factory"])
def test_prepare_writes_what_each_format_takes(tmp_path: Path, form: str) -> None:
    output = tmp_path / "train.jsonl"
    result = run("prepare", sample_export_path(), "-o", output, "--format", form)
    assert result.exit_code == 0, result.output
    report = check_examples(output, provider=form)
    assert report.ok
    assert f"{report.examples:,} training examples written to {output} ({form})" in result.output
    assert "1,112 trained, 997 prompt of an answer" in result.output
    assert ("mask_history: true" in result.output) is (form == "llama-factory")


def test_prepare_reads_with_workers_what_it_reads_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langchain_fbmessenger.exports.conversations.dealing.CHUNK", 1)
    monkeypatch.setattr("langchain_fbmessenger.exports.conversations.dealing.CHUNK", 1)
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    alone = run("prepare", sample_export_path(), "-o", one, "--workers", 1)
    result = run("prepare", sample_export_path(), "-o", two, "--workers", 2)
    assert result.exit_code == 0, result.output
    assert result.output == alone.output.replace("one.jsonl", "two.jsonl")
    assert one.read_bytes() == two.read_bytes()


def test_prepare_holds_out_into_a_file_beside_it(tmp_path: Path) -> None:
    result = run("prepare", sample_export_path(), "-o", tmp_path / "t.jsonl", "--valid", 0.1)
    assert result.exit_code == 0, result.output
    counts = {path.name: len(path.read_text().splitlines()) for path in sorted(tmp_path.iterdir())}
    assert counts.keys() == {"t.jsonl", "t.valid.jsonl"}
    assert f"{counts['t.valid.jsonl']} validation examples written" in result.output
    assert 20 <= counts["t.valid.jsonl"] <= 40


def test_prepare_balances_and_says_what_is_no_longer_trained(tmp_path: Path) -> None:
    options = ["--max-repeats", 1, "--max-share", 0.1, "--half-life", "3000d", "--min-letters", 60]
    result = run("prepare", sample_export_path(), "-o", tmp_path / "t.jsonl", *options)
    assert result.exit_code == 0, result.output
    for reason in ("too little content", "thinned by age", "beyond the contact's share"):
        assert reason in result.output


def test_prepare_limits_repeated_replies(tmp_path: Path) -> None:
    said = [
        message(("Al", "Zoë")[n % 2], n + 1, f"question {n}" if n % 2 == 0 else "ok")
        for n in range(10)
    ]
    write_thread(tmp_path / "inbox/al_1", thread_json(said, participants=("Al", "Zoë")))
    options = ["-o", tmp_path / "t.jsonl", "--me", "Zoë", "--max-repeats", 2]
    result = run("prepare", tmp_path / "inbox", *options)
    assert "3 answers untrained (3 said as often as allowed)" in result.output


@pytest.mark.parametrize(
    ("gap", "sessions"), [("none", 11), ("8h", 207), ("2m", 842), ("30d", 134)]
)
def test_prepare_cuts_where_it_is_told(tmp_path: Path, gap: str, sessions: int) -> None:
    result = run("prepare", sample_export_path(), "-o", tmp_path / "t.jsonl", "--gap", gap)
    assert result.exit_code == 0, result.output
    assert f"{sessions} sessions →" in result.output


def test_prepare_takes_openings_and_tokenizers_as_told(tmp_path: Path) -> None:
    output = tmp_path / "t.jsonl"
    dropped = run("prepare", sample_export_path(), "-o", output, "--opening", "drop")
    assert "4 opening of the persona, dropped" in dropped.output
    run("prepare", sample_export_path(), "-o", output, "--opening", "(go on)")
    assert '"(go on)"' in output.read_text()
    limited = ["--max-tokens", 120, "--tokenizer", "no/such"]
    told = run("prepare", sample_export_path(), "-o", output, *limited, "--system", "x")
    assert "Warning: The tokenizer 'no/such' cannot be had" in told.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--gap", "soon"], "a gap is a timedelta, or a number with a unit"),
        (["--format", "opnai"], "unknown provider or format 'opnai': known are openai, "),
        (["--half-life", "old"], "a gap is a timedelta"),
        (["--max-tokens", 20], "max_tokens=20 leaves no room for a chat"),
        (["--overlap", 9], "overlap (9) must be below max_messages (8)"),
        (["--valid", 1], "valid: Input should be less than 1"),
        (["--max-share", 0], "max_share: Input should be greater than 0"),
        (["--unknown-names", "drop"], "names of people outside the export: keep or replace"),
        (["--unknown-names", "replace"], "--unknown-names replace invents names: add"),
    ],
)
def test_prepare_refuses_senseless_options_and_writes_nothing(
    tmp_path: Path, options: list[Any], told: str
) -> None:
    result = run("prepare", sample_export_path(), "-o", tmp_path / "t.jsonl", *options)
    assert result.exit_code == 1
    assert f"Error: {told}" in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_prepare_says_when_balancing_leaves_nothing(tmp_path: Path) -> None:
    options = ["-o", tmp_path / "t.jsonl", "--min-letters", 100_000]
    result = run("prepare", sample_export_path(), *options)
    assert result.exit_code == 1
    assert "Error: nothing is left to train: balance the examples less" in result.output
    assert "869 too little content" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["openai", "mlx-lm"])
def test_few_held_out_examples_are_enough(tmp_path: Path, form: str) -> None:
    options = ["-o", tmp_path / "t.jsonl", "--format", form, "--valid", 0.02]
    result = run("prepare", sample_export_path(), *options)
    assert result.exit_code == 0, result.output
    assert 0 < len((tmp_path / "t.valid.jsonl").read_text().splitlines()) < 20


def test_of_two_files_both_are_written_or_none(tmp_path: Path) -> None:
    few = next(sample_export_path().rglob("facebookuser_*"))
    options = ["-o", tmp_path / "t.jsonl", "--format", "openai", "--valid", 0.5, "--gap", "1h"]
    result = run("prepare", few, "--me", "Noémie Åkerlund", *options)
    assert result.exit_code == 1
    assert "openai needs at least 10 training examples" in result.output
    assert list(tmp_path.iterdir()) == []


def test_after_a_failure_both_files_are_as_they_were(tmp_path: Path) -> None:
    few = next(sample_export_path().rglob("facebookuser_*"))
    old = {"t.jsonl": "old", "t.valid.jsonl": "held out before"}
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    options = ["--format", "openai", "--valid", 0.5, "--gap", "1h", "--me", "Noémie Åkerlund"]
    assert run("prepare", few, "-o", tmp_path / "t.jsonl", *options).exit_code == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == old


def test_prepare_never_writes_over_what_it_reads(tmp_path: Path) -> None:
    export = tmp_path / "export"
    shutil.copytree(sample_export_path(), export)
    file = next(export.rglob("message_1.json"))
    before = file.read_bytes()
    for inputs, output in (([file], file), ([export], file), ([export / "..", file], file)):
        result = run("prepare", *inputs, "-o", output)
        assert result.exit_code == 1
        assert "is part of the export: choose another --output" in result.output
        assert file.read_bytes() == before
    for _ in range(2):
        assert run("prepare", export, "-o", export / "train.jsonl").exit_code == 0


def test_held_out_examples_need_a_file_to_stand_beside() -> None:
    result = run("prepare", sample_export_path(), "-o", "/dev/null", "--valid", 0.1)
    assert result.exit_code == 1
    assert "/dev/null is not a file" in result.output


def test_check_shows_distributions_price_and_who_takes_the_file(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl", [GOOD] * 12)
    result = run("check", path, "--provider", "fireworks", "--model", "qwen3-14b", "--epochs", 2)
    assert result.exit_code == 0, result.output
    for words in (
        "12 examples, held against the rules of fireworks",
        "No rule is broken.",
        "Tokens per example (estimated, ",
        "█ 12",
        "Messages per example:",
        "2 epochs: ",
        "about $3.00 (https://fireworks.ai/pricing",
        "Providers that take the file as it is: openai, nebius, local, together, fireworks, mist",
        "azure does not: bom 1",
        "Trainers that take the file as it is: axolotl, llama-factory, mlx-lm",
    ):
        assert words in result.output
    assert "secret" not in result.output


def test_check_names_each_violation_with_its_source_and_fails(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl", [GOOD, {"messages": GOOD["messages"][1:]}])
    path.write_text(path.read_text() + "\n{secret")
    result = run("check", path, "--provider", "together")
    assert result.exit_code == 1
    assert "line 2: the assistant speaks first, it must be the user [first_role]" in result.output
    assert "line 3: the line is not valid JSON [json]" in result.output
    assert "2 violations: first_role 1, json 1" in result.output
    assert "first_role: inferred at https://docs.together.ai" in result.output
    assert "secret" not in result.output


def test_check_shows_the_first_twenty_violations(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl", [{"messages": []}] * 50)
    result = run("check", path)
    assert result.output.count("[shape]") == 20
    assert "50 violations: shape 50" in result.output


def test_check_refuses_a_model_that_leaves(tmp_path: Path) -> None:
    path = written(tmp_path / "t.jsonl", [GOOD] * 12)
    result = run("check", path, "--provider", "openai", "--model", "gpt-3.5-turbo")
    assert result.exit_code == 1
    assert "on 2026-10-23" in result.output


@pytest.mark.parametrize("model", [None, "gpt-unheard-of", "SmolLM2-135M-Instruct"])
def test_check_says_what_it_does_not_know(tmp_path: Path, model: str | None) -> None:
    path = written(tmp_path / "t.jsonl", [GOOD] * 12)
    options = [] if model is None else ["--model", model]
    assert "no price is known" in run("check", path, "--provider", "mistral", *options).output
    local = run("check", path, *options).output
    assert "on your own machine, at no price" in local
    is_known = model == "SmolLM2-135M-Instruct"
    assert ("of training, by tests/benchmarks" in local) is is_known
    assert ("How long a training takes is not known" in local) is not is_known


def test_check_of_an_empty_file(tmp_path: Path) -> None:
    result = run("check", written(tmp_path / "t.jsonl", []))
    assert result.exit_code == 1
    assert "local needs at least 1 examples, got 0 [min_examples]" in result.output


def test_prepare_invents_names_and_says_how_many(tmp_path: Path) -> None:
    output, key = tmp_path / "t.jsonl", tmp_path / "names.key"
    options = ["--me", SAMPLE_OWNER, "--system", "You are {owner}.", "--pseudonymize", key]
    result = run("prepare", sample_export_path(), "-o", output, *options)
    assert result.exit_code == 0, result.output
    assert key.exists()
    assert "people renamed" in result.output
    text = output.read_text(encoding="utf-8")
    assert "You are " in text
    for name in (SAMPLE_OWNER, "Milo Dvo\u0159\u00e1k"):
        assert name not in text


@pytest.mark.parametrize("choice", ["keep", "replace"])
def test_prepare_replaces_names_of_people_outside_if_asked(tmp_path: Path, choice: str) -> None:
    messages = [
        message(who, 1_700_000_000_000 + n, f"yesterday with Trevor, number {n}")
        for n, who in enumerate(["Al", "Zo\u00eb"] * 12)
    ]
    write_thread(tmp_path / "in/inbox/al_1234567890", thread_json(messages, ("Al", "Zo\u00eb")))
    output, key = tmp_path / "t.jsonl", tmp_path / "names.key"
    options = ["--pseudonymize", key, "--unknown-names", choice]
    result = run("prepare", tmp_path / "in", "--me", "Al", "-o", output, *options)
    assert result.exit_code == 0, result.output
    assert ("Trevor" in output.read_text(encoding="utf-8")) == (choice == "keep")
    assert ("24 name outside the export" in result.output) == (choice == "replace")
    told = {"keep": "--unknown-names replace looks for them", "replace": "are not all found"}
    assert told[choice] in " ".join(result.output.split())


def test_prepare_redacts_and_leaves_names(tmp_path: Path) -> None:
    messages = [
        message(who, 1_700_000_000_000 + n, f"Milo has milo{n}@example.org")
        for n, who in enumerate(["Al", "Zo\u00eb"] * 12)
    ]
    write_thread(tmp_path / "in/inbox/al_1234567890", thread_json(messages, ("Al", "Zo\u00eb")))
    output = tmp_path / "t.jsonl"
    result = run("prepare", tmp_path / "in", "--me", "Al", "-o", output, "--redact")
    assert result.exit_code == 0, result.output
    assert "24 of 24 messages changed: 24 email" in result.output
    text = output.read_text(encoding="utf-8")
    assert "Milo has [email]" in text
    assert "example.org" not in text
    plain = run("prepare", tmp_path / "in", "--me", "Al", "-o", output)
    assert "messages changed" not in plain.output


@pytest.mark.parametrize("options", [["--me", "noemie akerlund"], ["--sender", SAMPLE_OWNER]])
def test_prepare_finds_the_persona_by_a_name_without_accents(
    tmp_path: Path, options: list[Any]
) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    assert run("prepare", sample_export_path(), "-o", first, *options).exit_code == 0
    assert run("prepare", sample_export_path(), "-o", second).exit_code == 0
    assert first.read_bytes() == second.read_bytes()


def test_prepare_takes_several_personas_and_suggests_near_names(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    several = ["--sender", SAMPLE_OWNER, "--sender", "Milo Dvorak"]
    assert run("prepare", sample_export_path(), "-o", file, *several).exit_code == 0
    result = run("prepare", sample_export_path(), "-o", file, "--me", "Noemie Akerlun")
    assert result.exit_code == 1
    assert f"Did you mean '{SAMPLE_OWNER}'?" in result.output
