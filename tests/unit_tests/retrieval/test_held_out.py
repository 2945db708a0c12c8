"""What is held out is never in an index, whichever way it would come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    HeldOut,
    IndexReport,
    InvalidInputError,
    PersonaRetriever,
    read_jsonl,
    split_chat_sessions,
    split_examples,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger.examples.schema import SourcedExample, known_source
from langchain_fbmessenger.retrieval.held_out import HeldOutMemory
from tests.unit_tests.builders import session, timed_session
from tests.unit_tests.retrieval.small_chats import examples, sessions, thread

if TYPE_CHECKING:
    from pathlib import Path


def replies(retriever: PersonaRetriever) -> set[str]:
    return {one.reply for one in retriever.index.content().exchanges}


def answers(examples: Any) -> set[str]:
    return {
        turn["content"] for one in examples for turn in one["messages"]
        if turn["role"] == "assistant"
    }  # fmt: skip


@pytest.fixture
def split() -> Any:
    split = split_examples(examples(), valid=0.3)
    assert split.valid
    return split


def test_training_examples_of_held_out_conversations_are_left_out_and_counted(split: Any) -> None:
    report = IndexReport()
    retriever = PersonaRetriever.from_examples(examples(), validation=split.valid, report=report)
    assert replies(retriever) == answers(split.train)
    assert report.held_out == len(answers(split.valid))
    assert str(report) == f"{report.added} exchanges added, 0 known already, 2 held out"


def test_a_conversation_goes_as_a_whole_though_one_window_of_it_is_held_out() -> None:
    windows = examples(max_messages=2, overlap=0)
    one, *others = [w for w in windows if known_source(w).conversation == 1]
    assert others
    retriever = PersonaRetriever.from_examples(windows, validation=[one])
    assert replies(retriever).isdisjoint(answers([one, *others]))
    assert len(replies(retriever)) == len(answers(windows)) - len(answers([one, *others]))


def test_examples_that_are_held_out_themselves_are_refused(split: Any) -> None:
    for call in (PersonaRetriever.from_examples, PersonaRetriever().add_examples):
        with pytest.raises(InvalidInputError, match="validation="):
            call(split.valid)
    assert isinstance(split.valid, HeldOut)


def test_sessions_are_checked_by_time_though_they_are_numbered_anew(split: Any) -> None:
    # One thread less, and not split: numbers and turns are others.
    chats = [one for one in sessions() if one["thread"]["id"] != "bo"]
    retriever = PersonaRetriever.from_sessions(chats, validation=split.valid)
    assert replies(retriever).isdisjoint(answers(split.valid))
    assert len(replies(retriever)) == 4


def test_a_time_within_a_held_out_conversation_is_held_out_whatever_is_said() -> None:
    chat = timed_session(
        (0, "Al: a"), (1, "*Zoë: b"), (2, "Al: c"), (3, "*Zoë: d"), thread=thread("Al")
    )
    held_out = list(to_training_examples([chat]))
    memory = HeldOutMemory()
    memory.add(held_out)
    source = known_source(held_out[0])
    retriever = PersonaRetriever.from_sessions([chat], validation=held_out)
    assert len(retriever.index) == 0
    reworded = timed_session((1.5, "Al: other"), (2, "*Zoë: words"), thread=thread("Al"))
    assert len(PersonaRetriever.from_sessions([reworded], validation=held_out).index) == 0
    elsewhere = timed_session((1.5, "Al: a"), (2, "*Zoë: b"), thread=thread("Bo"))
    assert len(PersonaRetriever.from_sessions([elsewhere], validation=held_out).index) == 1
    assert memory.times == {"al": {source.started: source.time}}


def test_without_times_words_tell() -> None:
    chats = [session("Al: one", "*Zoë: two", "Al: Three", "*Zoë: FOUR", thread=thread("Al"))]
    for message in chats[0]["messages"]:
        message.additional_kwargs.pop("events")
    held_out = list(to_training_examples(chats))
    more = session("Al: three", "*Zoë:  four", "Al: five", "*Zoë: six", thread=thread("Al"))
    assert replies(PersonaRetriever.from_sessions([more], validation=held_out)) == {"six"}


def test_examples_of_files_are_told_by_their_words(split: Any, tmp_path: Path) -> None:
    for name, some in (("all", examples()), ("valid", split.valid)):
        write_jsonl(some, tmp_path / name)
    everything, valid = (list(read_jsonl(tmp_path / name)) for name in ("all", "valid"))
    for train in (everything, examples()):
        for held_out in (valid, split.valid):
            retriever = PersonaRetriever.from_examples(train, validation=held_out)
            assert replies(retriever) == answers(split.train)


def test_answers_that_are_trained_no_more_are_held_out_as_well() -> None:
    (example,) = to_training_examples([session("Al: one", "*Zoë: two", "Al: three", "*Zoë: four")])
    lighter = [{**turn, "weight": 0} if turn["content"] == "two" else turn
               for turn in example["messages"]]  # fmt: skip
    held_out: Any = [SourcedExample(lighter, known_source(example))]
    memory = HeldOutMemory()
    memory.add(held_out)
    assert sum(map(len, memory.keys.values())) == 2


def test_what_is_held_out_stays_so_in_what_is_added_later(split: Any, tmp_path: Path) -> None:
    first = PersonaRetriever.from_examples(split.train[:1], validation=split.valid)
    first.save(tmp_path / "index")
    later, report = PersonaRetriever.load(tmp_path / "index"), IndexReport()
    pipeline = split_chat_sessions() | to_training_examples()
    # A newer export has one more thread before the others: conversations have other numbers.
    newer = [timed_session((99, "Cy: hello"), (99.1, "*Zoë: cy!"), thread=thread("Cy"))]
    later.add_examples(pipeline.stream([*newer, *sessions()]), report=report)
    assert replies(later) == answers(split.train) | {"cy!"}
    assert report.held_out == 2


def test_what_is_held_out_later_is_taken_out(split: Any) -> None:
    retriever = PersonaRetriever.from_examples(examples())
    assert retriever.invoke("concert again")
    retriever.add_examples([], validation=split.valid)
    assert replies(retriever) == answers(split.train)
    assert "first row" not in str(retriever.invoke("concert again"))
