"""The demo trains a part of the sample, and nothing of what it leaves for validation."""

from __future__ import annotations

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    map_ai_messages,
    sample_export_path,
    to_training_examples,
)
from langchain_fbmessenger.cli.commands.demo import newest_examples, split_sample
from langchain_fbmessenger.examples.schema import known_source
from tests.unit_tests.builders import timed_session


def test_the_demo_trains_within_its_budget_and_nothing_that_is_held_out() -> None:
    split = split_sample(FacebookMessengerChatLoader(sample_export_path()))
    trained = newest_examples(split.train)
    assert len(trained) == 180 < len(split.train)
    newest_trained = {known_source(e).thread: known_source(e).time or 0 for e in trained}
    oldest_held_out: dict[str, int] = {}
    for source in map(known_source, split.valid):
        oldest_held_out.setdefault(source.thread, source.started or 0)
    both = newest_trained.keys() & oldest_held_out.keys()
    assert len(both) >= 9
    assert all(newest_trained[thread] < oldest_held_out[thread] for thread in both)


def test_the_newest_examples_are_kept_in_their_order() -> None:
    sessions = [
        timed_session((hours, f"Al: {hours}?"), (hours, "Zoë: mm")) for hours in (30, 10, 20)
    ]
    examples = list(to_training_examples(map_ai_messages(sessions, "Zoë")))
    assert newest_examples(examples, 2) == [examples[0], examples[2]]
    assert newest_examples(examples, 9) == examples
