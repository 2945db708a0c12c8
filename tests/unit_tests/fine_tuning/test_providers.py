from __future__ import annotations

from typing import Any

import pytest

from langchain_fbmessenger import FineTuner
from langchain_fbmessenger.fine_tuning import (
    AzureProvider,
    CompatibleProvider,
    JobSettings,
    LocalProvider,
    NebiusProvider,
    OpenAIProvider,
    find_provider,
)


def test_an_address_is_a_provider() -> None:
    provider = find_provider("https://tuning.example.org/v1")
    assert provider == CompatibleProvider(base_url="https://tuning.example.org/v1")
    assert provider.label == "https://tuning.example.org/v1"
    assert not provider.is_private
    assert find_provider("http://127.0.0.1:8000/v1").is_private


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://tuning.example.org/v1", "unencrypted"),
        ("https://me:key@tuning.example.org/v1", "must not hold a key"),
        ("https://", "such as https://host/v1"),
        ("https://host/v1?key=hush", "must end with its path"),
    ],
)
def test_an_unsafe_address_is_refused_without_being_quoted(address: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        FineTuner(provider=address)
    assert "me:key" not in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "option"),
    [
        ("openai", {"learning_rate": 1e-4}),
        ("openai", {"lora_rank": 8}),
        ("azure", {"early_stopping": 2}),
        ("azure", {"suffix": "a.b"}),
        ("azure", {"suffix": "x" * 19}),
        ("nebius", {"learning_rate_multiplier": 2}),
        ("nebius", {"lora_targets": ("q_proj",)}),
        ("https://host/v1", {"lora_alpha": 8}),
    ],
)
def test_a_setting_that_a_provider_does_not_know_is_refused_at_once(
    provider: str, option: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        FineTuner(provider=provider, **option)


def test_settings_take_each_providers_shape() -> None:
    local = LocalProvider().job_body(
        JobSettings(
            n_epochs=2,
            learning_rate=1e-3,
            lora_rank=8,
            lora_alpha=16,
            lora_targets=("q_proj", "v_proj"),
            early_stopping=1,
            extra_body={"x": 1},
            seed=3,
        )
    )
    assert local == {
        "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}},
        "seed": 3,
        "extra_body": {
            "learning_rate": 1e-3,
            "lora": {"r": 8, "alpha": 16, "target_modules": ["q_proj", "v_proj"]},
            "early_stopping_patience": 1,
            "x": 1,
        },
    }
    assert "extra_body" not in LocalProvider().job_body(JobSettings())
    azure = AzureProvider(training_type="Developer").job_body(JobSettings(extra_body={"a": 1}))
    assert azure["extra_body"] == {"trainingType": "Developer", "a": 1}
    nebius = NebiusProvider().job_body(JobSettings(lora_rank=4))
    assert nebius == {"hyperparameters": {"lora": True, "lora_r": 4}}
    openai = OpenAIProvider().job_body(JobSettings(extra_body={"a": 1}))
    assert openai["extra_body"] == {"a": 1}


def test_no_key_is_shown() -> None:
    provider = CompatibleProvider(base_url="https://host/v1", api_key="hush")  # type: ignore[arg-type]
    assert "hush" not in repr(provider)
    assert "hush" not in repr(FineTuner(provider=provider))
    assert "hush" not in repr(provider.connection())


@pytest.mark.parametrize(
    "option",
    [
        {"learning_rate": 0},
        {"lora_rank": 0},
        {"lora_alpha": 0},
        {"early_stopping": -1},
        {"lora_targets": ()},
    ],
)
def test_senseless_settings_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(option))):
        FineTuner(**option)


@pytest.mark.parametrize("provider", ["local", "azure"])
def test_early_stopping_that_is_switched_off_is_not_asked_for(provider: str) -> None:
    """So a job's key is what it is without it."""
    assert FineTuner(provider=provider, early_stopping=0)._settings() == JobSettings()
