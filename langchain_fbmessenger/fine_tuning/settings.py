"""Hold how a job is to train: one set of settings for all providers, each uses what it knows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.shown import line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["JobSettings"]


@dataclass(frozen=True, kw_only=True, repr=False)
class JobSettings:
    """Settings of a job; what is None is left to the provider.

    Attributes:
        n_epochs: How often each example is seen.
        batch_size: Examples per optimiser step.
        learning_rate_multiplier: Factor on the provider's own learning rate.
        learning_rate: The learning rate itself.
        lora_rank: Rank of the LoRA matrices.
        lora_alpha: Their scale; what is learnt counts `lora_alpha / lora_rank` times.
        lora_targets: Names of the layers that get LoRA matrices.
        early_stopping: Epochs without a better held-out loss after which the training ends.
        suffix: Part of the finished model's name.
        seed: Makes a run repeatable, as far as the provider can.
        extra_body: More fields of the request, as the provider has them.
    """

    n_epochs: int | None = None
    batch_size: int | None = None
    learning_rate_multiplier: float | None = None
    learning_rate: float | None = None
    lora_rank: int | None = None
    lora_alpha: int | None = None
    lora_targets: tuple[str, ...] | None = None
    early_stopping: int | None = None
    suffix: str | None = None
    seed: int | None = None
    extra_body: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        told = self.given()
        if self.extra_body is not None:
            told["extra_body"] = ", ".join(
                sorted(map(str, self.extra_body))
            )  # its values may be secret
        return line("JobSettings", told)

    def given(self) -> dict[str, Any]:
        """Return the settings that are not left to the provider."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}

    def pick(self, *names: str) -> dict[str, Any]:
        """Return those of these settings that are not left to the provider."""
        given = self.given()
        return {name: given[name] for name in names if name in given}
