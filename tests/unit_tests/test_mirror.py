"""Tests lie where their modules lie; what is tested elsewhere stands in a table, with where."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

import langchain_fbmessenger

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = Path(langchain_fbmessenger.__file__).parent
TESTS = Path(__file__).parent
TABLE = TESTS / "tested_elsewhere.toml"
ELSEWHERE: dict[str, str] = tomllib.loads(TABLE.read_text("utf-8"))
NOTHING_TO_TEST = {"__init__.py", "_version.py"}


@cache
def imported(test: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(test.read_text("utf-8"))))
    members = {
        f"{node.module}.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return members | modules


def is_tested_in_its_place(module: Path) -> bool:
    """By a test module of its name, or by one of its room that imports it."""
    *folders, name = (part.lstrip("_") for part in module.with_suffix("").parts)
    dotted = ".".join([PACKAGE.name, *module.with_suffix("").parts])
    room = TESTS.joinpath(*folders[:1])
    tests = room.rglob("test_*.py") if folders else TESTS.glob("test_*.py")
    return TESTS.joinpath(*folders, f"test_{name}.py").exists() or any(
        dotted in imported(test) for test in tests
    )


def test_every_module_is_tested_in_its_place_or_stands_in_the_table() -> None:
    modules = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    untested = {
        module.as_posix()
        for module in modules
        if module.name not in NOTHING_TO_TEST and not is_tested_in_its_place(module)
    }
    assert sorted(untested - {*ELSEWHERE}) == [], f"give it a test, or a line in {TABLE.name}"
    assert sorted({*ELSEWHERE} - untested) == [], f"has a test, or is gone: out of {TABLE.name}"


@pytest.mark.parametrize("tests", sorted({*ELSEWHERE.values()}))
def test_the_tests_that_the_table_names_are_there(tests: str) -> None:
    assert list(TESTS.parent.glob(tests))
