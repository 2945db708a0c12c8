"""No word of a chat, no name, no title and no system prompt gets into a trace.

LangSmith's own tracer, and what it uploads, is tried in the integration tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManager
from langchain_core.runnables import ConfigurableField, RunnableLambda
from langchain_core.runnables.config import _get_langsmith_inheritable_metadata_from_config
from langchain_core.tracers.context import collect_runs, tracing_v2_enabled

from langchain_fbmessenger import (
    FineTuner,
    balance_examples,
    map_ai_messages,
    merge_chat_runs,
    split_chat_sessions,
    split_examples,
    to_preference_pairs,
    to_training_examples,
)
from langchain_fbmessenger._internal.tracing import traced_run, untraced, without_tracers
from tests.unit_tests.canaries import (
    NAME,
    OWNER,
    PROMPT,
    SYSTEM,
    TEXT,
    Recorder,
    assert_clean,
    session,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.runnables import RunnableConfig

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*nothing is held out"),
    pytest.mark.filterwarnings("ignore:astream_log is deprecated"),
    pytest.mark.filterwarnings("ignore:A test tried to use socket"),
]

SESSIONS = [session(number) for number in range(4)]
EXAMPLES = to_training_examples(system=SYSTEM, max_messages=4, overlap=2)
STAGES = {
    "merge": merge_chat_runs(),
    "map": map_ai_messages(sender=OWNER),
    "split": split_chat_sessions(gap="1h"),
    "examples": EXAMPLES,
    "balance": EXAMPLES | balance_examples(max_repeats=50, min_letters=1),
    "held out": EXAMPLES | split_examples(valid=0.5),
    "pairs": split_chat_sessions() | to_preference_pairs(),
    "road": split_chat_sessions(gap="auto") | merge_chat_runs() | map_ai_messages() | EXAMPLES,
}
every_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)


async def asessions() -> AsyncIterator[Any]:
    for one in SESSIONS:
        yield one


@every_stage
def test_no_way_of_running_a_stage_tells_a_tracer_anything_private(stage: Any) -> None:
    recorder = Recorder()
    config: RunnableConfig = {"callbacks": [recorder]}
    stage.invoke(SESSIONS, config)
    stage.invoke(SESSIONS[0], config)
    list(stage.stream(iter(SESSIONS), config))
    list(stage.transform(iter(SESSIONS), config))
    stage.batch([SESSIONS, SESSIONS], config)
    stage.with_config(run_name="mine", tags=["t"], callbacks=[recorder]).invoke(SESSIONS)
    closed = stage.stream(SESSIONS, config)
    next(closed, None)  # sessions may give no preference pair
    closed.close()
    assert len(recorder.runs) == 8
    assert all(run.outputs and "items" in run.outputs for run in recorder.runs)
    assert_clean(recorder.told())


@every_stage
async def test_nor_does_any_way_of_running_it_asynchronously(stage: Any) -> None:
    recorder = Recorder()
    config: RunnableConfig = {"callbacks": [recorder]}
    await stage.ainvoke(SESSIONS, config)
    assert [item async for item in stage.astream(asessions(), config)] or stage is STAGES["pairs"]
    await stage.abatch([SESSIONS, SESSIONS], config)
    events = [event async for event in stage.astream_events(SESSIONS, config, version="v2")]
    log = [patch async for patch in stage.astream_log(SESSIONS, config, diff=False)][-1]
    assert len(recorder.runs) == 6
    assert_clean(recorder.told())
    # What the caller of these two gave is handed back to the caller, by langchain-core; the events
    # of the run itself hold counts.
    assert_clean([event["data"] for event in events[1:] if "chunk" not in event["data"]])
    assert_clean(log.state["logs"])


class BrokenSourceError(Exception):
    """What a source of the user's own may raise: it quotes what it read."""


def broken_source() -> Iterator[Any]:
    yield SESSIONS[0]
    raise BrokenSourceError(TEXT) from ValueError(NAME)


async def abroken_source() -> AsyncIterator[Any]:
    yield SESSIONS[0]
    raise BrokenSourceError(TEXT) from ValueError(NAME)


@every_stage
async def test_errors_are_traced_by_their_type_alone(stage: Any) -> None:
    recorder = Recorder()
    config: RunnableConfig = {"callbacks": [recorder]}
    with pytest.raises(BrokenSourceError, match=TEXT):
        list(stage.stream(broken_source(), config))
    with pytest.raises(BrokenSourceError, match=TEXT):
        async for _ in stage.astream(abroken_source(), config):
            pass
    assert ["BrokenSourceError" in str(run.error) for run in recorder.runs] == [True] * 2
    assert_clean(recorder.told())


