from __future__ import annotations

import pytest
from msgspec.structs import replace

from langchain_fbmessenger.local.jobs.hyperparameters import resolve
from langchain_fbmessenger.local.records import ALL_AUTO


@pytest.mark.parametrize(
    ("n_examples", "n_epochs", "batch_size"),
    [(1, 10, 2), (10, 10, 2), (25, 4, 2), (40, 3, 4), (110, 3, 8), (10_000, 2, 8), (10**6, 1, 8)],
)
def test_auto_gives_few_examples_more_epochs_and_smaller_batches(
    n_examples: int, n_epochs: int, batch_size: int
) -> None:
    settings = resolve(ALL_AUTO, n_examples)

    assert (settings.n_epochs, settings.batch_size) == (n_epochs, batch_size)
    assert settings.learning_rate == pytest.approx(1e-3)


def test_what_is_asked_for_is_kept() -> None:
    asked = replace(ALL_AUTO, n_epochs=7, batch_size=3, learning_rate_multiplier=0.5)

    settings = resolve(asked, 1000)

    assert (settings.n_epochs, settings.batch_size) == (7, 3)
    assert settings.learning_rate == pytest.approx(5e-4)


def test_an_absolute_learning_rate_stands_above_the_multiplier() -> None:
    asked = replace(ALL_AUTO, learning_rate=2e-4, learning_rate_multiplier=9.0)

    assert resolve(asked, 1000).learning_rate == pytest.approx(2e-4)
