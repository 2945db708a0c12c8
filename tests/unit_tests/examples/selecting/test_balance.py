from __future__ import annotations

import copy
import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import ExampleReport, balance_examples, to_training_examples
from langchain_fbmessenger.examples.schema import source_of
from tests.unit_tests.builders import timed_session
from tests.unit_tests.examples.shapes import shape, trained_lines


def made(*answers: str, name: str = "Al", day: float = 0, **options: Any) -> list[Any]:
    """Make the examples of one conversation, by its answers."""
    lines = [
        (day * 24 + n / 100, f"{who}: {text}")
        for n, answer in enumerate(answers)
        for who, text in ((name, f"q{n}"), ("*Zoë", answer))
    ]
    info = {"id": f"{name}_1", "participants": [name, "Zoë"], "is_group": False}
    return list(to_training_examples([timed_session(*lines, thread=info)], **options))


def test_nothing_is_limited_unless_asked_for() -> None:
    examples = made(*["ok"] * 20)
    assert list(balance_examples(examples)) == examples


def test_repeated_replies_stay_as_context_before_trained_ones() -> None:
    examples = made("ok", "Ok!", "no", "ok", "yes", "okkk", max_messages=20)
    report = ExampleReport()
    (lighter,) = balance_examples(examples, max_repeats=1, report=report)
    assert shape(lighter) == "uaucuaucua"
    assert trained_lines([lighter]) == Counter(["ok", "no", "yes"])
    assert report.not_trained == {"said as often as allowed": 3}
    assert source_of(lighter) == source_of(examples[0])


def test_near_duplicates_count_as_one_unless_told_otherwise() -> None:
    examples = made("ok", "ok!!", "OK", max_messages=2, overlap=0)
    assert len(list(balance_examples(examples, max_repeats=1))) == 1
    exact = balance_examples(examples, max_repeats=1, near_duplicates=False)
    assert [e["messages"][-1]["content"] for e in exact] == ["ok", "ok!!"]


def test_examples_with_nothing_left_are_dropped_and_counted() -> None:
    report = ExampleReport()
    examples = made(*["ok"] * 5, max_messages=2, overlap=0)
    assert len(list(balance_examples(examples, max_repeats=2, report=report))) == 2
    assert report.examples_dropped == {"said as often as allowed": 3}
    assert "3 answers untrained (3 said as often as allowed), 3 examples left out" in str(report)


def test_examples_with_little_content_are_dropped() -> None:
    examples = [*made("ok"), *made("ok", "ok", "😂"), *made("a whole sentence")]
    kept = list(balance_examples(examples, min_letters=4))
    assert [shape(example) for example in kept] == ["uauaua", "ua"]


def test_a_contact_gets_no_more_than_its_share_and_the_newest_stay() -> None:
    examples = [
        *made(*(f"a{n}" for n in range(30)), name="Al", max_messages=6),
        *made("b0", "b1", name="Bo"), *made("c0", "c1", "c2", name="Cy"),
    ]  # fmt: skip
    report = ExampleReport()
    with pytest.warns(UserWarning, match="leaves 10 of 35 answers"):
        kept = list(balance_examples(examples, max_share=0.5, report=report))
    counts = Counter(line[0] for line in trained_lines(kept).elements())
    assert counts == {"a": 5, "b": 2, "c": 3}
    assert {line for line in trained_lines(kept) if line[0] == "a"} == {
        f"a{n}" for n in range(25, 30)
    }
    assert report.not_trained == {"beyond the contact's share": 25}
    assert all(shape(example).endswith("a") for example in kept)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.floats(0.1, 0.9))
