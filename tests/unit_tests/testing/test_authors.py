"""Invented authors overlap as much as is asked for, and their threads are exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.testing import author_threads, invented_authors, write_export
from langchain_fbmessenger.testing._author_phrases import LAUGHTER

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_seed_invents_and_writes_the_same() -> None:
    one, again, other = (invented_authors(3, seed=seed)[2] for seed in (1, 1, 2))
    assert one == again != other
    assert one.texts(20, seed=5) == again.texts(20, seed=5)
    assert one.texts(20, seed=5) != one.texts(20, seed=6)


def test_seventy_names_differ() -> None:
    assert len({author.name for author in invented_authors(70)}) == 70


@pytest.mark.parametrize(("overlap", "least", "most"), [(0.0, 0.3, 2), (0.5, 0.1, 1), (1.0, 0, 0)])
def test_overlap_is_how_near_the_chances_are(overlap: float, least: float, most: float) -> None:
    one, other = invented_authors(2, overlap=overlap, seed=3)
    apart = [
        sum(abs(a - b) for a, b in zip(one.chances[slot], other.chances[slot], strict=True)) / 2
        for slot in one.chances
    ]
    assert least <= sum(apart) / len(apart) <= most


def test_no_mark_stands_in_every_message() -> None:
    for author in invented_authors(6, overlap=0, seed=2):
        said = author.texts(300, seed=0)
        for mark in LAUGHTER[1:]:
            assert sum(f" {mark}" in text for text in said) < 150


def test_threads_are_read_as_they_were_made(tmp_path: Path) -> None:
    me, *friends = invented_authors(4)
    threads = author_threads(me, friends, n_conversations=3, n_turns=2)
    write_export(threads, tmp_path / "export")
    loader = FacebookMessengerChatLoader(tmp_path / "export")
    sessions = list(loader.lazy_load())
    assert loader.owner == me.name
    assert len(sessions) == 3
    texts = [message.content for session in sessions for message in session["messages"]]
    assert sorted(texts) == sorted(m.text or "" for thread in threads for m in thread.messages)
