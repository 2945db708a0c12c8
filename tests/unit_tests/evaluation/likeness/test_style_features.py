# ruff: noqa: RUF001 - letters of other scripts
"""Style is seen in figures that name no word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.style_features import StyleFeatures


def figure(name: str, text: str) -> float:
    features = StyleFeatures([text])
    return float(features([text])[0][features.names.index(name)])


@pytest.mark.parametrize(
    ("name", "with_it", "without"),
    [
        ("laughter", "haha yes", "that harbour"),
        ("laughter", "www", "wow"),
        ("laughter", "ахаха", "ах"),
        ("laughter", "555", "155"),
        ("tripled letters", "sooo", "soon"),
        ("doubled marks", "what??", "what?"),
        ("doubled marks", "hmm..", "hmm."),
        ("spaces before marks", "t'es où ?", "where?"),
        ("smileys", "ok :)", "10:30"),
        ("lines that begin with a capital", "Yes", "yes"),
        ("lines that end with a mark", "yes.", "yes"),
        ("lines that end with a symbol", "yes ❤️", "yes"),
        ("words in capitals", "NO way", "No way"),
        ("lines", "a\nb", "a b"),
    ],
)
def test_each_sees_its_mark(name: str, with_it: str, without: str) -> None:
    assert figure(name, with_it) > figure(name, without)


def test_the_commonest_marks_have_a_column_each() -> None:
    features = StyleFeatures(["hi ❤", "ho ❤ …", "ha …", "…"])
    assert features.names[-2:] == ["has …", "has ❤"]
    assert features(["❤"])[0][-2:].tolist() == [0, 1]


@given(st.lists(st.text(), max_size=6))
def test_any_text_has_finite_figures(texts: list[str]) -> None:
    features = StyleFeatures(texts)
    rows = features(texts)
    assert rows.shape == (len(texts), len(features.names))
    assert np.isfinite(rows).all()


def test_a_line_of_spaces_takes_no_longer_than_one_of_letters() -> None:
    """A pattern that looked for the end behind each space would take hours."""
    assert figure("lines that end with a mark", "a" + " " * 300_000 + "b\nso!") == 0.5
