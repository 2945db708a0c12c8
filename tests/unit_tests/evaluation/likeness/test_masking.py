"""Rare words are hidden, how they are written is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.masking import Mask, words_of


def test_common_words_stay_and_rare_ones_are_stars() -> None:
    mask = Mask(["see you at the", "see you and the"] * 3 + ["kayak"], kept=4)
    assert mask("See you, the Kayak!! at 10:30") == "See you, the X****!! ** ##:##"


@pytest.mark.parametrize(
    ("common", "text", "masked"),
    [
        ("は", "今日は猫", "〇〇は〇"),
        ("ไ", "ไปไหน", "ไ〇ไ〇〇"),
        ("ты", "привет ты", "****** ты"),
        ("में", "घर में", "** में"),
        ("يا", "مرحبا يا", "***** يا"),
    ],
)
def test_scripts(common: str, text: str, masked: str) -> None:
    assert Mask([common], kept=1)(text) == masked


def test_a_run_without_spaces_is_no_word() -> None:
    assert words_of("今日は猫だ ok") == ["今", "日", "は", "猫", "だ", "ok"]


def test_marks_belong_to_their_letters() -> None:
    assert words_of("हिन्दी में don't") == ["हिन्दी", "में", "don't"]


def test_the_mask_does_not_depend_on_the_order() -> None:
    texts = [f"word{n} x" for n in range(9)]
    assert Mask(texts, kept=3)("word1 word5 x") == Mask(texts[::-1], kept=3)("word1 word5 x")


@given(st.text(), st.lists(st.text(), max_size=5))
def test_what_is_no_word_stays(text: str, known: list[str]) -> None:
    masked = Mask(known)(text)
    assert [one for one in masked if one.isspace()] == [one for one in text if one.isspace()]
    assert Mask([text])(text).count("#") == sum(map(str.isdecimal, text)) + text.count("#")
