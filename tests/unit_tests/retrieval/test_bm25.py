from __future__ import annotations

import math

import pytest

from langchain_fbmessenger.retrieval.bm25 import Scores

TEXTS = [[0, 1, 1], [1], [], [2, 3, 4, 5]]
WORDS = 6


def bm25(text: list[int], words: list[int]) -> float:
    """Reckon a score as the paper on BM25 variants has Lucene's (k1 = 1.5, b = .75)."""
    average = sum(map(len, TEXTS)) / len(TEXTS)
    score = 0.0
    for word in words:
        having = sum(word in other for other in TEXTS)
        idf = math.log(1 + (len(TEXTS) - having + 0.5) / (having + 0.5))
        often = text.count(word)
        score += idf * often / (often + 1.5 * (0.25 + 0.75 * len(text) / average))
    return score


@pytest.mark.parametrize("words", [[0], [1], [1, 2], [0, 1, 2, 3, 4, 5]])
def test_scores_are_those_of_the_formula(words: list[int]) -> None:
    scores = Scores.of_texts(TEXTS, WORDS)
    again = Scores.of_bytes(len(TEXTS), scores.as_bytes())
    expected = pytest.approx([bm25(text, words) for text in TEXTS])
    assert scores.of_question(words).tolist() == expected
    assert again.of_question(words).tolist() == expected


def test_words_that_came_later_are_in_no_text() -> None:
    scores = Scores.of_texts(TEXTS, WORDS)
    assert scores.of_question([99]).tolist() == [0, 0, 0, 0]
    assert (scores.texts_with(1), scores.texts_with(99)) == (2, 0)


def test_texts_without_words_have_no_scores() -> None:
    for scores in (Scores.of_texts([[], []], 0), Scores.of_bytes(2, {})):
        assert scores.of_question([0]).tolist() == [0, 0]
        assert scores.as_bytes() == {}
        assert scores.texts_with(0) == 0
