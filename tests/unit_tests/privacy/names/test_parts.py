"""Which words of a name tell who somebody is."""

from __future__ import annotations

import pytest

from langchain_fbmessenger.privacy.names.parts import parts_of


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Milo Dvořák", ["Milo", "Dvořák"]),
        ("Anna van der Berg", ["Anna", "Berg"]),
        ("Anna Van Der Berg", ["Anna", "Berg"]),
        ("van der Berg", ["Berg"]),
        ("Jean-Luc de la Tour", ["Jean", "Luc", "Tour"]),
        ("O'Brien", ["Brien"]),
        ("Seán O'Brien", ["Seán", "Brien"]),
        ("Al-Hassan", ["Hassan"]),
        ("Dr. Jan Novák, PhD", ["Jan", "Novák"]),
        ("Mr Smith", ["Smith"]),
        ("Martin King Jr.", ["Martin", "King"]),
        ("The Rock", ["Rock"]),
        ("van der berg", ["berg"]),
        ("Jan z", ["Jan"]),
        ("أبو علي", ["علي"]),
        # Given and family names that are particles elsewhere.
        ("Al Smith", ["Al", "Smith"]),
        ("Ben Stone", ["Ben", "Stone"]),
        ("Ben David Stone", ["Ben", "David", "Stone"]),
        ("Van Morrison", ["Van", "Morrison"]),
        ("Santa Apsīte", ["Santa", "Apsīte"]),
        ("Vân Trần", ["Vân", "Trần"]),
        ("Li Na", ["Li", "Na"]),
        ("Dũng Đỗ", ["Dũng", "Đỗ"]),
        ("Lê Văn Tám", ["Lê", "Văn", "Tám"]),
        ("Anh Le", ["Anh", "Le"]),
        ("Dr. Ben Stone", ["Ben", "Stone"]),
    ],
)
def test_parts_are_what_names_somebody(name: str, parts: list[str]) -> None:
    assert [part.text for part in parts_of(name)] == parts
