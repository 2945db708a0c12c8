from __future__ import annotations

import json
import os
import stat
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import InvalidExampleError, read_jsonl, write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def example(text: str = "é 😂") -> Any:
    turns = [{"role": "user", "content": "a\nb"}, {"role": "assistant", "content": text}]
    return {"messages": turns}


def test_written_lines_are_read_back_by_anything(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    examples = [example(), example("two\u2028lines\x85in one \u2029 of ours")]
    assert write_jsonl(iter(examples), path) == 2
    text = path.read_text(encoding="utf-8")
    assert [json.loads(line) for line in text.splitlines()] == examples
    assert list(read_jsonl(path)) == examples
    assert text.endswith("}\n")


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("old")
    path.chmod(0o644)
    write_jsonl([example()], path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_after_a_failure_the_file_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("old")

    def failing() -> Iterator[Any]:
        yield example()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_jsonl(failing(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    target = tmp_path / "target.jsonl"
    target.write_text("old")
    link = tmp_path / "link.jsonl"
    link.symlink_to(target)
    write_jsonl([example()], link)
    assert link.is_symlink()
    assert list(read_jsonl(target)) == [example()]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert write_jsonl([example()], pipe) == 1
    reader.join()
    assert json.loads(read[0]) == example()
    assert pipe.is_fifo()


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        write_jsonl([example()], tmp_path / "nowhere/train.jsonl")


def test_any_mapping_is_an_example(tmp_path: Path) -> None:
    write_jsonl([MappingProxyType(example())], tmp_path / "x")
    assert list(read_jsonl(tmp_path / "x")) == [example()]


def test_lone_surrogate_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidExampleError, match=r"example 2: .*surrogate") as caught:
        write_jsonl([example(), example("secret \ud83d")], tmp_path / "x")
    assert (caught.value.line, caught.value.rule) == (2, "utf-8")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [7, [example()], {"messages": "x"}, {"turns": []}])
def test_what_is_no_example_is_not_written(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(InvalidExampleError, match="example 1"):
        write_jsonl([wrong], tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_no_examples_make_an_empty_file(tmp_path: Path) -> None:
    assert write_jsonl([], tmp_path / "x") == 0
    assert (tmp_path / "x").read_bytes() == b""


def test_reading_passes_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    line = json.dumps(example()).encode()
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf" + line + b"\n\n  \n" + line)
    assert list(read_jsonl(tmp_path / "x")) == [example(), example()]


@pytest.mark.parametrize("broken", [b"secret {", b"\xff", b"[1]", b'{"messages": 7}', b"[" * 5000])
def test_broken_line_is_named_by_its_number(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "x").write_bytes(json.dumps(example()).encode() + b"\n\n" + broken)
    lines = read_jsonl(tmp_path / "x")
    assert next(lines) == example()
    with pytest.raises(InvalidExampleError, match="example 3") as caught:
        next(lines)
    assert "secret" not in str(caught.value)
