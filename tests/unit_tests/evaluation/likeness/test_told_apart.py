"""Told apart: chance for texts of one writer, always for texts that share no letter."""

from __future__ import annotations

import math

from langchain_fbmessenger.evaluation.likeness.told_apart import told_apart
from langchain_fbmessenger.testing import invented_authors


def test_one_writer_is_not_told_apart_from_themselves() -> None:
    (me,) = invented_authors(1, overlap=0.3)
    figures = [
        told_apart(me.texts(60, seed=2 * n), me.texts(60, seed=2 * n + 1), range(60), range(60))
        for n in range(8)
    ]
    assert 0.42 < sum(figures) / 8 < 0.58


def test_other_letters_are_always_told_apart() -> None:
    one, other = ["aba", "bab", "ab"] * 20, ["cdc", "dcd", "cd"] * 20
    assert told_apart(one, other, range(60), range(60)) == 1


def test_a_text_stays_with_its_group() -> None:
    """What tells a group is no style: by topics alone, writers are not told apart."""
    topics = [f"topic{n}" * 3 for n in range(12) for _ in range(5)]
    groups = [n for n in range(12) for _ in range(5)]
    assert told_apart(topics, topics, groups, groups) <= 0.5


def test_the_larger_set_is_drawn_by_the_seed() -> None:
    me, you = (author.texts(90, seed=1) for author in invented_authors(2, overlap=0.5))
    first = told_apart(me, you[:50], range(90), range(50))
    assert told_apart(me, you[:50], range(90), range(50)) == first


def test_too_little_has_no_figure() -> None:
    assert math.isnan(told_apart(["a"], ["b"], [1], [1]))
    assert math.isnan(told_apart([], [], [], []))
