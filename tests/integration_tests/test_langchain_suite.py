"""LangChain's own standard tests of chat models, on the `ChatOpenAI` that a local job returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from langchain_fbmessenger import FineTuner

if TYPE_CHECKING:
    from langchain_fbmessenger.local import ServerAddress

BASE = "SmolLM2-135M-Instruct"
EXAMPLES = [
    {
        "messages": [
            {"role": "user", "content": f"Shall we go to the {place}?"},
            {"role": "assistant", "content": f"Yes, the {place} it is. See you at {hour}!"},
        ]
    }
    for hour, place in enumerate(("harbour", "museum", "market", "cinema"), start=4)
]


@pytest.fixture(scope="module")
def trained(local_server: ServerAddress) -> ChatOpenAI:
    """Return the model of a job that was trained a little, on nothing that the suite asks."""
    assert local_server
    job = FineTuner(provider="local", model=BASE, n_epochs=1, batch_size=4, seed=1).submit(EXAMPLES)
    return job.wait(progress=False).chat_model()


class _Trained:
    """What both suites are told of the model."""

    @pytest.fixture(autouse=True)
    def _use(self, trained: ChatOpenAI) -> None:
        self._trained = trained

    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """The very settings that the job gave its model."""
        settings = {name: getattr(self._trained, name) for name in self._trained.model_fields_set}
        return {"model": settings.pop("model_name")} | settings


class TestUnit(_Trained, ChatModelUnitTests):
    pass


class TestIntegration(_Trained, ChatModelIntegrationTests):
    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "json_schema"}

    @property
    def model_override_value(self) -> str:
        return BASE
