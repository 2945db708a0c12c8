from __future__ import annotations

import json
import stat
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    InvalidExampleError,
    check_examples,
    export_examples,
    write_training_file,
)
from langchain_fbmessenger.examples import provider_names
from langchain_fbmessenger.examples.files import jsonl

if TYPE_CHECKING:
    from pathlib import Path


def turns(letters: str) -> list[dict[str, Any]]:
    """Make turns of letters: s(ystem), u(ser), a(ssistant), c(ontext), numbered in a row."""
    made: list[dict[str, Any]] = []
    for number, letter in enumerate(letters):
        role = {"s": "system", "u": "user", "a": "assistant", "c": "assistant"}[letter]
        turn: dict[str, Any] = {"role": role, "content": f"{letter}{number}"}
        made.append(turn | ({"weight": 0} if letter == "c" else {}))
    return made


def exported(tmp_path: Path, letters: str, name: str) -> list[Any]:
    """Export examples whose first is the one of interest, and read back the lines made of it."""
    others = [{"messages": turns("ua")}] * 10
    write_training_file([*others, {"messages": turns(letters)}], tmp_path / "x", format=name)
    lines = (tmp_path / "x").read_text("utf-8-sig").splitlines()
    return [json.loads(line) for line in lines[10:]]


def words(line: Any) -> str:
    """Write a line as the contents of its turns, with their weights; a bar before a completion."""

    def of(turn: Any) -> str:
        marks = "".join(f"={turn[key]:d}" for key in ("weight", "train") if key in turn)
        return turn["content"] + marks

    if "messages" in line:
        return " ".join(map(of, line["messages"]))
    return f"{' '.join(map(of, line['prompt']))} | {' '.join(map(of, line['completion']))}"


OPENING = "(no message yet)"


@pytest.mark.parametrize(
    ("name", "letters", "lines"),
    [
        ("openai", "sucua", ["s0 u1 c2=0 u3 a4"]),
        ("openai", "a", ["a0"]),
        ("azure", "saua", [f"s0 {OPENING} a1 u2 a3"]),
        ("mistral", "sucua", ["s0 u3 a4"]),
        ("fireworks", "sucua", ["s0 u1 c2=0 u3 a4"]),
        ("together", "sucua", ["s0=0 u1=0 c2=0 u3=0 a4=1"]),
        ("together", "a", [f"{OPENING}=0 a0=1"]),
        ("axolotl", "sucua", ["s0 u1 c2=0 u3 a4=1"]),
        ("trl", "sucuaua", ["s0 u1 c2 u3 | a4", "s0 u1 c2 u3 a4 u5 | a6"]),
        ("trl", "saua", [f"s0 {OPENING} | a1", f"s0 {OPENING} a1 u2 | a3"]),
        ("llama-factory", "uaua", ["u0 a1", "u0 a1 u2 a3"]),
        ("mlx-lm", "ucua", ["u0 c1 u2 a3"]),
        ("nebius", "sucuaua", ["s0 u3 a4 u5 a6"]),
        ("nebius", "suaucua", ["s0 u1 a2", "s0 u5 a6"]),
        ("nebius", "acua", ["(no message yet) a0", "u2 a3"]),
    ],
)
def test_what_is_trained_is_said_as_each_format_has_it(
    tmp_path: Path, name: str, letters: str, lines: list[str]
) -> None:
    assert [words(line) for line in exported(tmp_path, letters, name)] == lines


@pytest.mark.parametrize("name", provider_names())
@pytest.mark.parametrize(
    "letters", ["ua", "sua", "a", "sucua", "uauaua", "saucua", "cua", "ucuaucua"]
)
def test_every_format_passes_its_own_check_and_trains_each_answer_once(
    tmp_path: Path, name: str, letters: str
) -> None:
    file = write_training_file([{"messages": turns(letters)}] * 10, tmp_path / "x", format=name)
    report = check_examples(file.path, provider=name)
    assert report.violations == []
    assert file.lines == report.examples
    trained: Counter[str] = Counter()
    for line in (tmp_path / "x").read_text("utf-8-sig").splitlines():
        one = json.loads(line)
        if name == "trl":
            trained.update(turn["content"] for turn in one["completion"])
        elif name in {"llama-factory", "mlx-lm"}:
            trained[one["messages"][-1]["content"]] += 1
        else:
            trained.update(
                turn["content"]
                for turn in one["messages"]
                if turn["role"] == "assistant"
                and turn.get("weight") != 0
                and turn.get("train") != 0
            )
    assert trained == {turn["content"]: 10 for turn in turns(letters) if "a" in turn["content"]}


