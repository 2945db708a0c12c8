"""The bundled export is large and hard enough to measure likeness on it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    sample_export_path,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger.examples.schema import trained_answers
from langchain_fbmessenger.sample import SAMPLE_OWNER

FOLDS, POOLED = 5, 20
HER_MARKS = {
    "small letters": r"[^\W\d_A-ZÅÄÖÉÈ]",
    "captain": r"(?i).*(captain|capitaine|kapten)",
    "two dots": r".*(?<!\.)\.\.(?!\.)",
    "bread": ".*🥖",
}


class Said(NamedTuple):
    """A message, who wrote it, and in which conversation."""

    text: str
    sender: str
    conversation: int


@pytest.fixture(scope="module")
def said() -> list[Said]:
    folders = {"inbox", "e2ee_cutover", "archived_threads"}
    loader = FacebookMessengerChatLoader(sample_export_path(), folders=folders)
    return [
        Said(m.content, m.additional_kwargs["sender"], number)
        for number, conversation in enumerate(split_chat_sessions(loader.load()))
        for m in conversation["messages"]
    ]


@pytest.fixture(scope="module")
def scores(said: list[Said]) -> Any:
    """How much each message sounds like her, by a model that saw no message of its conversation."""
    texts, conversations = [s.text for s in said], [s.conversation for s in said]
    scores = np.zeros(len(said))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0)
    for seen, unseen in folds.split(texts, groups=conversations):
        model = make_pipeline(
            TfidfVectorizer(analyzer="char", ngram_range=(2, 5), lowercase=False),
            LogisticRegression(max_iter=1000, class_weight="balanced"),
        )
        model.fit([texts[n] for n in seen], [said[n].sender == SAMPLE_OWNER for n in seen])
        scores[unseen] = model.decision_function([texts[n] for n in unseen])
    return scores


def test_there_is_enough_of_everybody(said: list[Said]) -> None:
    written = Counter(s.sender for s in said)
    assert 1_050 <= written.pop(SAMPLE_OWNER) <= 1_200
    assert sum(count >= 100 for count in written.values()) >= 6
    hers = {s.conversation for s in said if s.sender == SAMPLE_OWNER}
    assert len(hers) >= 60


def test_there_is_enough_to_train_and_to_hold_out() -> None:
    pipeline = (
        split_chat_sessions()
        | map_ai_messages()
        | to_training_examples(max_messages=4, overlap=0, system="You are {owner}.")
    )
    loader = FacebookMessengerChatLoader(sample_export_path())
    train, valid = split_examples(pipeline.stream(loader.lazy_load()), valid=0.5)
    assert sum(len(trained_answers(example)) for example in train) >= 240
    assert sum(len(trained_answers(example)) for example in valid) >= 220


@pytest.mark.parametrize("mark", HER_MARKS)
def test_her_marks_are_in_some_messages_and_in_some_of_others(said: list[Said], mark: str) -> None:
    def share(texts: list[str]) -> float:
        return sum(bool(re.match(HER_MARKS[mark], text)) for text in texts) / len(texts)

    hers = [s.text for s in said if s.sender == SAMPLE_OWNER]
    assert 0.1 <= share(hers) <= 0.6
    friends = {s.sender for s in said} - {SAMPLE_OWNER}
    shares = [share([s.text for s in said if s.sender == friend]) for friend in friends]
    assert sum(share > 0.02 for share in shares) >= 2


def test_one_message_hints_at_her_and_twenty_tell_her(said: list[Said], scores: Any) -> None:
    is_hers = np.array([s.sender == SAMPLE_OWNER for s in said])
    assert 0.70 <= roc_auc_score(is_hers, scores) <= 0.85
    rng = np.random.default_rng(0)
    hers, theirs = (
        [rng.choice(scores[chosen], POOLED, replace=False).mean() for _ in range(500)]
        for chosen in (is_hers, ~is_hers)
    )
    assert roc_auc_score([True] * 500 + [False] * 500, [*hers, *theirs]) > 0.95