def test_names_in_our_own_errors_reach_the_caller_and_no_trace() -> None:
    recorder = Recorder()
    with pytest.raises(LookupError, match=NAME):
        map_ai_messages(sender="Nobody").invoke(SESSIONS, {"callbacks": [recorder]})
    assert "UnknownSenderError" in str(recorder.runs[0].error)
    assert_clean(recorder.told())


def test_failing_tuner_traces_no_example() -> None:
    recorder = Recorder()
    tuner = FineTuner(provider="http://127.0.0.1:9/v1", system=SYSTEM)
    for chain in (tuner, EXAMPLES | tuner):
        with pytest.raises(Exception, match=r"127\.0\.0\.1|socket"):
            chain.invoke(SESSIONS, {"callbacks": [recorder]})
    assert len(recorder.runs) == 2
    assert_clean(recorder.told())


class LangSmithLike(BaseCallbackHandler):
    """Is told, as LangSmith's tracer is, of options that core makes metadata of."""

    def __init__(self) -> None:
        self.metadata: list[Any] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.metadata.append(kwargs["metadata"])


def test_options_set_by_configurable_are_no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGCHAIN_FBMESSENGER_HOME")  # core tells of such variables, too
    seen: list[Any] = []
    stage = EXAMPLES.configurable_fields(system=ConfigurableField("system"))
    config: RunnableConfig = {
        "configurable": {"system": PROMPT, "thread_id": NAME},
        "metadata": {"system": PROMPT, "kept": "yes"},  # as older versions of core have copied it
    }
    handler = LangSmithLike()
    made: Any = stage.invoke(SESSIONS, {**config, "callbacks": [handler]})
    assert made[0]["messages"][0]["content"] == PROMPT
    assert handler.metadata == [{"kept": "yes"}]
    with traced_run(config, "x") as run:
        seen.append(_get_langsmith_inheritable_metadata_from_config(run.config))
    assert seen == [None]
    # The detector detects: of the config as it was given, core makes metadata.
    assert PROMPT in str(
        _get_langsmith_inheritable_metadata_from_config({**config, "metadata": {}})
    )


def test_path_of_the_state_folder_is_hidden_from_langsmith(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """LangSmith's client adds each variable named LANGCHAIN_… that the run does not have itself."""
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", f"/home/{TEXT}")
    handler = LangSmithLike()
    merge_chat_runs().invoke(SESSIONS, {"callbacks": [handler]})
    assert handler.metadata == [{"LANGCHAIN_FBMESSENGER_HOME": "private"}]


def test_foreign_runnable_in_the_chain_is_traced_with_its_input() -> None:
    """It shows that the recorder sees what is there to be seen, and what the docs warn of."""
    recorder = Recorder()
    chain = merge_chat_runs() | RunnableLambda(len)
    assert chain.invoke(SESSIONS, {"callbacks": [recorder]}) == len(SESSIONS)
    assert TEXT in recorder.told()


def test_switched_on_v1_tracing_is_core_s_error_without_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGCHAIN_TRACING", "true")
    with pytest.raises(RuntimeError, match="V1 is no longer supported") as caught:
        merge_chat_runs().invoke(SESSIONS)
    assert_clean(caught.value)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("LANGSMITH_TRACING",),
        ("LANGCHAIN_TRACING",),  # LangChain's old tracer, an error where there is no new one
        ("LANGSMITH_TRACING", "LANGCHAIN_TRACING"),
    ],
)
def test_what_is_run_untraced_reaches_no_tracer(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        monkeypatch.setenv(name, "true")
    told: list[Any] = []
    monkeypatch.setattr(
        "langchain_core.tracers.langchain.LangChainTracer._start_trace",
        lambda _, run: told.append(run),
    )
    chain = RunnableLambda(lambda text: RunnableLambda(str.upper).invoke(text))
    with collect_runs() as collected, untraced():
        assert chain.invoke(TEXT) == TEXT.upper()
        assert chain.batch([TEXT] * 2) == [TEXT.upper()] * 2
        assert list(chain.stream(TEXT)) == [TEXT.upper()]
    assert (told, collected.traced_runs) == ([], [])
    with tracing_v2_enabled(client=object()):  # type: ignore[arg-type]  # is never called
        with untraced():
            chain.invoke(TEXT)
        assert told == []
        chain.invoke("now")
    assert told, "it would be seen"


def test_callbacks_without_tracers_keep_the_others_and_are_their_own() -> None:
    other, tracer = BaseCallbackHandler(), Recorder()
    manager = CallbackManager([other, tracer], [tracer], tags=["t"])
    kept = without_tracers(manager)
    assert isinstance(kept, CallbackManager)
    assert (kept.handlers, kept.inheritable_handlers, kept.tags) == ([other], [], ["t"])
    assert manager.handlers == [other, tracer]
    assert without_tracers([other, tracer]) == [other]
    assert without_tracers(None) == []
