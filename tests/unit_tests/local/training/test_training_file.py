from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.local.training import training_file
from langchain_fbmessenger.local.training.training_file import TrainingFileError, read_examples

if TYPE_CHECKING:
    from pathlib import Path

PRIVATE = "the words of the attic"


def chat(*messages: dict[str, Any]) -> bytes:
    return json.dumps({"messages": messages}).encode()


USER = {"role": "user", "content": PRIVATE}
ASSISTANT = {"role": "assistant", "content": PRIVATE}
GOOD = chat(USER, ASSISTANT)


def test_examples_come_with_their_line_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD + b"\r\n\n" + GOOD)

    found = list(read_examples(path))

    assert [line for line, _ in found] == [1, 3]
    assert [message.role for message in found[0][1].messages] == ["user", "assistant"]


def test_weight_decides_what_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(chat(USER, {**ASSISTANT, "weight": 0}, USER, {**ASSISTANT, "weight": 1}))

    ((_, example),) = read_examples(path)

    assert [message.is_trained for message in example.messages] == [False, False, False, True]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"not json " + PRIVATE.encode(), "not a JSON object"),
        (b"\xff\xfe" + PRIVATE.encode(), "not a JSON object"),
        (b'{"messages": ' + b"[" * 100_000, "Expected `object`"),
        (json.dumps(PRIVATE).encode(), "Expected `object`"),
        (chat(), "length >= 1"),
        (chat(USER), "no assistant message"),
        (chat(USER, {**ASSISTANT, "weight": 0}), "no assistant message"),
        (chat({**USER, "weight": 1}, ASSISTANT), "assistant messages only"),
        (chat(USER, {**ASSISTANT, "weight": 2}), "<= 1"),
        (chat(USER, {**ASSISTANT, "weight": 0.5}), "Expected `int | null`"),
        (chat({"role": PRIVATE, "content": "x"}, ASSISTANT), "unknown value for `role`"),
        (chat({"role": "user", "content": [PRIVATE]}, ASSISTANT), "Expected `str`"),
        (chat(USER, {"role": "assistant", "tool_calls": [PRIVATE]}), "unknown field `tool_calls`"),
    ],
)
def test_an_error_names_line_and_rule_and_quotes_nothing(
    tmp_path: Path, line: bytes, rule: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(GOOD + b"\n" + line + b"\n")

    with pytest.raises(TrainingFileError, match=r"^line 2: ") as caught:
        list(read_examples(path))

    assert rule in str(caught.value)
    assert PRIVATE not in str(caught.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\n\n")

    with pytest.raises(TrainingFileError, match="holds no example"):
        list(read_examples(path))


def test_a_file_that_was_deleted_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(TrainingFileError, match="was it deleted"):
        list(read_examples(tmp_path / "gone"))


def test_a_line_too_long_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    monkeypatch.setattr(training_file, "MAX_LINE", len(GOOD) + 1)
    path.write_bytes(GOOD + b"\n" + GOOD + b"\n")
    assert len(list(read_examples(path))) == 2

    path.write_bytes(GOOD + b"\n" + GOOD + b" " * 50 + b"\n")
    with pytest.raises(TrainingFileError, match=r"line 2: longer than \d+ bytes"):
        list(read_examples(path))


def test_a_line_of_brackets_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"messages": ' + b"[" * 100_000)

    with pytest.raises(TrainingFileError, match="line 1"):
        list(read_examples(path))
