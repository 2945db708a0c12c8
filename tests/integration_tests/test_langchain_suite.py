"""LangChain's own integration tests of chat models, on the `ChatOpenAI` that a local job returns.

Its unit tests, which need no server, are in `tests/unit_tests/fine_tuning/test_langchain_suite.py`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_fbmessenger import FineTuner

if TYPE_CHECKING:
    from langchain_fbmessenger import FineTuningJob
    from langchain_fbmessenger.local import ServerAddress

BASE = "SmolLM2-135M-Instruct"
SETTINGS = {
    "model_name": "model",
    "openai_api_base": "base_url",
    "openai_api_key": "api_key",
    "stream_usage": "stream_usage",
    "use_responses_api": "use_responses_api",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "http_client": "http_client",
    "http_async_client": "http_async_client",
}
"""What `job.chat_model()` sets, by `ChatOpenAI`'s fields and by the names that it takes."""
SAMPLING = {"temperature": 0, "max_tokens": 200, "frequency_penalty": 0.5}
"""The same answers each time; the penalty keeps so small a model from going round in circles."""
PLACES = {"harbour": "boats", "museum": "vases", "market": "pears", "cinema": "films"}


def examples() -> list[dict[str, Any]]:
    """Return chats and short JSON answers, none of which is about what the suite asks.

    The JSON is for the answers to come to an end: untrained, the base goes on till it is cut off.
    """
    return [
        {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": told}]}
        for place, things in PLACES.items()
        for asked, told in (
            (f"Shall we go to the {place}?", f"Yes, the {place} it is!"),
            (
                f"Describe the {place}. Answer with a JSON of 'place' and 'shows'.",
                json.dumps({"place": place, "shows": things}),
            ),
        )
    ]


@pytest.fixture(scope="module")
def job(local_server: ServerAddress) -> FineTuningJob:
    """Train a little, once for all tests."""
    assert local_server
    tuner = FineTuner(provider="local", model=BASE, n_epochs=4, batch_size=4, seed=1)
    return tuner.submit(examples()).wait(progress=False)


class TestIntegration(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def _trained(self, job: FineTuningJob) -> None:
        self._job = job

    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        model = self._job.chat_model(**SAMPLING)
        return {taken: getattr(model, field) for field, taken in SETTINGS.items()}

    @property
    def has_tool_calling(self) -> bool:
        """SmolLM2's chat template shows a model no tools, and the server refuses them for it."""
        return False

    @property
    def has_tool_choice(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return True

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "json_schema"}

    @pytest.mark.xfail(
        reason="ChatOpenAI turns a schema of pydantic 1 into a tool, which SmolLM2's template lacks"
    )
    def test_structured_output_pydantic_2_v1(self, model: ChatOpenAI) -> None:
        super().test_structured_output_pydantic_2_v1(model)

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return BASE
