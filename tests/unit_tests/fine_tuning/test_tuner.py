from __future__ import annotations

import pickle
from typing import Any

import pytest

from langchain_fbmessenger import FineTuner, map_ai_messages, merge_chat_runs, to_training_examples
from langchain_fbmessenger.examples import ExampleSplit, HeldOut, rules_for
from langchain_fbmessenger.examples.files.jsonl import several
from langchain_fbmessenger.fine_tuning import FineTuningPipeline, find_provider
from langchain_fbmessenger.fine_tuning.providers import LocalProvider, OpenAIProvider
from langchain_fbmessenger.fine_tuning.submitting.uploads import written_files
from langchain_fbmessenger.fine_tuning.tuner import _flat


def test_local_is_the_default() -> None:
    assert (FineTuner().provider, FineTuner().model) == ("local", "SmolLM2-135M-Instruct")


def test_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown provider 'none'.*azure, local, nebius, openai"):
        FineTuner(provider="none")


@pytest.mark.parametrize(("name", "kind"), [("local", LocalProvider), ("openai", OpenAIProvider)])
def test_providers_are_found_by_name_and_instances_pass(name: str, kind: type) -> None:
    provider = find_provider(name)
    assert isinstance(provider, kind)
    assert find_provider(provider) is provider
    assert FineTuner(provider=provider).provider == provider


@pytest.mark.parametrize(
    "options", [{"n_epochs": 0}, {"batch_size": 0}, {"timeout": 0}, {"epochs": 3}]
)
def test_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        FineTuner(**options)


@pytest.mark.parametrize("wrong", [None, 7, "train.jsonl", {"messages": []}])
def test_tuner_takes_examples_only(wrong: Any) -> None:
    with pytest.raises(TypeError, match="iterable of training examples"):
        several(wrong)


EXAMPLE = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


@pytest.mark.parametrize(
    "chunks",
    [
        [[EXAMPLE] * 3, HeldOut([EXAMPLE] * 2)],
        [[[EXAMPLE] * 3, HeldOut([EXAMPLE] * 2)]],
        [ExampleSplit([EXAMPLE] * 3, HeldOut([EXAMPLE] * 2))],  # type: ignore[list-item]
        [EXAMPLE, [EXAMPLE] * 2, HeldOut([EXAMPLE] * 2)],
    ],
)
def test_what_is_held_out_is_never_trained_however_it_comes(chunks: list[Any]) -> None:
    with written_files(_flat(iter(chunks)), None, rules_for("local")) as files:
        lines = files.training.path.read_text().splitlines()
        assert files.training.examples == len(lines) == 3
        assert files.validation is not None
        assert len(files.validation.path.read_text().splitlines()) == 2
    assert not files.training.path.exists()


def test_lists_of_examples_are_all_trained_and_an_empty_part_is_none() -> None:
    chunks = [[EXAMPLE], [EXAMPLE], EXAMPLE, HeldOut()]
    with written_files(_flat(iter(chunks)), None, rules_for("local")) as files:
        assert (files.training.examples, files.validation) == (3, None)


def test_configured_tuner_behind_a_stage_stays_ours() -> None:
    chain = to_training_examples() | FineTuner().with_config(tags=["t"])
    assert isinstance(chain.bound, FineTuningPipeline)
    assert chain.config["tags"] == ["t"]


def test_behind_a_stage_it_keeps_chats_out_of_traces() -> None:
    pipeline = merge_chat_runs() | map_ai_messages(sender="Zoë") | to_training_examples()
    chain = pipeline | FineTuner(n_epochs=1)
    assert isinstance(chain, FineTuningPipeline), "langchain-core's sequence records its input"
    assert pickle.loads(pickle.dumps(chain)) == chain  # noqa: S301 - own
    assert "messages" in str(chain.get_input_jsonschema())
