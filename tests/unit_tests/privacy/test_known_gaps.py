"""What is not found stands in a table; the docs print it, and nothing in it is found after all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import find_in
from langchain_fbmessenger.privacy.identifiers import find_identifiers
from langchain_fbmessenger.privacy.names import NameBook

if TYPE_CHECKING:
    from langchain_fbmessenger.privacy.findings import Finding, TextFinder

GAPS: dict[str, list[dict[str, Any]]] = msgspec.toml.decode(
    Path(__file__).with_name("known_gaps.toml").read_bytes()
)
DOCS = Path(__file__).parents[3] / "docs" / "privacy.md"
PEOPLE = (
    "Milo Dvořák", "Zoe Kay", "Jörg Müller", "Annemarie Koch", "王小明", "佐藤さくら", "김도윤",
)  # fmt: skip


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> TextFinder:
    book = NameBook(tmp_path_factory.mktemp("key") / "names.key")
    book.learn(map(Person, PEOPLE))
    return book.finder()


@pytest.mark.parametrize("section", GAPS)
def test_the_docs_print_the_known_gaps(section: str) -> None:
    docs = DOCS.read_text(encoding="utf-8")
    for row in GAPS[section]:
        example = re.sub("[«»]", "", row["example"])
        assert f"| {row['what']} | `{example}` |" in docs


@pytest.mark.parametrize("example", [row["example"] for row in GAPS["identifiers"]])
def test_what_is_a_gap_is_not_found(example: str) -> None:
    assert is_left(example, find_identifiers(re.sub("[«»]", "", example)))


@pytest.mark.parametrize("example", [row["example"] for row in GAPS["names"]])
def test_a_name_that_is_a_gap_is_not_found(finder: TextFinder, example: str) -> None:
    assert is_left(example, find_in(re.sub("[«»]", "", example), [finder]))


def is_left(example: str, found: list[Finding]) -> bool:
    """Tell whether what stands between the brackets is not found as a whole."""
    before, value, _ = re.split("[«»]", example)
    covered = {place for one in found for place in range(one.start, one.end)}
    return not set(range(len(before), len(before) + len(value))) <= covered
