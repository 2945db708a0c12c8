"""Phrases that a model says too often or too seldom are found, the surest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.phrases import strongest_phrases

TEXTS = st.lists(st.text(max_size=12), max_size=12)


def test_what_is_said_too_often_and_too_seldom() -> None:
    own = ["mm true ❤️", "see you at the oven", "mm maybe"] * 20
    model = ["of course, captain", "see you at the oven", "mm true"] * 20
    too_much, too_little = strongest_phrases(own, model)
    assert {"captain", "of course"} & {word for one in too_much for word in one.text.split(" , ")}
    assert {"mm maybe", "maybe"} & {one.text for one in too_little}
    assert any("❤️" in one.text for one in too_little)
    assert all(one.model > one.own for one in too_much)
    assert all(one.model < one.own for one in too_little)


def test_shares_are_of_answers_not_of_words() -> None:
    (phrase, *_), _ = strongest_phrases(["hi"] * 30, ["ha ha ha"] * 30)
    assert (phrase.own, phrase.model) == (0, 1)


def test_equal_texts_have_no_phrases() -> None:
    said = ["see you", "not today"] * 30
    assert strongest_phrases(said, said) == ([], [])


def test_a_phrase_within_another_is_not_said_twice() -> None:
    too_much, _ = strongest_phrases(["no"] * 30, ["good morning my dear"] * 30)
    texts = [one.text for one in too_much]
    assert not any(a != b and a in b for a in texts for b in texts)


def test_scripts_without_spaces() -> None:
    too_much, too_little = strongest_phrases(["了解です"] * 30, ["ありがとう"] * 30)
    assert too_much
    assert too_little


@given(TEXTS, TEXTS)
def test_any_texts(own: list[str], model: list[str]) -> None:
    too_much, too_little = strongest_phrases(own, model)
    mirrored = strongest_phrases(model, own)
    assert {one.text for one in too_much} == {one.text for one in mirrored[1]}
    assert len(too_little) <= 8
