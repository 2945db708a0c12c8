from __future__ import annotations

import pytest

from langchain_fbmessenger.evaluation.names import known_names, named


def found(name: str, answer: str, prompt: str = "") -> tuple[bool, bool]:
    (known,), _ = known_names([name])
    return named(known, prompt, answer)


@pytest.mark.parametrize(
    ("name", "answer", "full", "part"),
    [
        ("Milo Dvořák", "that was Milo  DVOŘÁK again", True, True),
        ("Milo Dvořák", "hey milo!", False, True),
        ("Milo Dvořák", "the dvořák concert", False, True),
        ("Milo Dvořák", "a milometer", False, False),
        ("Al", "al said so", True, True),
        ("Al", "also said so", False, False),
        ("Vincent van Gogh", "the van is here", False, False),
        ("J. R. Hartley", "j. j. r.", False, False),
        ("milo", "Milo!", True, True),
        ("milo dvořák", "Milo!", False, True),
        ("田中 花子", "昨日田中さんと話した", False, True),
        ("田中花子", "昨日田中花子と", True, True),
        ("Анна Петрова", "спроси анна", False, True),
        ("Zoe\u0308 Brandt", "zo\u00eb said", False, True),
        ("C++ Ann", "ann", False, True),
    ],
)
def test_names_are_found(name: str, answer: str, *, full: bool, part: bool) -> None:
    assert found(name, answer) == (full, part)


def test_what_the_prompt_names_is_no_leak() -> None:
    assert found("Milo Dvořák", "milo is fine", prompt="how is Milo?") == (False, False)
    assert found("Milo Dvořák", "Milo Dvořák", prompt="how is Milo?") == (True, True)
    assert found("Milo Dvořák", "Milo Dvořák", prompt="Milo Dvořák?") == (False, False)


@pytest.mark.parametrize("name", ["", "J", "🦊", "J. K."])
def test_a_name_that_would_be_found_everywhere_is_passed_over_and_counted(name: str) -> None:
    known, left_out = known_names([name, "Milo"])
    assert (len(known), left_out) == (1, 1)


def test_a_person_who_is_given_twice_is_one() -> None:
    assert len(known_names(["Zoë Brandt", "zoe\u0308  brandt"])[0]) == 1
