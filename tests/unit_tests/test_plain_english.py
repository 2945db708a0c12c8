"""The package and its docs are in plain English, not in a dialect that only its makers speak."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"\b[Ww]hoever\b": "anyone who, those who, what",
    r"\b[Nn]obody's\b": "no one's name; belongs to no one",
    r"(?<!there )\b(?:is|are) none\b": "is invalid, is missing, is no such thing",
    r"\b(?:is|are) told of\b": "gets, counts, hears about",
    r"\bnumber from [01] on\b": "at least 0, at least 1",
    r"\bheld-?out set\b": "validation set",
    r"\bvalid set\b": "validation set",
}
READ = sorted(
    path
    for pattern in ("langchain_fbmessenger/**/*.py", "docs/*.md", "*.md")
    for path in ROOT.glob(pattern)
)


@pytest.mark.parametrize("path", READ, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_word_of_a_private_dialect(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    # A sentence goes on in the next line.
    pairs = [(line, f"{line} {after.strip(' #')}") for line, after in pairwise([*lines, ""])]
    found = [
        f"{path.name}:{number}: {match[0]!r}; better: {better}"
        for word, better in INSTEAD.items()
        for number, (line, joined) in enumerate(pairs, 1)
        if (match := re.search(word, joined)) and match.start() < len(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "path",
    [path for path in READ if {"fine_tuning", "local"} & {*path.parts}],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_training_has_a_validation_set(path: Path) -> None:
    assert not re.search("held[- _]out", path.read_text("utf-8"), re.IGNORECASE)
