# ruff: noqa: RUF001 - signs of other scripts
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.retrieval.words import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Are you coming, MILO?", ["are", "you", "coming", "milo"]),
        ("Přijdeš v 10:30?", ["prijdes", "v", "10", "30"]),
        ("sooooo goood", ["so", "god"]),
        ("Straße, İstanbul", ["strasse", "istanbul"]),
        ("ｍｉｌｏ \uff11\uff12", ["milo", "12"]),
        ("Mi\u00adlo \U0001d5d3\U0001d5fc\U0001d5f2", ["milo", "zoe"]),
        ("@zoe_b", ["zoe", "b"]),
        ("👍🏽 ❤️ ❤", ["👍", "❤", "❤"]),
        ("", []),
        ("?! …", []),
        ("\ud83d", []),
    ],
)
def test_words_are_told_however_they_are_written(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("猫が好き", ["猫が", "が好", "好き"]),
        ("猫", ["猫"]),
        ("我想你", ["我想", "想你"]),
        ("ガンバレ", ["ガン", "ンバ", "バレ"]),
        ("김민수는", ["김민", "민수", "수는"]),
        ("Miloさん", ["milo", "さん"]),
    ],
)
def test_where_no_spaces_stand_letters_side_by_side_are_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("สวัสดี", "เธอพูดว่าสวัสดีทุกวัน"),  # Thai
        ("សួស្តី", "គាត់និយាយសួស្តីរាល់ថ្ងៃ"),  # Khmer
        ("ສະບາຍດີ", "ລາວເວົ້າສະບາຍດີທຸກມື້"),  # Lao
        ("音乐会", "你今晚去音乐会吗"),
    ],
)
def test_a_word_is_found_within_a_sentence_without_spaces(word: str, sentence: str) -> None:
    assert {*words_of(word)} <= {*words_of(sentence)}


@given(st.text())
def test_words_of_words_are_the_same(text: str) -> None:
    words = words_of(text)
    assert all(word and not word.isspace() for word in words)
    assert words_of(text) == words