def test_no_contact_has_more_than_the_share(sizes: list[int], share: float) -> None:
    examples = [
        example
        for index, size in enumerate(sizes)
        for example in made(*(f"x{index}" for _ in range(size)), name=f"P{index}", max_messages=6)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        counts = trained_lines(balance_examples(examples, max_share=share))
    if len(sizes) * share < 1:
        assert counts == trained_lines(examples)
    else:
        assert max(counts.values(), default=0) <= share * counts.total()


def test_too_few_contacts_for_a_share_are_told() -> None:
    examples = made("a", "b")
    with pytest.warns(UserWarning, match="needs more contacts than the 1"):
        assert list(balance_examples(examples, max_share=0.5)) == examples


def test_half_of_the_examples_is_left_at_the_half_life() -> None:
    examples = [e for day in (0, 100, 200) for n in range(300) for e in made(f"d{day}", day=day)]
    report = ExampleReport()
    kept = trained_lines(balance_examples(examples, half_life="100d", seed=3, report=report))
    assert kept["d200"] == 300
    assert 120 < kept["d100"] < 180
    assert 50 < kept["d0"] < 100
    assert report.not_trained["thinned by age"] == 900 - kept.total()
    again = trained_lines(balance_examples(examples, half_life="100d", seed=3))
    assert again == kept
    assert trained_lines(balance_examples(examples, half_life="100d", seed=4)) != kept


def test_a_clock_far_ahead_makes_nothing_old() -> None:
    examples = [e for n in range(50) for e in made("now", day=n / 10)]
    ahead = made("later", day=40_000)
    kept = trained_lines(balance_examples([*examples, *ahead], half_life="100d"))
    assert kept["later"] == 1
    assert kept["now"] > 40


def test_a_share_that_leaves_little_is_told() -> None:
    examples = [*made(*["a"] * 30, max_messages=2), *made("b", name="Bo"), *made("c", name="Cy")]
    with pytest.warns(UserWarning, match="max_share=0.5 leaves 4 of 32 answers"):
        assert trained_lines(balance_examples(examples, max_share=0.5)).total() == 4


def test_all_of_it_in_one_pass_changes_no_input() -> None:
    examples = [
        *made(*["ok", "a longer answer"] * 9),
        *made("x", "yes of course", name="Bo", day=9),
    ]
    before = copy.deepcopy(examples)
    stage = balance_examples(max_repeats=2, max_share=0.6, half_life="365d", min_letters=3)
    kept = stage.invoke(examples)
    assert examples == before
    assert (
        kept
        == list(stage.stream(examples))
        == list(
            balance_examples(
                examples, max_repeats=2, max_share=0.6, half_life="365d", min_letters=3
            )
        )
    )
    assert all(example["messages"][-1].get("weight") != 0 for example in kept)


def test_it_streams_where_it_can() -> None:
    def endless() -> Any:
        while True:
            yield from made("hello there")

    stage = balance_examples(max_repeats=3, min_letters=2)
    stream = stage.stream(endless())
    assert [next(stream)["messages"][-1]["content"] for _ in range(3)] == ["hello there"] * 3
    stream.close()


def test_stages_are_values() -> None:
    stage = balance_examples(max_repeats=3, half_life="30d")
    assert pickle.loads(pickle.dumps(stage)) == stage  # noqa: S301 - own
    assert stage == balance_examples(max_repeats=3, half_life="30d")


@pytest.mark.parametrize("option", ["max_share", "half_life"])
def test_examples_of_a_file_have_no_contact_and_no_time(option: str) -> None:
    plain = [{"messages": list(made("a")[0]["messages"])}]
    options: Any = {option: 0.5 if option == "max_share" else "1d"}
    with pytest.raises(ValueError, match="does not know which conversation"):
        list(balance_examples(plain, **options))  # type: ignore[arg-type]
    assert list(balance_examples(plain, max_repeats=1, min_letters=1)) == plain  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"max_repeats": 0},
        {"max_share": 0},
        {"max_share": 1},
        {"min_letters": 0},
        {"half_life": "x"},
    ],
)
def test_senseless_options_are_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=r"max_repeats|max_share|min_letters|a gap is"):
        balance_examples(**options)
