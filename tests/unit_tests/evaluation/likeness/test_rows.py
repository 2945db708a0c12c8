"""The rows beside the scale count what they say they count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.rows import ROWS, Rows, rows_of

TEXTS = st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=20)


def figures(answers: list[str], past: list[str] | None = None, most_bytes: int = 10_000) -> Rows:
    found = rows_of(answers, past or [], most_bytes=most_bytes)
    assert found is not None
    return found


def test_replies_differ_whatever_their_case_and_spaces() -> None:
    rows = figures(["Ok", "ok ", "OK", "no way"])
    assert (rows.different, rows.commonest) == (0.5, 0.75)


def test_a_reply_of_before_is_a_copy_and_twenty_letters_of_it_a_run() -> None:
    past = ["the ferry leaves at half past seven, bring bread"]
    rows = figures([past[0].upper(), "so the ferry leaves at half past six?", "the ferry"], past)
    assert (rows.whole_copies, rows.copied_runs) == (1 / 3, 2 / 3)


def test_a_word_that_is_said_twice_is_seen() -> None:
    rows = figures(["aye captain, aye captain", "aye captain", "I I I", "bread\nand bread"])
    assert rows.doubled_words == 0.5


def test_sameness_compresses() -> None:
    same, different = figures(["the cat sat"] * 50), figures([f"{n * 7919}" for n in range(50)])
    assert same.compressed < 0.1 < different.compressed


def test_only_so_many_bytes_are_compressed() -> None:
    varied = [f"{n * 7919} {n}" for n in range(400)]
    assert figures(varied, most_bytes=200).compressed > figures(varied).compressed


def test_no_answers_have_no_figures() -> None:
    assert rows_of([], ["hi"], most_bytes=10) is None


@given(TEXTS, TEXTS)
def test_all_are_shares_and_named(answers: list[str], past: list[str]) -> None:
    rows = figures(answers, past).to_dict()
    assert list(rows) == list(ROWS)
    assert rows.pop("letters") >= 1
    rows.pop("compressed")
    assert all(0 <= share <= 1 for share in rows.values())


@given(TEXTS)
def test_whoever_repeats_the_past_copies_all_of_it(answers: list[str]) -> None:
    assert figures(answers, answers).whole_copies == 1


def test_laughter_without_end_is_compared_at_once() -> None:
    """Every place of the one fits every place of the other: comparing each would take hours."""
    laughter = [letter + "ha" * 20_000 for letter in "abcdefgh"]
    assert figures(laughter, ["ha" * 20_000], most_bytes=10**6).copied_runs == 1
    assert figures(["b" * 19, "b" * 20], ["b" * 50]).copied_runs == 0.5
