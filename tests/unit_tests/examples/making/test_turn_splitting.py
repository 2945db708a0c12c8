"""Turns that are longer than a window: parted at borders of messages or sentences, or counted."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_fbmessenger import ExampleReport, to_training_examples
from langchain_fbmessenger.examples.files.tokens import TokenCounter
from langchain_fbmessenger.examples.making.turn_splitting import units_of
from langchain_fbmessenger.examples.making.turns import Line, Turn
from tests.unit_tests.builders import session
from tests.unit_tests.operations import an_end_in_sight

CHARACTERS = TokenCounter(lambda texts: [len(text) for text in texts], per_turn=4, per_chat=3)


def made(*lines: str, **options: Any) -> tuple[list[list[str]], dict[str, int]]:
    """Return the contents of the examples and the fates of the messages; a token is a letter."""
    report = ExampleReport()
    examples = to_training_examples([session(*lines)], tokenizer=len, report=report, **options)
    return [[t["content"] for t in e["messages"]] for e in examples], dict(report.messages)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("He said “go.” Then left", ["He said “go.” ", "Then left"]),
        ("3.14 is pi", ["3.14 is pi"]),
        ("一。二！三", ["一。", "二！", "三"]),  # noqa: RUF001
        ("नमस्ते। ठीक", ["नमस्ते। ", "ठीक"]),
        ("a\nb\n\nc", ["a\n", "b\n\n", "c"]),
        ("wait... what", ["wait... ", "what"]),
        ("I saw Dr. Who at 8 p.m. today. Bye", ["I saw Dr. Who at 8 p.m. today. ", "Bye"]),
        ("number 0. Next", ["number 0. ", "Next"]),
        ("no!!! really?! yes", ["no!!! ", "really?! ", "yes"]),
    ],
)
def test_sentences_of_many_languages(text: str, sentences: list[str]) -> None:
    units = units_of(Turn("user", [Line(None, text)]), CHARACTERS, 0)
    assert [unit.text for unit in units] == sentences
    assert "".join(unit.text for unit in units) == text


@pytest.mark.parametrize("text", ["!", "a.", "a"])
def test_sentences_of_endless_marks_take_linear_time(text: str) -> None:
    whole = text * 1_000_000
    with an_end_in_sight():  # trying every mark of a row took 10¹² steps
        units = units_of(Turn("user", [Line(None, whole)]), CHARACTERS, 0)
    assert "".join(unit.text for unit in units) == whole


def test_long_bursts_are_parted_between_messages() -> None:
    burst = [f"*Zoë: message {n} of a long burst" for n in range(6)]
    examples, fates = made("Al: go on", *burst, max_tokens=100)
    assert examples[0][0] == "go on"
    trained = [line for example in examples for line in example[-1].split("\n")]
    assert trained == [line.removeprefix("*Zoë: ") for line in burst]
    assert len(examples) == 3
    assert fates == {"trained": 6, "prompt of an answer": 1}


def test_a_long_message_is_parted_between_sentences() -> None:
    sentences = [f"This is sentence number {n}." for n in range(6)]
    examples, fates = made("Al: tell me", f"*Zoë: {' '.join(sentences)}", max_tokens=100)
    assert " ".join(example[-1] for example in examples) == " ".join(sentences)
    assert [len(example) for example in examples] == [2, 1, 1]
    assert fates == {"trained": 1, "prompt of an answer": 1}
    opened, _ = made("Al: tell me", f"*Zoë: {' '.join(sentences)}", max_tokens=100, opening="(on)")
    assert [example[0] for example in opened] == ["tell me", "(on)", "(on)"]
    dropped, fates = made(
        "Al: tell me", f"*Zoë: {' '.join(sentences)}", max_tokens=100, opening="drop"
    )
    assert dropped == examples[:1]
    assert fates == {"trained up to a sentence's end": 1, "prompt of an answer": 1}


def test_a_message_with_a_sentence_longer_than_the_window_is_left_out_and_counted() -> None:
    examples, fates = made(
        "Al: a", f"*Zoë: Short. {'x' * 200}. End.", "Al: b", "*Zoë: c", max_tokens=100
    )
    assert examples == [["b", "c"]]
    assert fates == {
        "answer that no window holds": 1, "prompt of an answer that no window holds": 1,
        "prompt of an answer": 1, "trained": 1,
    }  # fmt: skip


def test_a_burst_is_parted_where_such_a_message_was_and_goes_not_on_over_the_hole() -> None:
    long = "*Zoë: " + "x" * 200
    examples, fates = made("Al: a", "*Zoë: b", long, "*Zoë: c", "Al: d", "*Zoë: e", max_tokens=100)
    assert examples == [["a", "b"], ["c", "d", "e"]]
    assert fates["answer that no window holds"] == 1
    examples, _ = made("Al: a", long, "*Zoë: b", "Al: c", "*Zoë: d", max_tokens=100)
    assert examples == [["b", "c", "d"]]
    examples, _ = made("Al: a", "*Zoë: b", long, "Al: c", "*Zoë: d", max_tokens=100)
    assert examples == [["a", "b"], ["c", "d"]]
    examples, fates = made("Al: a", long, "*Zoë: b", max_tokens=100, opening="drop")
    assert examples == []
    assert fates["answer that no window holds"] == 2


def test_nothing_stands_before_a_prompt_whose_start_is_missing() -> None:
    lines = ["Al: a", "*Zoë: b", "Al: " + "Sentence. " * 30, "*Zoë: c", "Al: d", "*Zoë: e"]
    examples, _ = made(*lines, max_tokens=100)
    assert examples[0] == ["a", "b"]
    assert examples[1][0].startswith("Sentence. Sentence.")
    assert examples[1][1:] == ["c", "d", "e"]


def test_of_a_long_prompt_the_end_is_kept() -> None:
    prompt = ["Al: old " + "o" * 50, "Al: One. Two " + "t" * 40 + ". Three. Four?"]
    examples, fates = made(*prompt, "*Zoë: yes", max_tokens=40)
    assert examples == [["Three. Four?", "yes"]]
    assert fates == {
        "before a prompt that fills the window": 1,
        "prompt from a sentence's start on": 1,
        "trained": 1,
    }


def test_the_end_of_a_long_prompt_says_who_speaks() -> None:
    lines = ["Bo: " + "o" * 50, "Al: One " + "t" * 40 + ". Three. Four?"]
    examples, _ = made(*lines, "*Zoë: yes", max_tokens=44)
    assert examples == [["Al: Three. Four?", "yes"]]


def test_an_answer_to_a_prompt_that_nobody_sees_is_left_out() -> None:
    examples, fates = made(f"Al: {'x' * 200}", "*Zoë: yes", max_tokens=60)
    assert examples == []
    assert fates == {
        "answer that no window holds": 1,
        "prompt of an answer that no window holds": 1,
    }


def test_context_is_the_first_to_go() -> None:
    lines = ["Al: " + "a" * 20, "*Zoë: " + "b" * 20] * 3
    examples, _ = made(*lines, max_tokens=60, overlap=2)
    assert [len(example) for example in examples] == [2, 2, 2]
    examples, _ = made(*lines, max_tokens=110, overlap=2)
    assert [len(example) for example in examples] == [4, 4]


def test_room_is_kept_for_the_turn_that_a_format_puts_before_an_opening() -> None:
    assert made("*Zoë: " + "x" * 30, max_tokens=60)[0] == [["x" * 30]]
    assert made("*Zoë: " + "x" * 40, max_tokens=60)[0] == []
    assert made("*Zoë: " + "x" * 40, max_tokens=60, opening="drop")[0] == []


def test_an_answer_leaves_its_prompt_a_fourth_of_the_window() -> None:
    sentences = " ".join(f"Sentence {n}." for n in range(20))
    examples, _ = made(f"Al: {'Why? ' * 20}", f"*Zoë: {sentences}", max_tokens=120)
    assert 15 <= len(examples[0][0]) <= 40
    assert " ".join(example[-1] for example in examples) == sentences
