from __future__ import annotations

import pytest

from langchain_fbmessenger.examples.files.costs import billions_of, cost_of, default_epochs


@pytest.mark.parametrize(
    ("provider", "model", "price"),
    [
        ("openai", "gpt-4.1-mini-2025-04-14", 5.0 * 3),
        ("openai", "gpt-4.1-mini", 5.0 * 3),
        ("openai", "gpt-9", None),
        ("openai", None, None),
        ("azure", "gpt-4.1-mini", None),
        ("nebius", "Qwen/Qwen3-8B", 0.4 * 3),
        ("nebius", "meta-llama/Llama-3.3-70B-Instruct", 2.8 * 3),
        ("together", "Qwen/Qwen3-8B", 4.0),  # the least that a job costs
        ("fireworks", "qwen3-14b", 3.0),
        ("fireworks", "llama-v3p3-70b-instruct", 3.0),
        ("local", None, 0.0),
        ("local", "Qwen3-0.6B", 0.0),
        ("mistral", "open-mistral-nemo", None),
        ("trl", "Qwen3-0.6B", 0.0),
        ("nebius", "Mixtral-8x7B", None),
    ],
)
def test_prices(provider: str, model: str | None, price: float | None) -> None:
    cost = cost_of(provider, model, 1_000_000, 1000, None)
    assert cost.price == (None if price is None else pytest.approx(price))
    assert (cost.price_source is None) == (not price)


def test_billed_tokens_are_those_of_all_epochs() -> None:
    cost = cost_of("openai", "gpt-4o-mini", 500_000, 1000, 2)
    assert (cost.n_epochs, cost.billed_tokens, cost.price) == (2, 1_000_000, 3.0)


def test_time_is_estimated_where_it_was_measured() -> None:
    small = cost_of("local", "SmolLM2-135M-Instruct", 238 * 60, 100, 1)
    assert small.seconds == pytest.approx(60)
    larger = cost_of("local", "Qwen3-0.6B", 238 * 60, 100, 1)
    assert larger.seconds == pytest.approx(60 * 0.6 / 0.135)
    assert cost_of("local", None, 1000, 100, 1).seconds is None
    assert cost_of("openai", "gpt-4o-mini", 1000, 100, 1).seconds is None


@pytest.mark.parametrize(
    ("provider", "n", "epochs"),
    [
        ("openai", 10, 10), ("openai", 2, 25), ("openai", 1000, 3), ("openai", 20_000, 1),
        ("openai", 0, 25), ("together", 1000, 1), ("nebius", 1000, 3), ("mistral", 1000, 1),
    ],
)  # fmt: skip
def test_default_epochs(provider: str, n: int, epochs: int) -> None:
    assert default_epochs(provider, n) == epochs


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("Qwen3-8B", 8), ("Qwen3-0.6B", 0.6), ("SmolLM2-135M-Instruct", 0.135),
        ("Llama-3.3-70B-Instruct", 70), ("gpt-4o-mini", None), ("", None), (None, None),
        ("Qwen3-4B-Instruct-2507", 4), ("model-8bit", None),
    ],
)  # fmt: skip
def test_sizes_are_read_from_names(name: str | None, billions: float | None) -> None:
    assert billions_of(name) == billions
