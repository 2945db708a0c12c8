from __future__ import annotations

import random

import pytest

from langchain_fbmessenger.evaluation.copies import comparable_text, copied_runs

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
