from __future__ import annotations

from typing import Any

import pytest

from langchain_fbmessenger import InvalidExampleError
from langchain_fbmessenger.examples import ExampleRules, valid_examples

GOOD = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


def turns(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [turn | more for turn, more in zip(GOOD["messages"], changes, strict=True)]}


def check(examples: list[Any], **rules: Any) -> list[Any]:
    return list(valid_examples(examples, ExampleRules(provider="test", **rules)))


def test_good_examples_pass_unchanged() -> None:
    full = turns({"name": "Al-1"}, {"weight": 1})
    assert check([GOOD, full], min_examples=2, names=True) == [GOOD, full]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (7, "shape"),
        ({}, "shape"),
        ({"messages": []}, "shape"),
        ({"messages": [7]}, "role"),
        (turns({"role": "human"}, {}), "role"),
        (turns({"role": ["user"]}, {}), "role"),
        (turns({"content": None}, {}), "content"),
        (turns({"content": "\ud83d"}, {}), "utf-8"),
        (turns({"secret": 1}, {}), "keys"),
        ({**GOOD, "secret": 1}, "keys"),
        (turns({"content": " \n"}, {}), "content"),
        (turns({"weight": 0}, {}), "weight"),
        (turns({}, {"weight": 2}), "weight"),
        (turns({}, {"weight": True}), "weight"),
        (turns({"name": "Zoë Ångström"}, {}), "name"),
        (turns({}, {"role": "user"}), "last_message"),
        (turns({}, {"weight": 0}), "last_message"),
    ],
)
def test_each_broken_rule_is_named_with_the_example(wrong: Any, rule: str) -> None:
    with pytest.raises(InvalidExampleError, match="example 2: ") as caught:
        check([GOOD, wrong])
    assert (caught.value.line, caught.value.rule) == (2, rule)


def test_too_few_examples() -> None:
    with pytest.raises(InvalidExampleError, match=r"test needs at least 10 .* got 3") as caught:
        check([GOOD] * 3, min_examples=10)
    assert caught.value.rule == "min_examples"


def test_too_many_examples() -> None:
    with pytest.raises(InvalidExampleError, match="test takes at most 2") as caught:
        check([GOOD] * 3, max_examples=2)
    assert caught.value.rule == "max_examples"


def test_no_examples_at_all_says_why() -> None:
    with pytest.raises(InvalidExampleError, match="no session holds a message of the persona"):
        check([])


def test_length_is_counted_only_where_bytes_allow_it_to_be_too_long() -> None:
    counted = []

    def count(given: list[Any]) -> int:
        counted.append(len(given))
        return 101

    long = turns({"content": "x" * 200}, {})
    with pytest.raises(
        InvalidExampleError, match=r"example 2: it has 101 tokens.*reads 100"
    ) as caught:
        check([GOOD, long], max_tokens=100, count_tokens=count)
    assert caught.value.rule == "context_length"
    assert counted == [2]


def test_long_example_that_fits_passes() -> None:
    long = turns({"content": "x" * 200}, {})
    assert check([long], max_tokens=100, count_tokens=lambda _: 100) == [long]
