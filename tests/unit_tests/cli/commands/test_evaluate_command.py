"""`evaluate`: what is asked, shown and kept, and what is refused with words."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuningError, FineTuningJob, LikenessReport, read_jsonl
from langchain_fbmessenger.cli.asked_models import EVALUATED_MODELS
from langchain_fbmessenger.cli.evaluated import chats_of_job, most_tokens
from langchain_fbmessenger.cli.prepared_records import answers_path, keep_for_job
from tests.unit_tests.builders import message, thread_json, write_thread
from tests.unit_tests.cli.prepared_authors import (
    FRIENDS,
    JOB,
    ME,
    export_of_authors,
    prepared,
    run,
    served_job,
)
from tests.unit_tests.evaluation.scripted import ScriptedModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result


def speaker(seed: int) -> ScriptedModel:
    said = ME.texts(400, seed=seed)
    return ScriptedModel(script=lambda question, _: said[sum(map(ord, question)) % 400])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return export_of_authors(tmp_path / "export")


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedModel]:
    """The models that answer at the provider."""
    served = {"tuned": speaker(7), "base": speaker(8)}
    monkeypatch.setattr(FineTuningJob, "from_id", lambda *_: served_job(**served))
    return served


@pytest.fixture
def trained(export: Path, tmp_path: Path) -> Callable[..., Path]:
    def train(*options: object) -> Path:
        output = prepared(export, tmp_path / "t.jsonl", *options)
        keep_for_job(output, JOB)
        return output

    return train


def evaluate(*arguments: object) -> Result:
    return run("evaluate", JOB, *arguments)


def evaluated(*arguments: object) -> str:
    result = evaluate(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    result = evaluate(*arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_models_are_asked_what_was_held_out(
    models: dict[str, ScriptedModel], trained: Callable[..., Path], tmp_path: Path
) -> None:
    trained("--valid", 0.5, "--system", "You are {owner}.").unlink()  # it is not needed any more
    told = evaluated("--limit", 12)
    assert told.startswith("No model can be judged yet: 12 held-out answers of 200")
    assert "\nbase " in told
    assert "\ntuned " in told
    assert "On 12 held-out answers" in told

    asked = [[str(m.content) for m in messages] for messages, _ in models["tuned"].asked]
    held_out = list(read_jsonl(tmp_path / "t.valid.jsonl"))
    prompts = [
        [turn["content"] for turn in one["messages"][:at]]
        for one in held_out
        for at, turn in enumerate(one["messages"])
        if turn["role"] == "assistant"
    ]
    assert len(asked) == 12
    assert all(prompt in prompts for prompt in asked)
    assert all(prompt[0] == f"You are {ME.name}." for prompt in asked)
    n_train = len(models["base"].asked) - 2 * 12  # by itself, and behind retrieval
    assert n_train > 12  # and of what was trained, for the scale


def test_figures_as_json_without_words_of_chats(
    models: dict[str, ScriptedModel], trained: Callable[..., Path]
) -> None:
    models["tuned"].script = lambda *_: "aye aye captain"
    trained("--valid", 0.5)
    whole = json.loads(evaluated("--json"))
    assert [model["name"] for model in whole["models"]] == ["base", "retrieval", "tuned"]
    assert any("aye" in str(model["too_much"]) for model in whole["models"])
    bare = json.loads(evaluated("--json", "--no-text"))
    assert "aye" not in str(bare)
    assert not any(model["too_much"] or model["too_little"] for model in bare["models"])
    assert bare["basis"] == whole["basis"]


def test_nothing_is_asked_twice(
    models: dict[str, ScriptedModel], trained: Callable[..., Path]
) -> None:
    trained("--valid", 0.5)
    first = evaluated("--limit", 12)
    kept = answers_path(JOB)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    lines = kept.read_text().splitlines()
    kept.write_text("\n".join(lines[:-5]) + '\n{"key": "a')  # as a kill leaves it
    for model in models.values():
        model.asked.clear()
    assert evaluated("--limit", 12) == first
    assert len(models["tuned"].asked) + len(models["base"].asked) == 5 + 1  # and is it there?


def test_a_file_of_ones_own_keeps_the_answers(
    models: dict[str, ScriptedModel], trained: Callable[..., Path], tmp_path: Path
) -> None:
    trained("--valid", 0.5)
    evaluated("--limit", 4, "--no-base", "--answers", tmp_path / "a.jsonl")
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 4
    assert not answers_path(JOB).exists()
    assert models["base"].asked == []


@pytest.mark.usefixtures("models")
def test_the_page_is_written(
    trained: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []
    monkeypatch.setattr(
        LikenessReport, "write_html", lambda _, path, *, text: written.append((path, text))
    )
    trained("--valid", 0.5)
    page = tmp_path / "page.html"
    assert f"The page: {page}" in evaluated("--limit", 4, "--html", page)
    json.loads(evaluated("--limit", 4, "--json", "--no-text", "--html", page))
    assert written == [(page, True), (page, False)]


def test_more_models_can_be_asked(
    models: dict[str, ScriptedModel],
    trained: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(EVALUATED_MODELS, "other", lambda of: of.base)
    trained("--valid", 0.5)
    told = json.loads(evaluated("--limit", 4, "--no-base", "--json"))
    assert [model["name"] for model in told["models"]] == ["tuned", "other"]
    assert len(models["base"].asked) == 4 + 1


@pytest.mark.usefixtures("models")
def test_an_export_that_was_moved_is_named(
    trained: Callable[..., Path], export: Path, tmp_path: Path
) -> None:
    trained("--valid", 0.5)
    moved = export.rename(tmp_path / "elsewhere")
    assert "There is no file or folder" in refused()
    assert "On 4 held-out answers" in evaluated(moved, "--limit", 4)


@pytest.mark.usefixtures("models")
def test_an_export_that_has_changed_is_refused(
    trained: Callable[..., Path], tmp_path: Path
) -> None:
    trained("--valid", 0.5)
    told = refused(export_of_authors(tmp_path / "newer", seed=4))
    assert "these are not the" in told
    assert "the export or a file beside it has changed since `prepare`" in told


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("options", [[], ["--me", ME.name]])
def test_an_export_of_somebody_else_is_refused(
    trained: Callable[..., Path], tmp_path: Path, options: list[str]
) -> None:
    trained("--valid", 0.5, *options)
    other = tmp_path / "other"
    export_of_authors(other, owner=1)
    told = refused(other)
    if options:  # they have written in it, as a friend
        assert "these are not the" in told
    else:
        assert f"the export of {FRIENDS[0].name!r}: the model writes as {ME.name!r}" in told


@pytest.mark.usefixtures("models")
def test_without_held_out_examples_it_is_said_how_to_have_some(
    trained: Callable[..., Path],
) -> None:
    trained()
    told = refused()
    assert f"nothing was held out of the examples of job {JOB}" in told
    assert "prepare --valid 0.3" in told


@pytest.mark.usefixtures("models")
def test_what_was_not_prepared_here_is_asked_for(trained: Callable[..., Path]) -> None:
    assert f"evaluate {JOB} EXPORT --train FILE --validation FILE" in refused()
    assert trained


def test_files_and_an_export_do_as_well(
    models: dict[str, ScriptedModel], export: Path, tmp_path: Path
) -> None:
    train = prepared(export, tmp_path / "t.jsonl", "--valid", 0.5)
    files = ["--train", train, "--validation", tmp_path / "t.valid.jsonl"]
    told = json.loads(evaluated(export, *files, "--limit", 6, "--me", ME.name, "--json"))
    assert told["basis"]["own"] == 6
    assert told["basis"]["friends"].keys() or told["basis"]["missing"]
    assert len(models["tuned"].asked) == 6
    assert "need the EXPORT" in refused(*files)
    assert "No message was sent by 'Nobody'" in refused(export, *files, "--me", "Nobody")
    assert "go together" in refused(export, *files[:2])
    assert "--me goes with --train" in refused("--me", ME.name)


@pytest.mark.usefixtures("models")
def test_what_was_trained_is_not_asked(export: Path, tmp_path: Path) -> None:
    train = prepared(export, tmp_path / "t.jsonl")
    files = ["--train", train, "--validation", train]
    assert "validation prompts were trained on" in refused(export, *files)


@pytest.mark.usefixtures("models")
def test_an_export_without_its_owner_is_refused(export: Path, tmp_path: Path) -> None:
    train = prepared(export, tmp_path / "t.jsonl", "--valid", 0.5)
    files = ["--train", train, "--validation", tmp_path / "t.valid.jsonl"]
    hers = export_of_authors(tmp_path / "hers", owner=1)
    assert f"{FRIENDS[0].name!r} has not written the answers of these" in refused(hers, *files)
    assert "has not written" in refused(export, *files, "--me", FRIENDS[0].name)
    people = ("Al", "Bo", "Zoë")
    unknown = [message(people[n % 3], n + 1, "ok") for n in range(6)]
    write_thread(tmp_path / "inbox/x_1", thread_json(unknown, participants=people, title="Trip"))
    assert "does not say whose export it comes from" in refused(tmp_path / "inbox", *files)


@pytest.mark.usefixtures("models")
def test_a_key_file_that_is_gone_is_not_made_anew(
    trained: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("faker")
    trained("--valid", 0.5, "--pseudonymize", tmp_path / "names.key")
    assert "On 4 held-out answers" in evaluated("--limit", 4)
    (tmp_path / "names.key").unlink()
    assert f"{tmp_path / 'names.key'} is gone" in refused()
    assert not (tmp_path / "names.key").exists()


def test_a_job_without_a_model_is_refused_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = FineTuningError(f"job {JOB} has no model: it is running")
    monkeypatch.setattr(FineTuningJob, "from_id", lambda *_: served_job(None, None, error=error))
    assert "Error: job" in refused(Path("nowhere"))


@pytest.mark.usefixtures("models")
def test_the_export_is_not_written_over(trained: Callable[..., Path], export: Path) -> None:
    trained("--valid", 0.5)
    file = next(export.rglob("message_1.json"))
    before = file.read_bytes()
    for option in ("--html", "--answers"):
        assert "is part of the export" in refused(option, file)
    assert file.read_bytes() == before


def test_answers_are_as_long_as_the_persona_s(trained: Callable[..., Path]) -> None:
    trained("--valid", 0.5)
    chats = chats_of_job(JOB, [], lambda *_: None)
    assert most_tokens(chats) == 64
    assert repr(chats).startswith("EvaluatedChats(train=")
    long: Any = [
        {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]}
        for text in ("so many words " * 40, "so many words " * 400)
    ]
    assert 64 < most_tokens(chats._replace(train=[], valid=long[:1])) < 256
    assert most_tokens(chats._replace(train=[], valid=long)) == 256
