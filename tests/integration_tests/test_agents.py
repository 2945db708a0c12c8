"""An agent on the local server: what goes over the wire names nobody, what comes back does."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Literal

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith import Client, tracing_context
from pydantic import BaseModel

from langchain_fbmessenger import PseudonymMiddleware
from langchain_fbmessenger.fine_tuning import find_provider
from tests.integration_tests.langsmith_double import collecting
from tests.unit_tests.agents.recording_model import RecordingModel

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

BASE = "SmolLM2-135M-Instruct"
MILO, PHONE = "Milo Dvořák", "+420 777 123 456"
QUESTION: Any = {"messages": [HumanMessage(f"Who has {PHONE}, {MILO} or somebody else?")]}


class Owner(BaseModel):
    """Who has a phone number: Milo Dvořák is one of them."""

    who: Literal["Milo Dvořák"]
    phone: Literal["+420 777 123 456"]


class AsJson(AgentMiddleware):
    """Lets the model answer by a schema: what a model of this size says is known beforehand then.

    (An agent's own way to ask for one sends an empty list of tools, which the base does not take.)
    """

    def settings(self, request: Any) -> Any:
        schema = {"name": "owner", "schema": Owner.model_json_schema(), "strict": True}
        response_format = {"type": "json_schema", "json_schema": schema}
        return request.override(model_settings={"response_format": response_format})

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(self.settings(request))

    async def awrap_model_call(self, request: Any, handler: Any) -> Any:
        return await handler(self.settings(request))


@pytest.fixture
def middleware(tmp_path: Path) -> PseudonymMiddleware:
    return PseudonymMiddleware(key=tmp_path / "names.key", people=[MILO])


@pytest.fixture
def model(local_server: Any) -> Any:
    assert local_server
    return find_provider("local").chat_model(BASE, max_tokens=80, temperature=0)


@pytest.fixture
def wire(model: Any) -> list[str]:
    """Collect the bodies of what is sent."""
    sent: list[str] = []

    def record(request: httpx.Request) -> None:
        sent.append(request.content.decode())

    async def arecord(request: httpx.Request) -> None:
        record(request)

    model.http_client.event_hooks["request"].append(record)
    model.http_async_client.event_hooks["request"].append(arecord)
    return sent


def assert_that_nobody_is_named(wire: list[str]) -> None:
    asked = [body for body in wire if "messages" in body]
    assert asked
    assert all("[phone-" in body for body in asked)
    for real in ("Milo", "Dvo", "777 123"):
        assert real not in "".join(asked)


def test_an_agent_answers_with_real_names(
    middleware: PseudonymMiddleware, model: Any, wire: list[str]
) -> None:
    prompt = f"You know {MILO}."
    agent = create_agent(model, system_prompt=prompt, middleware=[AsJson(), middleware])
    answer = agent.invoke(QUESTION)["messages"][-1]

    assert Owner.model_validate_json(answer.text) == Owner(who=MILO, phone=PHONE)
    assert_that_nobody_is_named(wire)


async def test_an_agent_streams_real_names(
    middleware: PseudonymMiddleware, model: Any, wire: list[str]
) -> None:
    agent = create_agent(model, middleware=[AsJson(), middleware])

    def streamed() -> list[str]:
        return [chunk.text for chunk, _ in agent.stream(QUESTION, stream_mode="messages")]

    said = await asyncio.to_thread(streamed)
    awaited = [chunk.text async for chunk, _ in agent.astream(QUESTION, stream_mode="messages")]

    for chunks in (said, awaited):
        assert len(chunks) > 5
        assert Owner.model_validate_json("".join(chunks)) == Owner(who=MILO, phone=PHONE)
    assert_that_nobody_is_named(wire)
    await model.root_async_client.close()


def test_langsmith_gets_a_models_runs_as_they_were_sent(middleware: PseudonymMiddleware) -> None:
    model = RecordingModel(answers=[lambda messages: AIMessage(messages[-1].text)])
    agent = create_agent(model, middleware=[middleware])
    with collecting() as langsmith:
        url = langsmith.environment["LANGSMITH_ENDPOINT"]
        client = Client(api_url=url, api_key="x", auto_batch_tracing=False)
        with tracing_context(enabled=True, client=client):
            answer = agent.invoke(QUESTION)["messages"][-1].text
            [*agent.stream(QUESTION, stream_mode="messages")]
        wait_for_all_tracers()
        client.flush()
        uploads = [json.loads(body) for _, body in langsmith.uploads]
    runs: dict[str, dict[str, Any]] = {}
    for upload in uploads:
        runs.setdefault(upload["id"], {}).update(upload)
    by_name = {run.get("name"): str(run) for run in runs.values()}

    assert answer == QUESTION["messages"][0].text
    assert "[phone-" in by_name["RecordingModel"]
    assert len(by_name) > 3
    # The graph's own runs hold the agent's state, as docs/agents.md says.
    named = {name for name, run in by_name.items() if "Milo" in run}
    assert named == {"LangGraph", "model"}
