"""Friends are named by initials, and no two alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.labels import initials


def test_initials() -> None:
    names = ["Zoë Brandt", "Zack Bell", "松本 みどり", "J.", "😂", ""]
    assert list(initials(names).values()) == ["ZB", "ZB 2", "松み", "J", "?", "? 2"]


@given(st.lists(st.text(), unique=True))
def test_each_has_its_own(names: list[str]) -> None:
    labels = initials(names)
    assert list(labels) == names
    assert len(set(labels.values())) == len(names)
    assert all(labels.values())
