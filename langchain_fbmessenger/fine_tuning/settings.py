"""Hold how a job is to train: one set of settings for all providers, each uses what it knows."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # pydantic evaluates the annotations
from typing import Any

from pydantic import Field
from typing_extensions import override

from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger._internal.shown import line

__all__ = ["JobSettings", "SettingFields"]


class SettingFields(Options):
    """Base class that declares the settings: of `FineTuner`, and of what providers are given."""

    n_epochs: int | None = Field(default=None, ge=1)
    """How often each example is seen; the provider decides by default."""

    batch_size: int | None = Field(default=None, ge=1)
    """Examples per optimiser step; the provider decides by default."""

    learning_rate_multiplier: float | None = Field(default=None, gt=0)
    """Factor on the provider's own learning rate; the provider decides by default."""

    learning_rate: float | None = Field(default=None, gt=0, le=1)
    """The learning rate itself, where the provider takes one (`local`, `nebius`)."""

    lora_rank: int | None = Field(default=None, ge=1)
    """Rank of the LoRA matrices (`local`, `nebius`); more can learn more and takes more memory."""

    lora_alpha: int | None = Field(default=None, ge=1)
    """Scale of what is learnt, by `lora_alpha` / `lora_rank` (`local`, `nebius`)."""

    lora_targets: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Names of the layers that get LoRA matrices (`local`)."""

    early_stopping: int | None = Field(default=None, ge=0)
    """Epochs without a better validation loss after which training ends (`local`); needs a
    validation set. 0 trains all epochs."""

    extra_body: Mapping[str, Any] | None = None
    """More fields of the request, passed on as they are."""

    suffix: str | None = None
    """Becomes part of the finished model's name."""

    seed: int | None = None
    """Makes a run repeatable, as far as the provider can."""


class JobSettings(SettingFields):
    """Settings of a job; what is None is left to the provider.

    Raises:
        InvalidOptionError: There is no such setting, or it may not have this value.

    Example:
        ```python
        JobSettings(n_epochs=3, suffix="ada").given()  # {"n_epochs": 3, "suffix": "ada"}
        ```
    """

    @override
    def __repr__(self) -> str:
        told = self.given()
        if self.extra_body is not None:
            told["extra_body"] = ", ".join(sorted(self.extra_body))  # its values may be secret
        return line("JobSettings", told)

    @override
    def __str__(self) -> str:
        return repr(self)

    def given(self) -> dict[str, Any]:
        """Return the settings that are not left to the provider."""
        return {name: value for name, value in self if value is not None}

    def pick(self, *names: str) -> dict[str, Any]:
        """Return those of these settings that are not left to the provider."""
        given = self.given()
        return {name: given[name] for name in names if name in given}
