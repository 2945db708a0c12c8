from __future__ import annotations

import pytest

from langchain_fbmessenger._names import comparable_name


@pytest.mark.parametrize(
    "other",
    ["zoë ångström", "ZOË ÅNGSTRÖM", " Zoë\u00a0 Ångström\t", "Zoe\u0308 A\u030angstro\u0308m"],
)
def test_spellings_of_one_name_are_equal(other: str) -> None:
    assert comparable_name(other) == comparable_name("Zoë Ångström")


def test_letters_that_folding_takes_apart_are_equal_to_their_composed_form() -> None:
    assert comparable_name("İzel") == comparable_name("I\u0307zel")


@pytest.mark.parametrize("other", ["Zoe Angstrom", "Zoë", "ZoëÅngström", ""])
def test_other_names_differ(other: str) -> None:
    assert comparable_name(other) != comparable_name("Zoë Ångström")
