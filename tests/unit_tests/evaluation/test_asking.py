"""No tracer and no callback of the caller's sees what an audit asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.context import collect_runs, tracing_v2_enabled
from langchain_core.tracers.langchain import LangChainTracer
from langsmith import Client
from langsmith.utils import get_env_var

from langchain_fbmessenger.evaluation import aaudit_leaks, audit_leaks
from tests.unit_tests.evaluation.scripted import saying
from tests.unit_tests.evaluation.small_chats import chats

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = saying("no idea")
CLIENT = Client(api_key="lsv2-none", auto_batch_tracing=False)


@pytest.fixture
def uploads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Note the runs that would be sent to LangSmith, which is switched on."""
    sent: list[Any] = []
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2-none")
    monkeypatch.setattr(LangChainTracer, "_persist_run_single", lambda _, run: sent.append(run))
    monkeypatch.setattr(LangChainTracer, "_update_run_single", sent.append)
    monkeypatch.setattr("langchain_core.tracers.langchain.get_client", lambda: CLIENT)
    get_env_var.cache_clear()
    yield sent
    get_env_var.cache_clear()


class Listener(BaseCallbackHandler):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **_: Any) -> None:
        self.heard.append(messages)


def audit(_: Any = None, max_concurrency: int = 1) -> int:
    return audit_leaks(MODEL, chats(), samples=0, max_concurrency=max_concurrency).asked


async def aaudit(_: Any = None) -> int:
    return (await aaudit_leaks(MODEL, chats(), samples=0)).asked


def test_langsmith_gets_nothing(uploads: list[Any]) -> None:
    assert audit() + audit(max_concurrency=3) + asyncio.run(aaudit()) > 60
    with tracing_v2_enabled(client=CLIENT):
        assert audit() + asyncio.run(aaudit()) > 40
    assert uploads == []
    MODEL.invoke("hello")
    assert len(uploads) == 2, "it would have got what others ask"


def test_callbacks_around_an_audit_hear_nothing() -> None:
    listener = Listener()
    around = RunnableLambda(audit, afunc=aaudit)
    with collect_runs() as runs:
        around.invoke(None, {"callbacks": [listener]})
        asyncio.run(around.ainvoke(None, {"callbacks": [listener]}))
        assert listener.heard == []
        assert "any news" not in str([run.child_runs for run in runs.traced_runs])
    around = RunnableLambda(lambda _: MODEL.invoke("hello"))
    around.invoke(None, {"callbacks": [listener]})
    assert len(listener.heard) == 1, "it would have heard what others ask"


@pytest.mark.parametrize("name", ["LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"])
def test_langchains_old_tracing_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    with pytest.raises(ValueError, match=f"{name} is set"):
        audit()
    with pytest.raises(ValueError, match=f"{name} is set"):
        asyncio.run(aaudit())
    monkeypatch.setenv(name, "false")
    assert audit() > 20


async def test_a_cancelled_audit_asks_no_further() -> None:
    asked: list[Any] = []
    started = asyncio.Event()

    async def wait(question: Any) -> str:
        asked.append(question)
        started.set()
        await asyncio.Event().wait()
        return "never"

    under_way = asyncio.create_task(aaudit_leaks(RunnableLambda(wait), chats(), samples=0))
    await started.wait()
    before = asyncio.all_tasks() - {asyncio.current_task()}
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert len(asked) == 1
    assert all(task.done() for task in before), "nobody waits for an answer any more"
