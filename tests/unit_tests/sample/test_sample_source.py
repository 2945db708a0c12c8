"""The bundled export is what its scripts tell, byte for byte."""

from __future__ import annotations

import pytest

from langchain_fbmessenger import sample_export_path
from tests.sample_source.build import EXPORT, build, read_script

HEAD = "thread: inbox/al_1\npeople: a = Al Poe\nform: bare\n\n"


def test_the_export_is_built_from_its_scripts() -> None:
    root = sample_export_path()
    assert root.name == EXPORT
    there = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }
    built = build()
    assert sorted(there) == sorted(built), "run tests/sample_source/build.py"
    assert [path for path in built if built[path] != there[path]] == []


def test_a_changed_line_moves_no_other_conversation() -> None:
    first, second = "@ 2024-01-01 10:00\na hi\nn ho\n", "@ 2024-01-03 10:00\na well?\nn mm\n"
    ((_, _, *before),) = read_script(HEAD + first + second).parts
    ((_, _, *after),) = read_script(HEAD + first.replace("hi", "hi, how are you") + second).parts
    assert before == after


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("@ 2024-01-02 10:00\na x\n@ 2024-01-01 10:00\na y", "is not after"),
        ("@ 2024-01-02 10:00\na look {foto}", "what is 'foto'"),
    ],
)
def test_a_slip_in_a_script_is_an_error(lines: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_script(HEAD + lines)
