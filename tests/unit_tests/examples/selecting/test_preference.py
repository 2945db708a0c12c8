from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    PreferenceReport,
    map_ai_messages,
    read_jsonl,
    sample_export_path,
    split_chat_sessions,
    to_preference_pairs,
    write_jsonl,
)
from langchain_fbmessenger.chat_loaders import FacebookMessengerChatLoader
from tests.unit_tests.builders import session

if TYPE_CHECKING:
    from pathlib import Path


def reacted(*lines: str) -> Any:
    """Make a session of "Sender: text" lines; "… [Al ❤]" at a line's end is a reaction of Al's."""
    made = session(*(line.partition(" [")[0] for line in lines))
    for line, message in zip(lines, made["messages"], strict=True):
        marks = [mark.rstrip("]").split(" ") for mark in line.split(" [")[1:]]
        message.additional_kwargs["events"][0]["reactions"] = [
            {"actor": actor, "reaction": reaction} for actor, reaction in marks
        ]
    return made


def pairs_of(*sessions: Any, **options: Any) -> list[tuple[str, str, str]]:
    return [
        (
            pair["input"]["messages"][-1]["content"],
            pair["preferred_output"][0]["content"],
            pair["non_preferred_output"][0]["content"],
        )
        for pair in to_preference_pairs(sessions, **options)
    ]


def test_a_loved_message_is_preferred_to_a_plain_one_of_the_same_answer() -> None:
    report = PreferenceReport()
    one = reacted("Al: q", "*Zoë: plain", "*Zoë: loved [Al ❤]", "*Zoë: also plain")
    before = copy.deepcopy(one)
    assert pairs_of(one, report=report) == [("q", "loved", "plain")]
    assert one == before
    assert report.pairs == {"of one answer": 1}
    assert (report.answers, report.loved_alone) == ({"loved": 1}, 0)


@pytest.mark.parametrize("loved_first", [True, False])
def test_answers_to_the_same_words_are_compared_across_threads(loved_first: bool) -> None:
    loved = reacted("Al: How are you?", "*Zoë: splendid [Al 😂]")
    plain = reacted("Bo: how are you??", "*Zoë: fine")
    sessions = [loved, plain] if loved_first else [plain, loved]
    report = PreferenceReport()
    prompt = "How are you?"
    assert pairs_of(*sessions, report=report) == [(prompt, "splendid", "fine")]
    assert (report.pairs, report.loved_alone) == ({"of one prompt": 1}, 0)


def test_each_loved_answer_is_in_one_pair_of_a_prompt() -> None:
    plain = [reacted("Al: q", f"*Zoë: plain {n}") for n in range(3)]
    loved = [reacted("Al: q", f"*Zoë: loved {n} [Al ❤]") for n in range(2)]
    assert pairs_of(*loved, *plain) == [("q", "loved 0", "plain 0"), ("q", "loved 1", "plain 0")]
    assert pairs_of(*plain, *loved) == [("q", "loved 0", "plain 2"), ("q", "loved 1", "plain 2")]


@pytest.mark.parametrize(
    "lines",
    [
        ["Al: q", "*Zoë: a [Al ❤]"],
        ["Al: q", "*Zoë: a"],
        ["Al: q", "*Zoë: a [Zoë ❤]", "*Zoë: b"],
        ["Al: q", "*Zoë: a [Al 😡]", "*Zoë: b"],
        ["Al: q", "*Zoë: a [Al 👍]", "*Zoë: b"],
        ["Al: q", "*Zoë: a [Al ❤] [Bo 😢]", "*Zoë: b"],
        ["Al: q", "*Zoë: ok [Al ❤]", "*Zoë: OK!"],
        ["*Zoë: a [Al ❤]", "*Zoë: b"],
        ["Al: q", "*Zoë: a [Al ❤]", "Al: other", "*Zoë: b"],
        ["Al: q [Zoë ❤]", "*Zoë: a"],
    ],
)
def test_no_pair_where_there_is_nothing_to_compare(lines: list[str]) -> None:
    assert pairs_of(reacted(*lines)) == []


@pytest.mark.parametrize("emoji", ["❤", "❤\ufe0f", "😍", "🥰", "😂", "🤣", "😆", "💜"])
def test_loved_and_laughed_at_in_every_dress(emoji: str) -> None:
    assert pairs_of(reacted("Al: q", f"*Zoë: a [Al {emoji}]", "*Zoë: b")) == [("q", "a", "b")]


def test_the_report_says_why_there_are_few() -> None:
    report = PreferenceReport()
    sessions = [
        reacted("Al: q", "*Zoë: a [Al ❤]"),
        reacted("Al: r", "*Zoë: b"),
        reacted("Al: s", "*Zoë: c [Al 👍]"),
    ]
    assert pairs_of(*sessions, report=report) == []
    assert report.answers == {"loved": 1, "plain": 1, "otherwise": 1}
    assert report.loved_alone == 1
    assert str(report) == (
        "3 answers (1 loved, 1 plain, 1 otherwise) → 0 preference pairs (none); 1 loved answers "
        "have none to compare with"
    )


def test_shapes_of_openai_and_trl(tmp_path: Path) -> None:
    one = reacted("Al: q", "*Zoë: a [Al ❤]", "*Zoë: b")
    (openai,) = to_preference_pairs([one], system="You are {owner}.")
    prompt = [
        {"role": "system", "content": "You are Zoë."},
        {"role": "user", "content": "q"},
    ]
    assert openai == {
        "input": {"messages": prompt},
        "preferred_output": [{"role": "assistant", "content": "a"}],
        "non_preferred_output": [{"role": "assistant", "content": "b"}],
    }
    (trl,) = to_preference_pairs([one], system="You are {owner}.", format="trl")
    assert trl == {
        "prompt": prompt,
        "chosen": openai["preferred_output"],
        "rejected": openai["non_preferred_output"],
    }
    assert write_jsonl([openai, trl], tmp_path / "x") == 2  # type: ignore[list-item]
    assert list(read_jsonl(tmp_path / "x")) == [openai, trl]


def test_the_sample_gives_the_pairs_that_it_gives() -> None:
    report = PreferenceReport()
    pipeline = split_chat_sessions() | map_ai_messages() | to_preference_pairs(report=report)
    pairs = list(pipeline.stream(FacebookMessengerChatLoader(sample_export_path()).lazy_load()))
    assert len(pairs) == report.pairs.total() == 4
    assert report.answers["loved"] == report.loved_alone + 4 == 25


def test_the_stage_is_a_value_that_streams() -> None:
    stage = to_preference_pairs(format="trl")
    assert pickle.loads(pickle.dumps(stage)) == stage  # noqa: S301 - own
    one = reacted("Al: q", "*Zoë: a [Al ❤]", "*Zoë: b")
    assert list(stage.stream([one, one])) == stage.invoke([one, one])
    with pytest.raises(ValueError, match="format"):
        to_preference_pairs(format="other")  # type: ignore[call-overload]