def test_azure_begins_with_a_mark_and_all_files_are_private(tmp_path: Path) -> None:
    for name in ("azure", "openai"):
        write_training_file([{"messages": turns("ua")}] * 10, tmp_path / name, format=name)
        starts = (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf")
        assert starts is (name == "azure")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_what_else_has_to_be_set_is_told(tmp_path: Path) -> None:
    file = write_training_file(
        [{"messages": turns("aua")}] * 10, tmp_path / "x", format="llama-factory"
    )
    assert (file.format, file.lines, file.openings) == ("llama-factory", 20, 20)
    assert "mask_history: true" in (file.settings or "")


def test_the_opening_can_be_worded(tmp_path: Path) -> None:
    file = write_training_file(
        [{"messages": turns("a")}] * 10, tmp_path / "x", format="together", opening="(go on)"
    )
    assert '"(go on)"' in file.path.read_text()
    assert file.openings == 10


@pytest.mark.parametrize(
    ("letters", "name", "rule", "line"),
    [
        ("uua", "together", "alternation", 1),
        ("uuaa", "axolotl", "alternation", 1),
        ("usua", "fireworks", "system", 1),
        ("uc", "openai", "last_message", 1),
        ("ua", "openai", "min_examples", None),
    ],
)
def test_what_no_form_mends_is_an_error_and_leaves_nothing(
    tmp_path: Path, letters: str, name: str, rule: str, line: int | None
) -> None:
    with pytest.raises(InvalidExampleError) as caught:
        write_training_file([{"messages": turns(letters)}], tmp_path / "x", format=name)
    assert (caught.value.rule, caught.value.line) == (rule, line)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["trl", "mlx-lm", "nebius"])
def test_an_error_names_the_example_not_the_line_that_is_made_of_it(
    tmp_path: Path, name: str
) -> None:
    named = {"messages": [{**turn, "name": "Al"} for turn in turns("ua")]}
    many: list[Any] = [{"messages": turns("uauaua")}] * 3
    with pytest.raises(InvalidExampleError, match="example 4: messages carry a name") as caught:
        write_training_file([*many, named], tmp_path / "x", format=name)
    assert caught.value.line == 4


def test_a_file_that_grows_too_large_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "_LINE_SEPARATORS", {})
    lines = [{"messages": turns("ua")}] * 3
    with pytest.raises(InvalidExampleError, match="grows beyond the 100 bytes") as caught:
        jsonl.write_objects(lines, tmp_path / "x", max_bytes=100)
    assert caught.value.rule == "file_size"
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Did you mean 'openai'"):
        write_training_file(iter([]), tmp_path / "x", format="opnai")


def test_the_input_is_not_changed(tmp_path: Path) -> None:
    for name in provider_names():
        given = [{"messages": turns("aucua")}] * 10
        write_training_file(given, tmp_path / "x", format=name)  # type: ignore[arg-type]
        assert given == [{"messages": turns("aucua")}] * 10


def test_the_former_name_warns_and_does_the_same(tmp_path: Path) -> None:
    examples: Any = [{"messages": turns("ua")}] * 10
    write_training_file(examples, tmp_path / "now.jsonl", format="trl")
    with pytest.warns(DeprecationWarning, match="write_training_file"):
        export_examples(examples, tmp_path / "then.jsonl", format="trl")
    assert (tmp_path / "then.jsonl").read_bytes() == (tmp_path / "now.jsonl").read_bytes()
