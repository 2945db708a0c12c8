"""Resolve "auto" for each hyperparameter of a job."""

from __future__ import annotations

from langchain_fbmessenger.local.records import AskedSettings, FullSettings

DEFAULT_LEARNING_RATE = 1e-3
"""For LoRA of r=16 on all linear layers of a small model; ten times what full tuning takes."""

_TARGET_EPOCHS = 3
_MIN_SHOWN = 100
"""Examples that the model should see at least, repeats included; few examples: more epochs."""
_MAX_SHOWN = 25_000
_MAX_EPOCHS = 10
_BATCH_SIZES = ((32, 2), (64, 4))
"""(examples below which, batch size): small sets need the number of steps more than calm ones."""
_LARGE_BATCH = 8


def resolve(asked: AskedSettings, n_examples: int) -> FullSettings:
    """Fill in what the user left to us, given the number of examples.

    The epochs follow the rule that OpenAI has published for its own "auto" (cookbook, "Data
    preparation and analysis for chat model fine-tuning").
    """
    multiplier = asked.learning_rate_multiplier or 1.0
    return FullSettings(
        n_epochs=asked.n_epochs or _epochs(n_examples),
        batch_size=asked.batch_size or _batch_size(n_examples),
        learning_rate_multiplier=multiplier,
        learning_rate=asked.learning_rate or DEFAULT_LEARNING_RATE * multiplier,
        early_stopping_patience=asked.early_stopping_patience,
    )


def _epochs(n_examples: int) -> int:
    if n_examples * _TARGET_EPOCHS < _MIN_SHOWN:
        return min(_MAX_EPOCHS, _MIN_SHOWN // n_examples)
    return max(1, min(_TARGET_EPOCHS, _MAX_SHOWN // n_examples))


def _batch_size(n_examples: int) -> int:
    for below, size in _BATCH_SIZES:
        if n_examples < below:
            return size
    return _LARGE_BATCH
