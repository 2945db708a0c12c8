from __future__ import annotations

import re
from dataclasses import fields
from datetime import date

import pytest

from langchain_fbmessenger.examples import ExampleRules, provider_names, rules_for
from langchain_fbmessenger.examples.rules import settings_for

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
