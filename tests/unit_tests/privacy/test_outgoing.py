from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.privacy.identifiers import ids
from langchain_fbmessenger.privacy.outgoing import look_through

if TYPE_CHECKING:
    from pathlib import Path


def example(user: str, answer: str, system: str = "You are kind.") -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user, "name": "milo"},
            {"role": "assistant", "content": answer, "weight": 0},
        ]
    }


def test_everything_that_leaves_is_counted() -> None:
    found = look_through(
        [example("a@example.org", "b"), example("x", "y", system="write to c@example.org")],
        count_tokens=lambda texts: [1 for _ in texts],
    )
    assert (found.examples, found.texts, found.tokens) == (2, 8, 8)
    assert found.characters == sum(map(len, ["You are kind.", "a@example.org", "milo", "b"])) + sum(
        map(len, ["write to c@example.org", "x", "milo", "y"])
    )
    assert found.found == {"email": 2}


def test_samples_mark_what_was_found_and_change_nothing() -> None:
    found = look_through([example("write to a@example.org", "no")])
    ((system, user, answer),) = found.samples
    assert (system.role, user.role, answer.role) == ("system", "user", "assistant")
    assert user.sample.after == user.sample.before == "write to a@example.org"
    assert [part.kind for part in user.sample.parts] == [None, "email"]
    assert "example.org" not in repr(found)


def test_of_many_examples_some_are_shown() -> None:
    found = look_through(example("a", str(n)) for n in range(500))
    assert len(found.samples) == 30
    assert found.examples == 500


def test_a_key_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key file"):
        look_through([], key=tmp_path / "none.key")
    assert [*tmp_path.iterdir()] == []


def test_real_names_of_a_key_file_are_found(tmp_path: Path) -> None:
    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.names import NameBook

    key = tmp_path / "names.key"
    NameBook(key).learn([Person("Milo Dvořák")])
    found = look_through([example("is Milo Dvořák there?", "no")], key=key).found
    assert found is not None
    assert found["name"] >= 1


@pytest.mark.parametrize("missing", ["phonenumbers", "presidio_analyzer"])
def test_without_the_extra_everything_else_is_told(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, missing, None)
    ids._recognizer.cache_clear()
    found = look_through([example("a@example.org", "b"), example("my ssn 383-20-5597", "d")])
    assert found.found is None
    assert found.examples == 2
    assert len(found.samples) == 2
    assert found.why_not is not None
    assert "langchain-fbmessenger[privacy]" in found.why_not


@pytest.mark.parametrize("odd", [{}, {"messages": None}, {"messages": [1, {"role": None}]}])
def test_odd_examples_are_the_rules_business(odd: dict[str, Any]) -> None:
    assert look_through([odd]).examples == 1
