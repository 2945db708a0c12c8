"""Train at OpenAI itself, whose fine-tuning closes.

Sources: https://developers.openai.com/api/docs/deprecations and
https://developers.openai.com/api/docs/guides/supervised-fine-tuning (read 2026-11).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from langchain_fbmessenger.examples.files.costs import last_days_of
from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.fine_tuning.providers.base import (
    WEEK_S,
    Provider,
    key_from,
    table_rules,
    trainable_model,
)

if TYPE_CHECKING:
    from openai import OpenAI

    from langchain_fbmessenger.examples import ExampleRules


class OpenAIProvider(Provider):
    """OpenAI's own fine-tuning, which takes no new jobs from 2027-01-06 on.

    The key is the environment's `OPENAI_API_KEY`. Chats are uploaded to OpenAI.
    """

    name: ClassVar[str] = "openai"
    upload_lifetime: ClassVar[int | None] = WEEK_S
    filters_jobs: ClassVar[bool] = True

    @override
    def connection(self) -> Connection:
        key_from("OPENAI_API_KEY", self.name)
        return Connection()

    @override
    def preflight(self, client: OpenAI, model: str) -> ExampleRules:
        if days := last_days_of(self.name):
            last_jobs, models_leave = days
            warnings.warn(
                f"OpenAI takes no fine-tuning jobs from {last_jobs} on, and the models that can "
                f"be tuned leave its API on {models_leave}, together with their fine-tunes. "
                'FineTuner(provider="local") trains on this machine.',
                stacklevel=3,
            )
        trainable_model(client, model, self)
        return table_rules(self.name)
