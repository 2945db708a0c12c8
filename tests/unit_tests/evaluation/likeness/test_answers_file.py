"""Answers survive the process that asked for them, and only their owner can read them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import InvalidInputError
from langchain_fbmessenger.evaluation.likeness.answers_file import (
    AnswersFile,
    answer_key,
    model_key,
)
from tests.unit_tests.evaluation.scripted import saying

if TYPE_CHECKING:
    from pathlib import Path

TURNS = [("system", "You are Zoë."), ("user", "news of the ferry?")]


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    file = AnswersFile(path)
    file.keep("a", "it sank 🛥️")
    file.keep("b", "no\nidea")
    again = AnswersFile(path)
    assert (again.get("a"), again.get("b"), again.get("c")) == ("it sank 🛥️", "no\nidea", None)


def test_a_line_that_was_cut_by_a_kill_loses_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    AnswersFile(path).keep("a", "first")
    AnswersFile(path).keep("b", "second")
    path.write_bytes(path.read_bytes()[:-5])
    cut = AnswersFile(path)
    assert (cut.get("a"), cut.get("b")) == ("first", None)
    cut.keep("b", "again")
    assert AnswersFile(path).get("b") == "again"


def test_the_owner_alone_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.touch(0o644)
    AnswersFile(path).keep("a", "secret")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("milk, eggs\n")
    with pytest.raises(InvalidInputError, match="another file"):
        AnswersFile(path)
    assert path.read_text() == "milk, eggs\n"


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be kept"):
        AnswersFile(tmp_path)
    with pytest.raises(InvalidInputError, match="cannot be kept"):
        AnswersFile(tmp_path / "nowhere" / "answers.jsonl")


def test_no_path_keeps_them_in_memory() -> None:
    file = AnswersFile(None)
    file.keep("a", "here")
    assert file.get("a") == "here"


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_a_key_knows_model_and_prompt_and_tells_neither(
    model: str, turns: list[tuple[str, str]]
) -> None:
    key = answer_key(model, turns)
    assert key == answer_key(model, list(turns))
    assert key != answer_key(model + "x", turns)
    assert key != answer_key(model, [*turns, ("user", "")])
    assert len(key) == 64


def test_another_setting_of_a_model_is_another_model() -> None:
    class Warm(type(saying("hi"))):  # type: ignore[misc]
        temperature: float = 1.0

        @property
        def _identifying_params(self) -> dict[str, float]:
            return {"temperature": self.temperature}

    script = saying("hi").script
    assert model_key("tuned", Warm(script=script)) == model_key("tuned", Warm(script=script))
    assert model_key("tuned", Warm(script=script)) != model_key(
        "tuned", Warm(script=script, temperature=0.5)
    )


@pytest.mark.parametrize("content", ["milk, eggs\n", "milk, eggs"])
def test_of_another_file_nothing_is_changed(tmp_path: Path, content: str) -> None:
    path, link = tmp_path / "notes.txt", tmp_path / "answers.jsonl"
    path.write_text(content)
    path.chmod(0o644)
    link.symlink_to(path)
    for one in (path, link):
        with pytest.raises(InvalidInputError, match="another file"):
            AnswersFile(one)
    assert path.read_text() == content
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.skipif(os.name != "posix", reason="has no pipes")
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").chmod(0o644)  # whatever the mask of new files is
    with pytest.raises(InvalidInputError, match="another file"):
        AnswersFile(tmp_path / "pipe")
    assert stat.S_IMODE((tmp_path / "pipe").stat().st_mode) == 0o644


def test_a_first_line_that_was_cut_by_a_kill_is_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    AnswersFile(path).keep("a", "first")
    path.write_bytes(path.read_bytes()[:-5])
    cut = AnswersFile(path)
    cut.keep("a", "again")
    assert AnswersFile(path).get("a") == "again"
