from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    InvalidExampleError,
    check_examples,
    map_ai_messages,
    read_jsonl,
    sample_export_path,
    to_training_examples,
    write_training_file,
)
from langchain_fbmessenger.evaluation import plant_canaries
from langchain_fbmessenger.examples import source_of
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPromptSeen
from tests.unit_tests.evaluation.small_chats import SYSTEM, chats

if TYPE_CHECKING:
    from pathlib import Path


def last_texts(examples: list[Any]) -> Counter[str]:
    return Counter(example["messages"][-1]["content"] for example in examples)


def test_each_canary_is_planted_as_often_as_it_says() -> None:
    planted = plant_canaries(chats(), count=6, repeats=(1, 3, 5), seed=1)
    answers = last_texts(planted.examples)
    assert sorted(c.repeats for c in planted.canaries.planted) == [1, 1, 3, 3, 5, 5]
    for canary in planted.canaries.planted:
        assert answers[canary.answer] == canary.repeats
        assert canary.secret in canary.answer
    assert len(planted.examples) == len(chats()) + 18


def test_controls_stand_nowhere_and_are_like_the_planted() -> None:
    planted = plant_canaries(chats(), count=6, seed=1)
    text = str(planted.examples)
    assert len(planted.canaries.controls) == 6
    for control in planted.canaries.controls:
        assert control.repeats == 0
        assert control.secret not in text
        assert control.prompt[0] == ("system", SYSTEM)
        assert control.space >= 1_000_000


def test_no_two_canaries_share_a_question_or_a_secret() -> None:
    for seed in range(5):
        canaries = plant_canaries(chats(), count=30, seed=seed).canaries
        both = [*canaries.planted, *canaries.controls]
        assert len({canary.prompt for canary in both}) == 60
        assert len({canary.secret for canary in both}) == 60


def test_a_form_is_not_bound_to_a_number_of_repeats() -> None:
    """Three forms and three numbers: shared out in turn, each form would have its own number."""
    canaries = plant_canaries(chats(), count=30, seed=1).canaries.planted
    pairs = {(canary.form, canary.repeats) for canary in canaries}
    assert len(pairs) == 9


def test_the_examples_stay_as_they_are_and_in_their_order() -> None:
    given = chats()
    before = copy.deepcopy(given)
    planted = plant_canaries(iter(given), count=3, seed=1)
    assert given == before
    assert [e for e in planted.examples if e in given] == given
    places = [i for i, e in enumerate(planted.examples) if e not in given]
    assert places != list(range(len(given), len(planted.examples))), "not all at the end"


def test_a_seed_repeats_it_and_none_draws_anew() -> None:
    assert plant_canaries(chats(), seed=4) == plant_canaries(chats(), seed=4)
    assert plant_canaries(chats()).canaries != plant_canaries(chats()).canaries


def test_examples_without_a_system_prompt_get_canaries_without_one() -> None:
    bare = [{"messages": example["messages"][1:]} for example in chats()]
    planted = plant_canaries(bare, seed=1)
    assert {canary.prompt[0][0] for canary in planted.canaries.planted} == {"user"}


def test_the_job_still_knows_the_template_of_the_system_prompt() -> None:
    pipeline = map_ai_messages() | to_training_examples(system="You write to {others}.")
    loader = FacebookMessengerChatLoader(sample_export_path())
    planted = plant_canaries(pipeline.stream(loader.lazy_load()), seed=1)
    assert all(source_of(example) is not None for example in planted.examples)
    seen = SystemPromptSeen()
    assert len(list(seen.watch(planted.examples))) == len(planted.examples)
    shared = seen.shared()
    assert shared is not None
    assert shared.text == "You write to {others}."


@pytest.mark.parametrize("form", ["together", "openai", "axolotl"])
def test_canaries_follow_the_format_of_the_file(tmp_path: Path, form: str) -> None:
    context: Any = {**chats()[0]}
    context["messages"][2]["weight"] = 0
    write_training_file([*chats(), context] * 3, tmp_path / "train.jsonl", format=form)
    planted = plant_canaries(read_jsonl(tmp_path / "train.jsonl"), seed=1)
    assert check_examples(planted.examples, provider=form).ok


def test_a_file_without_messages_is_refused() -> None:
    line: Any = {
        "prompt": [{"role": "user", "content": "a"}],
        "completion": [{"role": "assistant", "content": "b"}],
    }
    with pytest.raises(InvalidExampleError, match=r"example 1: .* read messages"):
        plant_canaries([line])


@pytest.mark.parametrize("count", [0, 31])
def test_a_count_out_of_range_says_the_range(count: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 30"):
        plant_canaries(chats(), count=count)


@pytest.mark.parametrize("repeats", [(), (0, 1)])
def test_repeats_are_positive(repeats: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        plant_canaries(chats(), repeats=repeats)


def test_no_examples_are_an_error() -> None:
    with pytest.raises(InvalidExampleError, match="no training examples"):
        plant_canaries([])


def test_a_broken_example_is_named_without_its_words() -> None:
    broken = {"messages": [{"role": "user", "content": "psst"}]}
    with pytest.raises(InvalidExampleError, match="example 7") as caught:
        plant_canaries([*chats(), broken])  # type: ignore[list-item]
    assert "psst" not in str(caught.value)
