"""`plant-canaries` and `audit`: what is written, shown, and refused."""

from __future__ import annotations

import json
import stat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import Canaries, FineTuningError, FineTuningJob, read_jsonl, write_jsonl
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.fine_tuning import Connection, LocalProvider
from tests.unit_tests.evaluation.scripted import ScriptedModel, by_heart, saying
from tests.unit_tests.evaluation.small_chats import chats

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def run(*arguments: object) -> Result:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    """The files of examples with canaries, and of the canaries."""
    write_jsonl(chats(), tmp_path / "train.jsonl")
    out, canaries = tmp_path / "planted.jsonl", tmp_path / "canaries.json"
    options = ["-o", out, "--canaries", canaries, "--count", 4, "--repeats", 1, "--repeats", 3]
    result = run("plant-canaries", tmp_path / "train.jsonl", *options, "--seed", 1)
    assert result.exit_code == 0, result.output
    assert "14 examples written" in result.output
    return out, canaries


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, planted: tuple[Path, Path]) -> dict[str, Any]:
    """What answers at the provider: a tuned model that knows all by heart, and its base."""
    leaky = ScriptedModel(script=by_heart(list(read_jsonl(planted[0]))))
    served: dict[str, Any] = {"ft:zoe": leaky, "Smol": saying("no idea"), "Other": saying("no")}

    class Job:
        state = SimpleNamespace(model="Smol")

        def chat_model(self, **_: Any) -> Any:
            return served["ft:zoe"]

        def base_chat_model(self, **_: Any) -> Any:
            if isinstance(served["Smol"], Exception):
                raise served["Smol"]
            return served["Smol"]

    monkeypatch.setattr(FineTuningJob, "from_id", lambda *_: Job())
    monkeypatch.setattr(LocalProvider, "connection", lambda _: Connection("http://127.0.0.1:1/v1"))
    monkeypatch.setattr(Connection, "chat_model", lambda _, name, **__: served[name])
    return served


def test_canaries_are_for_one_pair_of_eyes(planted: tuple[Path, Path]) -> None:
    for path in planted:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [c.repeats for c in Canaries.read(planted[1]).planted] == [1, 3, 1, 3]


def test_planting_never_writes_over_the_examples(tmp_path: Path) -> None:
    train = tmp_path / "train.jsonl"
    write_jsonl(chats(), train)
    before = train.read_bytes()
    for options in (["-o", train], ["--canaries", train], ["-o", "x", "--canaries", "x"]):
        result = run("plant-canaries", train, *options)
        assert result.exit_code == 1
        assert "three files" in result.output
    assert train.read_bytes() == before


@pytest.mark.usefixtures("models")
def test_an_audit_shows_the_job_beside_its_base(planted: tuple[Path, Path]) -> None:
    examples, canaries = planted
    options = ["--canaries", canaries, "--people", "Milo Dvořák", "--samples", 1]
    result = run("audit", "ftjob-1", examples, *options)
    assert result.exit_code == 0, result.output
    told = [line.split() for line in result.output.splitlines()]
    assert next(x for x in told if "once" in x)[:4] == ["planted", "once", "2/2", "100%"]
    assert "0/2" in next(x for x in told if "once" in x)
    assert "Milo" not in result.output


@pytest.mark.usefixtures("models")
def test_an_audit_as_json(planted: tuple[Path, Path]) -> None:
    result = run("audit", "ft:zoe", planted[0], "--base", "Other", "--samples", 0, "--json")
    told = json.loads(result.output)
    (exact,) = [row for row in told["rows"] if row["measure"] == "exact_copy"]
    assert (exact["tuned"]["rate"], exact["base"]["rate"]) == (1.0, 0.0)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("chosen", [["ft:zoe"], ["ftjob-1", "--base", "none"]])
def test_without_a_base_nothing_is_compared(planted: tuple[Path, Path], chosen: list[str]) -> None:
    job, *options = chosen
    result = run("audit", job, planted[0], *options, "--samples", 0)
    assert result.exit_code == 0, result.output
    assert "not asked" in result.output


@pytest.mark.parametrize("knows_where", [True, False])
def test_a_base_that_is_not_served_is_a_warning(
    planted: tuple[Path, Path], models: dict[str, Any], *, knows_where: bool
) -> None:
    import openai

    def away(*_: Any) -> str:
        raise openai.APIConnectionError(request=None)  # type: ignore[arg-type]

    models["Smol"] = FineTuningError("make a deployment of it")
    if knows_where:
        models["Smol"] = SimpleNamespace(model_name="Smol", invoke=lambda *_, **__: away())
    result = run("audit", "ftjob-1", planted[0], "--samples", 0)
    assert result.exit_code == 0, result.output
    assert "Warning: the base model Smol does not answer" in result.output
    assert "not asked" in result.output


def test_a_provider_that_is_gone_is_an_error_in_a_line(
    planted: tuple[Path, Path], models: dict[str, Any]
) -> None:
    import openai

    def away(*_: Any) -> str:
        raise openai.APIConnectionError(request=None)  # type: ignore[arg-type]

    models["ft:zoe"] = ScriptedModel(script=away)
    result = run("audit", "ft:zoe", planted[0], "--samples", 0)
    assert result.exit_code == 1
    assert result.output.startswith("Error: provider 'local' could not be reached")


@pytest.mark.usefixtures("models")
def test_other_examples_than_the_canaries_are_refused(
    tmp_path: Path, planted: tuple[Path, Path]
) -> None:
    result = run("audit", "ft:zoe", tmp_path / "train.jsonl", "--canaries", planted[1])
    assert result.exit_code == 1
    assert "4 of 4 canaries are not in the examples" in result.output
