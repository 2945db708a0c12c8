"""No tracer and no callback of the caller's sees what an evaluation asks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.context import collect_runs, tracing_v2_enabled

from langchain_fbmessenger import InvalidOptionError, aevaluate, evaluate
from tests.unit_tests.evaluation.scripted import saying
from tests.unit_tests.evaluation.test_asking import CLIENT, Listener, uploads

__all__ = ["uploads"]  # a fixture

MODEL = saying("no idea")
VALID: list[Any] = [
    {
        "messages": [
            {"role": "user", "content": f"any news of {number}?"},
            {"role": "assistant", "content": f"none of {number}"},
        ]
    }
    for number in range(6)
]
FRIENDS = {"Al": ["hi"] * 3, "Bo": ["ho"] * 3}


def asked(_: Any = None, max_concurrency: int = 1) -> int:
    options: dict[str, Any] = {"max_concurrency": max_concurrency, "train": VALID[:2]}
    report = evaluate({"m": MODEL, "base": MODEL}, VALID[2:], FRIENDS, **options)
    return report.model("m").asked - report.model("m").failed


async def aasked(_: Any = None) -> int:
    report = await aevaluate({"m": MODEL, "base": MODEL}, VALID[2:], FRIENDS, train=VALID[:2])
    return report.model("m").asked - report.model("m").failed


def test_langsmith_gets_nothing(uploads: list[Any]) -> None:
    assert [asked(), asked(max_concurrency=3), asyncio.run(aasked())] == [4] * 3
    with tracing_v2_enabled(client=CLIENT):
        assert [asked(), asyncio.run(aasked())] == [4] * 2
    assert uploads == []
    MODEL.invoke("hello")
    assert len(uploads) == 2, "it would have got what others ask"


def test_callbacks_around_an_evaluation_hear_nothing() -> None:
    listener = Listener()
    around = RunnableLambda(asked, afunc=aasked)
    with collect_runs() as runs:
        around.invoke(None, {"callbacks": [listener]})
        asyncio.run(around.ainvoke(None, {"callbacks": [listener]}))
        assert listener.heard == []
        assert "any news" not in str([run.child_runs for run in runs.traced_runs])


@pytest.mark.parametrize("name", ["LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"])
def test_langchains_old_tracing_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "true")
    with pytest.raises(InvalidOptionError, match=f"{name} is set"):
        asked()
    with pytest.raises(InvalidOptionError, match=f"{name} is set"):
        asyncio.run(aasked())
