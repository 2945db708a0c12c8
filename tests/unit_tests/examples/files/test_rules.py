from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.examples import (
    ExampleRules,
    provider_names,
    rules_for,
    write_training_file,
)
from langchain_fbmessenger.examples.files.rules import settings_for

if TYPE_CHECKING:
    from pathlib import Path

WANTED = [
    "openai", "azure", "nebius", "local", "together", "fireworks", "mistral",
    "trl", "axolotl", "llama-factory", "mlx-lm",
]  # fmt: skip
RULES = {f.name for f in fields(ExampleRules)} - {"provider", "kind", "count_tokens", "sources"}


def test_every_provider_and_trainer_has_rules() -> None:
    assert sorted(provider_names()) == sorted(WANTED)


@pytest.mark.parametrize("name", WANTED)
def test_each_rule_of_the_table_names_its_source_and_day(name: str) -> None:
    rules = rules_for(name)
    default = ExampleRules(provider=name, kind=rules.kind)
    differing = {rule for rule in RULES if getattr(rules, rule) != getattr(default, rule)}
    assert differing <= rules.sources.keys() <= RULES
    assert rules.sources
    for source in rules.sources.values():
        assert source.url
        assert date(2026, 1, 1) < date.fromisoformat(source.read) <= date(2026, 12, 31)
        assert source.sure in {"read", "reported", "inferred"}


def test_known_rules() -> None:
    assert rules_for("openai").min_examples == 10
    assert rules_for("openai").max_tokens == 65_536
    assert rules_for("azure").bom == "required"
    assert rules_for("together").alternate
    assert rules_for("together").first == "user"
    assert rules_for("fireworks").min_examples == 3
    assert rules_for("trl").shape == "prompt_completion"


def test_unknown_provider_is_named_with_those_that_are_known() -> None:
    told = r"unknown provider or format 'togther': known are openai, .*Did you mean 'together'\?"
    with pytest.raises(ValueError, match=told):
        rules_for("togther")
    with pytest.raises(ValueError, match="known are"):
        rules_for("")


def test_settings_name_the_option_that_the_mask_depends_on() -> None:
    for name, option in [
        ("llama-factory", "mask_history"),
        ("mlx-lm", "--mask-prompt"),
        ("axolotl", "message_field_training: train"),
        ("trl", "completion_only_loss"),
    ]:
        assert re.search(option, settings_for(name) or "")
    assert settings_for("openai") is None


def test_settings_name_the_option_that_rows_are_cut_by() -> None:
    """These trainers shorten or leave out longer rows and go on: an answer may be what is cut."""
    for name, told in {
        "trl": "Set max_length (in SFTConfig) to at least your max_tokens: longer lines are cut",
        "axolotl": "Set sequence_len (512 by default) to at least your max_tokens: longer",
        "llama-factory": "Set cutoff_len (2,048 by default) to at least your max_tokens: longer",
        "mlx-lm": "Set --max-seq-length to at least your max_tokens: longer lines are cut",
        "nebius": "Set context_length (8,192 by default)",
        "fireworks": "Set --max-context-length",
    }.items():
        assert told in (settings_for(name) or ""), name
    trainers = [name for name in WANTED if rules_for(name).kind == "trainer"]
    assert all(rules_for(name).length_setting for name in trainers)


@pytest.mark.parametrize("name", ["llama-factory", "axolotl"])
def test_exported_file_tells_of_the_length(name: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    file = write_training_file([{"messages": turns}] * 4, tmp_path / "t.jsonl", format=name)  # type: ignore[typeddict-item]
    assert str(rules_for(name).length_setting) in (file.settings or "")
