from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import (
    read_jsonl,
    split_chat_sessions,
    split_examples,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger.examples.schema import source_of
from tests.unit_tests.builders import timed_session


def thread(name: str, conversations: list[int]) -> Any:
    """Make a thread of conversations a day apart, each with that many answers."""
    lines: list[tuple[float, str]] = []
    for day, answers in enumerate(conversations):
        for n in range(answers):
            hour = day * 24 + n / 10
            lines += [(hour, f"{name}: {name}{day}"), (hour + 0.01, f"*Zoë: {name}{day}.{n}")]
    info = {"id": name, "participants": [name, "Zoë"], "is_group": False}
    return timed_session(*lines, thread=info)


def examples_of(threads: list[Any], **options: Any) -> list[Any]:
    pipeline = split_chat_sessions() | to_training_examples(**options)
    return list(pipeline.invoke(threads))


def days(examples: list[Any], name: str) -> set[int]:
    """Return the days whose turns stand in examples of a thread, as context too."""
    contents = [
        turn["content"] for example in examples for turn in example["messages"]
        if turn["role"] == "user" and source_of(example).thread == name  # type: ignore[union-attr]
    ]  # fmt: skip
    return {int(content.removeprefix(name)) for content in contents}


def test_the_newest_conversations_of_each_thread_are_held_out() -> None:
    examples = examples_of([thread("Al", [4] * 10), thread("Bo", [2] * 20)])
    train, valid = split_examples(examples, valid=0.2)
    assert days(train, "Al") == set(range(8))
    assert days(valid, "Al") == {8, 9}
    assert days(train, "Bo") == set(range(16))
    assert days(valid, "Bo") == {16, 17, 18, 19}


sizes = st.dictionaries(
    st.sampled_from(["Al", "Bo", "Cy", "Di"]), st.lists(st.integers(1, 9), min_size=1, max_size=8)
)


@given(sizes, st.floats(0.05, 0.6), st.sampled_from(["time", "random"]))
def test_no_conversation_on_both_sides_and_nothing_lost(
    threads: dict[str, list[int]], valid: float, by: Any
) -> None:
    given_threads = [thread(name, many) for name, many in threads.items()]
    examples = examples_of(given_threads, max_messages=4, overlap=2)
    before = copy.deepcopy(examples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        train, held_out = split_examples(examples, valid=valid, by=by)
    assert examples == before
    order = [id(example) for example in examples]
    assert sorted(map(id, [*train, *held_out]), key=order.index) == order
    for part in (train, held_out):
        assert [id(e) for e in part] == [i for i in order if i in {id(e) for e in part}]
    for name, many in threads.items():
        assert not days(train, name) & days(held_out, name)
        assert days(train, name), "a conversation of each thread is trained"
        if by == "time" and days(held_out, name):
            assert max(days(train, name)) < min(days(held_out, name))
        assert days(train, name) | days(held_out, name) == set(range(len(many)))


def test_the_share_is_met_over_many_small_threads() -> None:
    examples = examples_of([thread(f"P{n:02}x", [1, 1, 1]) for n in range(40)])
    train, valid = split_examples(examples, valid=0.1)
    assert (len(train), len(valid)) == (108, 12)


def test_a_random_split_is_repeatable_and_not_the_newest() -> None:
    examples = examples_of([thread("Al", [2] * 30)])
    first = split_examples(examples, by="random", seed=1)
    assert first == split_examples(examples, by="random", seed=1)
    assert first != split_examples(examples, by="random", seed=2)
    assert days(first.valid, "Al") != {27, 28, 29}


def test_threads_of_one_conversation_are_trained_with_a_warning() -> None:
    examples = examples_of([thread("Al", [9]), thread("Bo", [9])])
    with pytest.warns(UserWarning, match="each thread is one conversation"):
        train, valid = split_examples(examples)
    assert (len(train), valid) == (len(examples), [])
    assert split_examples([]) == ([], [])


def test_newest_conversations_far_longer_than_the_share_are_trained_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="far longer than that share: give a larger one"):
        train, valid = split_examples(examples_of([thread("Al", [3, 3, 3, 30])]))
    assert (len(train) > 0, valid) == (True, [])


def test_the_runnable_gives_the_two_lists() -> None:
    threads = [thread("Al", [3] * 10)]
    pipeline = split_chat_sessions() | to_training_examples() | split_examples(valid=0.2)
    train, valid = pipeline.invoke(threads)
    assert [train, valid] == list(split_examples(examples_of(threads), valid=0.2))
    assert list(pipeline.stream(iter(threads))) == [train, valid]
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline  # noqa: S301 - own


async def test_the_async_twin_agrees() -> None:
    threads = [thread("Al", [3] * 10)]
    pipeline = split_chat_sessions() | to_training_examples() | split_examples()
    assert await pipeline.ainvoke(threads) == pipeline.invoke(threads)
    assert [part async for part in pipeline.astream(threads)] == pipeline.invoke(threads)


def test_examples_of_a_file_cannot_be_split(tmp_path: Any) -> None:
    write_jsonl(examples_of([thread("Al", [3])]), tmp_path / "x")
    with pytest.raises(ValueError, match="does not know which conversation"):
        split_examples(read_jsonl(tmp_path / "x"))


@pytest.mark.parametrize("options", [{"valid": 0}, {"valid": 1}, {"valid": -1}, {"by": "name"}])
def test_senseless_options_are_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=r"valid|by"):
        split_examples([], **options)
