"""What a training costs and how long it takes, from a dated table (models.toml)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Optional

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger._internal.shown import amount

__all__ = ["Cost", "cost_of", "default_epochs", "last_days_of", "shutdown_of"]

NEAR = timedelta(days=60)
"""A base model that leaves within that time is refused: a tuned one leaves with it."""

_AUTO_EPOCHS, _FEWEST_SHOWN, _MOST_SHOWN, _MOST_EPOCHS = 3, 100, 25_000, 25
_BILLIONS = re.compile(r"(?<![\d.xX])(\d+(?:\.\d+)?)\s*([BbMm])(?![A-Za-z])")


@dataclass(frozen=True)
class Cost:
    """What a training costs.

    Attributes:
        n_epochs: Passes over the examples.
        billed_tokens: Tokens of the file times the epochs.
        price: US dollars, None where no price is known; 0 on one's own machine.
        price_source: Where the price was read.
        seconds: How long it takes, None where nothing is known.
        seconds_source: What that was measured on.
        read: The day the table was read.
    """

    n_epochs: int
    billed_tokens: int
    price: float | None
    price_source: str | None
    seconds: float | None
    seconds_source: str | None
    read: str

    def __str__(self) -> str:
        passes = f"{amount(self.n_epochs, 'epoch')}: {self.billed_tokens:,} tokens"
        if self.price is None:
            return passes
        if self.price == 0:
            return f"{passes}; on your own machine, at no price"
        return f"{passes}; about ${self.price:,.2f}"


class _Model(msgspec.Struct):
    provider: str
    name: str
    source: str
    leaves: date
    price: Optional[float] = None  # noqa: UP045 - msgspec reads it on Python 3.10 too


class _Size(msgspec.Struct):
    provider: str
    billions: float
    price: float
    source: str


class _Minimum(msgspec.Struct):
    price: float
    source: str


class _LastJobs(msgspec.Struct):
    date: date
    source: str


class _Speed(msgspec.Struct):
    provider: str
    billions: float
    tokens_per_second: float
    source: str


class _Table(msgspec.Struct):
    read: str
    free: list[str]
    sources: dict[str, str]
    last_jobs: dict[str, _LastJobs]
    models: list[_Model]
    sizes: list[_Size]
    minimum: dict[str, _Minimum]
    epochs: dict[str, int]
    speed: _Speed


def cost_of(
    provider: str, model: str | None, tokens: int, n_examples: int, n_epochs: int | None
) -> Cost:
    """Return what a training costs, as far as the table knows.

    Args:
        provider: The provider's name.
        model: The base model; None where it is not known yet.
        tokens: The tokens of the file.
        n_examples: The examples of the file.
        n_epochs: Passes over the examples; None for the provider's default.
    """
    table = _table()
    epochs = n_epochs or default_epochs(provider, n_examples)
    billed = tokens * epochs
    per_million, source = _price(provider, model)
    least = table.minimum.get(provider)
    price = None if per_million is None else billed * per_million / 1e6
    if price is not None and least is not None and price < least.price:
        price, source = least.price, least.source
    billions = billions_of(model)
    speed = table.speed
    seconds = None
    if provider == speed.provider and billions is not None:
        seconds = billed / (speed.tokens_per_second * speed.billions / billions)
    return Cost(
        n_epochs=epochs,
        billed_tokens=billed,
        price=price,
        price_source=None if source is None else table.sources[source],
        seconds=seconds,
        seconds_source=None if seconds is None else table.sources[speed.source],
        read=table.read,
    )


def default_epochs(provider: str, n_examples: int) -> int:
    """Return how often a provider shows each example if nothing is said.

    OpenAI's "auto" is its cookbook's: three times, more often for few examples, less often for many
    (https://github.com/openai/openai-cookbook, Chat_finetuning_data_prep.ipynb).
    """
    epochs = _table().epochs.get(provider, 1)
    if epochs:
        return epochs
    if n_examples * _AUTO_EPOCHS < _FEWEST_SHOWN:
        return min(_MOST_EPOCHS, _FEWEST_SHOWN // max(n_examples, 1))
    return max(1, min(_AUTO_EPOCHS, _MOST_SHOWN // n_examples))


def shutdown_of(provider: str, model: str | None, today: date) -> str | None:
    """Say why nothing should be tuned there any more; None if nothing speaks against it.

    Args:
        provider: The provider's name.
        model: The base model; None where it is not known yet.
        today: The day to reckon with.
    """
    table = _table()
    last = table.last_jobs.get(provider)
    for known in table.models:
        if known.provider == provider and model is not None and _is_called(model, known.name):
            if known.leaves <= today:
                return f"{provider} has shut down {known.name} on {known.leaves}"
            if known.leaves - today <= NEAR:
                days = (known.leaves - today).days
                return (
                    f"{provider} shuts down {known.name}, and what was tuned from it, on "
                    f"{known.leaves}, in {days} days"
                )
    if last is not None and today >= last.date:
        return f"{provider} takes no training jobs since {last.date}"
    return None


def last_days_of(provider: str) -> tuple[date, date] | None:
    """Return the day from which a closing provider takes no jobs, and that of its last models."""
    table = _table()
    last = table.last_jobs.get(provider)
    leaves = [known.leaves for known in table.models if known.provider == provider]
    return (last.date, max(leaves)) if last and leaves else None


def billions_of(model: str | None) -> float | None:
    """Return the parameters of a model in billions, from a name such as Qwen3-8B; else None."""
    match = _BILLIONS.search(model or "")
    if match is None:
        return None
    return float(match[1]) / (1000 if match[2] in "Mm" else 1)


def _price(provider: str, model: str | None) -> tuple[float | None, str | None]:
    if provider in _table().free:
        return 0.0, None
    for known in _table().models:
        if known.provider == provider and model is not None and _is_called(model, known.name):
            return known.price, known.source if known.price is not None else None
    billions = billions_of(model)
    for size in _table().sizes:
        if size.provider == provider and billions is not None and billions <= size.billions:
            return size.price, size.source
    return None, None


def _is_called(model: str, name: str) -> bool:
    """Say whether a model goes by that name: in full, or without its date (gpt-4.1-mini)."""
    return model in {name, re.sub(r"-(\d{4}-\d{2}-\d{2}|\d{4})$", "", name)}


@cache
def _table() -> _Table:
    return read_table(__package__, "models.toml", _Table)
