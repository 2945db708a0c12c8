"""Each model is held against each person; the diagonal wins, or it is said who was beaten."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from langchain_fbmessenger import (
    InvalidInputError,
    PersonaMaterial,
    acompare_personas,
    compare_personas,
)
from langchain_fbmessenger.testing import InventedAuthor, invented_authors

PEOPLE = invented_authors(3, overlap=0.2, seed=4)
FRIENDS = invented_authors(8, overlap=0.2, seed=5)[3:]


def speaker(author: InventedAuthor) -> Any:
    said = author.texts(300, seed=77)
    return RunnableLambda(lambda messages: said[sum(map(ord, messages[-1].content)) % 300])


def material(author: InventedAuthor) -> PersonaMaterial:
    friend, *_ = FRIENDS
    pairs = zip(friend.texts(60, seed=8), author.texts(60, seed=9), strict=True)
    validation: list[Any] = [
        {"messages": [{"role": "user", "content": a}, {"role": "assistant", "content": b}]}
        for a, b in pairs
    ]
    return PersonaMaterial(validation, {one.name: one.texts(60, seed=6) for one in FRIENDS})


def models(order: list[int]) -> dict[str, Any]:
    return {PEOPLE[at].name: speaker(PEOPLE[of]) for at, of in enumerate(order)}


def people() -> dict[str, PersonaMaterial]:
    return {author.name: material(author) for author in PEOPLE}


def test_each_model_is_likest_to_its_person() -> None:
    matrix = compare_personas(models([0, 1, 2]), people(), max_concurrency=3)
    assert matrix.diagonal_wins
    assert "each model is likest" in str(matrix)
    own = [matrix.voice[one.name][one.name] for one in PEOPLE]
    assert all(place is not None and place > 0.5 for place in own)
    twin = asyncio.run(acompare_personas(models([0, 1, 2]), people()))
    assert twin.to_dict() == matrix.to_dict()


def test_models_that_were_swapped_are_seen() -> None:
    matrix = compare_personas(models([1, 0, 2]), people(), max_concurrency=3)
    assert not matrix.diagonal_wins
    assert f"beaten: {PEOPLE[0].name}, {PEOPLE[1].name}" in str(matrix)


def test_a_model_of_nobody_is_refused_without_a_name() -> None:
    for given in (models([0, 1]), {**models([0, 1, 2]), "Ada": speaker(PEOPLE[0])}, {}):
        with pytest.raises(InvalidInputError) as refused:
            compare_personas(given, people())
        assert "Ada" not in str(refused.value)
