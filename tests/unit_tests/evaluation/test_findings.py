"""What of an answer is a copy of what was trained, and which names it gives away."""

from __future__ import annotations

import random

import pytest

from langchain_fbmessenger.evaluation.findings import (
    comparable_text,
    copied_runs,
    known_names,
    named,
)

LINE = "the ferry leaves at seven from the old pier, bring the blue umbrella and two loaves"


def runs(answer: str, *texts: str, prompt: str = "", shortest: int = 20) -> int:
    (length,) = copied_runs([(prompt, answer)], texts, shortest=shortest)
    return length


def test_a_copied_line_is_found_with_its_length() -> None:
    assert runs(f"well, {LINE}!", "no", LINE) == len(LINE)
    assert runs("well, something quite different", LINE) == 0


def test_case_and_white_space_make_no_difference() -> None:
    assert runs(LINE.upper().replace(" ", "\n "), LINE) == len(LINE)
    assert comparable_text("Cafe\u0301\u00a0 X") == "café x"


def test_a_run_below_the_shortest_is_none() -> None:
    part = LINE[11:31]
    assert runs(f"#{part}#", LINE, shortest=20) == 20
    assert runs(f"#{part[:-1]}#", LINE, shortest=20) == 0


def test_what_the_prompt_holds_is_no_copy() -> None:
    assert runs(LINE, LINE, prompt=f"as I said: {LINE}") == 0
    assert runs(LINE, LINE, prompt=LINE[:30]) == len(LINE)


def test_each_answer_has_its_own_length() -> None:
    answers = [("", LINE[:50]), ("", "nothing of the kind"), ("", LINE)]
    assert copied_runs(answers, [LINE], shortest=20) == [50, 0, len(LINE)]


@pytest.mark.parametrize("shortest", [2, 3, 7, 12])
def test_it_is_the_longest_common_run(shortest: int) -> None:
    """Beside a search that looks everywhere."""
    draw = random.Random(shortest)  # noqa: S311 - a test's data
    for _ in range(300):
        text, answer = ("".join(draw.choices("ab c", k=draw.randrange(40))) for _ in range(2))
        text, answer = comparable_text(text), comparable_text(answer)
        longest = max(
            (
                end - start
                for start in range(len(answer))
                for end in range(start + 1, len(answer) + 1)
                if answer[start:end] in text
            ),
            default=0,
        )
        assert runs(answer, text, shortest=shortest) == (longest if longest >= shortest else 0)


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
