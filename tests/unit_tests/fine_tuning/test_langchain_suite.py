"""LangChain's own unit tests of chat models, on a `ChatOpenAI` as a local job returns it."""

from __future__ import annotations

from typing import Any

from langchain_openai import ChatOpenAI
from langchain_tests.unit_tests import ChatModelUnitTests

from langchain_fbmessenger.fine_tuning import Connection

ADDRESS = "http://127.0.0.1:1/v1"
MODEL = "ft:SmolLM2-135M-Instruct:local:cap:0a1b2c3d"
FIELDS = {
    "model_name": "model",
    "openai_api_base": "base_url",
    "openai_api_key": "api_key",
    "stream_usage": "stream_usage",
    "use_responses_api": "use_responses_api",
}


class TestUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """`job.chat_model()` is this call; its two HTTP clients are no data and left out."""
        model = Connection(ADDRESS, "sk-local", is_loopback=True).chat_model(MODEL)
        return {taken: getattr(model, field) for field, taken in FIELDS.items()}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return (
            {"OPENAI_API_KEY": "sk-local", "OPENAI_API_BASE": ADDRESS},
            {"model": MODEL},
            {"openai_api_key": "sk-local", "openai_api_base": ADDRESS, "model_name": MODEL},
        )

    @property
    def has_tool_calling(self) -> bool:
        return True

    @property
    def has_structured_output(self) -> bool:
        return True
