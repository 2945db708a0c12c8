"""The laws of the Runnables, for every stage and for chains of them."""

from __future__ import annotations

import asyncio
import gc
import pickle
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import (
    ConfigurableField,
    RunnableLambda,
    RunnablePassthrough,
    RunnableSequence,
)
from langchain_core.tracers.context import collect_runs

from langchain_fbmessenger import (
    Contacts,
    FacebookMessengerChatLoader,
    apply_consent,
    balance_examples,
    map_ai_messages,
    merge_chat_runs,
    pseudonymize_chat_sessions,
    redact_identifiers,
    split_chat_sessions,
    to_training_examples,
)
from langchain_fbmessenger.privacy.consent.contacts import Contact
from langchain_fbmessenger.sessions import ChatSessionPipeline
from tests.unit_tests.builders import message, session, thread_json, write_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

INCLUDED = Contact(consent="include")
CONTACTS = Contacts(default="exclude", people={"Al": INCLUDED, "Zoë": INCLUDED})
KEY = Path(tempfile.mkdtemp()) / "names.key"
STAGES = {
    "pseudonyms": pseudonymize_chat_sessions(key=KEY),
    "pseudonyms for strangers": pseudonymize_chat_sessions(key=KEY, unknown_names="replace"),
    "redact|pseudonyms|map": redact_identifiers()
    | pseudonymize_chat_sessions(key=KEY, keep=["Zoë"], identifiers=None)
    | map_ai_messages(sender="Zoë"),
    "consent": apply_consent(contacts=CONTACTS),
    "consent|map": apply_consent(contacts=CONTACTS) | map_ai_messages(sender="Zoë"),
    "merge": merge_chat_runs(),
    "map": map_ai_messages(sender="Zoë"),
    "split": split_chat_sessions(gap="0.5s"),
    "examples": to_training_examples(max_messages=3, overlap=1),
    "merge|map": merge_chat_runs() | map_ai_messages(sender="Zoë"),
    "map|examples|balance": map_ai_messages(sender="Zoë")
    | to_training_examples(max_messages=4, overlap=2)
    | balance_examples(max_repeats=50, min_letters=1),
    "split|merge|map|examples": split_chat_sessions(gap="auto")
    | merge_chat_runs()
    | map_ai_messages(sender="Zoë")
    | to_training_examples(max_messages=4, overlap=2),
}
SESSIONS = [
    session("Al: secret a", "Zoë: b", "Zoë: c", "Al: d", "Zoë: e"),
    session("Al: f"),
    session("Zoë: g", "Al: h", "Zoë: i"),
]
every_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)

lines = st.lists(
    st.builds("{}: {}".format, st.sampled_from(["Al", "Zoë", "Bo"]), st.text(max_size=8)),
    max_size=12,
)
many_sessions = st.lists(lines.map(lambda given: session("Zoë: hi", *given)), max_size=5)


async def alist(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


async def aiter_of(items: list[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@every_stage
@given(sessions=many_sessions)
def test_stream_invoke_and_their_twins_agree(stage: Any, sessions: list) -> None:
    invoked = stage.invoke(sessions)
    assert isinstance(invoked, list)
    assert list(stage.stream(sessions)) == invoked
    assert list(stage.stream(iter(sessions))) == invoked
    assert list(stage.transform(iter(sessions))) == invoked

    async def twins() -> None:
        assert await stage.ainvoke(sessions) == invoked
        assert await alist(stage.astream(sessions)) == invoked
        assert await alist(stage.astream(iter(sessions))) == invoked
        assert await alist(stage.astream(aiter_of(sessions))) == invoked
        assert await alist(stage.atransform(aiter_of(sessions))) == invoked
        assert await alist(await stage.ainvoke(aiter_of(sessions))) == invoked

    asyncio.run(twins())


@every_stage
def test_what_goes_in_comes_out(stage: Any) -> None:
    one = stage.invoke(SESSIONS[0])
    assert isinstance(one, dict if stage.one_to_one else list)
    assert list(stage.stream(SESSIONS[0])) == ([one] if stage.one_to_one else one)
    lazy = stage.invoke(iter(SESSIONS))
    assert not isinstance(lazy, list)
    assert list(lazy) == stage.invoke(SESSIONS)
    assert stage.invoke(tuple(SESSIONS)) == stage.invoke(SESSIONS)
    assert stage.batch([SESSIONS[0], SESSIONS[:1]]) == [one, stage.invoke(SESSIONS[:1])]


@every_stage
def test_functions_and_runnables_agree(stage: Any) -> None:
    assert list(stage.apply(iter(SESSIONS))) == stage.invoke(SESSIONS)


def test_function_form_is_a_plain_lazy_iterator() -> None:
    read: list[int] = []

    def source() -> Iterator[dict]:
        for number, one in enumerate(SESSIONS):
            read.append(number)
            yield one

    merged = merge_chat_runs(source())
    assert read == []
    next(merged)
    assert read == [0]


class Source:
    """Counts the sessions that were asked for and those that are still alive."""

    class Session(dict):
        """A dict that can be referred to weakly."""

    def __init__(self) -> None:
        self.asked = 0
        self.alive: weakref.WeakSet = weakref.WeakSet()

    def __iter__(self) -> Iterator[dict]:
        for _ in range(20):
            self.asked += 1
            made = self.Session(session("Al: a", "*Zoë: b"))
            self.alive.add(_Marker.attach(made))
            yield made
            del made


class _Marker:
    """Lives as long as the message list that it is attached to."""

    @classmethod
    def attach(cls, made: dict) -> _Marker:
        marker = cls()
        made["marker"] = marker
        return marker


@every_stage
def test_one_session_is_held_at_a_time(stage: Any) -> None:
    source = Source()
    most = 0
    gc.freeze()  # of a long run's objects, only the new ones are looked through
    try:
        for item in stage.stream(iter(source)):
            del item
            gc.collect()
            most = max(most, len(source.alive))
    finally:
        gc.unfreeze()
    assert source.asked == 20
    assert most <= 2, "the one that was given, and the one before it in a frame"


@every_stage
def test_early_close_reads_no_further(stage: Any) -> None:
    source = Source()
    stream = stage.stream(iter(source))
    next(stream)
    stream.close()
    assert source.asked == 1


@every_stage
async def test_early_close_of_the_async_twin_reads_no_further(stage: Any) -> None:
    source = Source()
    stream = stage.astream(iter(source))
    await anext(stream)
    await stream.aclose()
    assert source.asked == 1


async def test_cancelled_stream_lets_go_of_a_source_that_never_answers() -> None:
    asked = asyncio.Event()

    async def never() -> AsyncIterator[dict]:
        asked.set()
        await asyncio.Event().wait()
        yield {}

    task = asyncio.create_task(alist(merge_chat_runs().astream(never())))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_many_streams_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """A shared pool of threads would be full of stages that wait for their loaders."""
    await asyncio.to_thread(write_thread, tmp_path, thread_json([message("Zoë", 1, "hi")]))
    loader = FacebookMessengerChatLoader(tmp_path)
    streams = [alist(STAGES["merge|map"].astream(loader.alazy_load())) for _ in range(40)]
    results = await asyncio.wait_for(asyncio.gather(*streams), timeout=60)
    assert [len(result) for result in results] == [1] * 40


class Runs(BaseCallbackHandler):
    """Writes down all that callbacks are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.told.append(("start", (inputs, kwargs.get("name"), kwargs.get("tags"))))

    def on_chain_end(self, outputs: Any, **kwargs: Any) -> None:
        self.told.append(("end", outputs))

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self.told.append(("error", str(error)))


@every_stage
def test_callbacks_get_counts_and_never_text(stage: Any) -> None:
    runs = Runs()
    with collect_runs() as traced:
        items = stage.invoke(SESSIONS, {"callbacks": [runs], "run_name": "mine", "tags": ["t"]})
        list(stage.stream(iter(SESSIONS)))
    assert runs.told == [
        ("start", ({"input": ""}, "mine", ["t"])),
        ("end", {"sessions": 3, "items": len(items)}),
    ]
    assert len(traced.traced_runs) == 2
    assert "secret" not in str([run.model_dump() for run in traced.traced_runs])


async def test_async_callbacks_get_the_same() -> None:
    runs = Runs()
    events = [
        event
        async for event in STAGES["merge|map"].astream_events(
            SESSIONS, {"callbacks": [runs]}, version="v2"
        )
    ]
    assert [what for what, _ in runs.told] == ["start", "end"]
    assert events[0]["event"] == "on_chain_start"
    assert events[-1]["event"] == "on_chain_end"


def test_early_close_ends_the_run_with_its_counts() -> None:
    runs = Runs()
    stream = merge_chat_runs().stream(SESSIONS, {"callbacks": [runs]})
    next(stream)
    stream.close()
    assert runs.told[-1] == ("end", {"sessions": 1, "items": 1})


def test_errors_are_traced_without_text() -> None:
    runs = Runs()
    with pytest.raises(LookupError):
        map_ai_messages(sender="Nobody").invoke(SESSIONS, {"callbacks": [runs]})
    assert runs.told[-1][0] == "error"
    assert "secret" not in runs.told[-1][1]


@pytest.mark.parametrize("wrong", [None, 7, "secret", [7], ["secret"], {"no": "messages"}, [{}]])
def test_other_input_is_a_type_error_that_quotes_nothing(wrong: Any) -> None:
    for call in (merge_chat_runs().invoke, lambda wrong: list(merge_chat_runs().stream(wrong))):
        with pytest.raises(TypeError, match="expected chat sessions") as caught:
            call(wrong)
        assert "secret" not in str(caught.value)


def test_async_source_in_sync_code_says_what_to_use() -> None:
    with pytest.raises(TypeError, match="astream"):
        list(merge_chat_runs().stream(aiter_of(SESSIONS)))


@every_stage
def test_stages_are_values(stage: Any) -> None:
    again = pickle.loads(pickle.dumps(stage))  # noqa: S301 - own
    assert again == stage
    assert hash(again) == hash(stage)
    assert list(again.stream(SESSIONS)) == list(stage.stream(SESSIONS))
    with pytest.raises(ValueError, match="frozen"):
        stage.name = "other"


def test_unknown_options_are_refused() -> None:
    with pytest.raises(ValueError, match="extra"):
        type(merge_chat_runs())(delimeter="\n")


def test_our_stages_compose_to_a_pipeline_of_our_own() -> None:
    left, middle, right = merge_chat_runs(), map_ai_messages(sender="Zoë"), to_training_examples()
    assert left | (middle | right) == (left | middle) | right == left.pipe(middle, right)
    assert isinstance(left | middle, ChatSessionPipeline)
    assert (left | middle).get_name() == "merge_chat_runs|map_ai_messages"


def test_foreign_runnables_compose_to_the_core_sequence_and_agree() -> None:
    foreign = RunnableLambda(lambda sessions: sessions[:2]) | merge_chat_runs()
    assert isinstance(foreign, RunnableSequence)
    assert foreign.invoke(SESSIONS) == merge_chat_runs().invoke(SESSIONS[:2])
    assert list(foreign.stream(SESSIONS)) == foreign.invoke(SESSIONS)
    behind = merge_chat_runs() | RunnableLambda(len)
    assert behind.invoke(SESSIONS) == 3


def test_foreign_function_behind_a_stage_gets_all_sessions_in_a_stream_too() -> None:
    """Of dicts that pass as chunks, langchain-core would give it the last."""
    chain = merge_chat_runs() | RunnableLambda(lambda sessions: sessions[1:]) | STAGES["map"]
    assert chain.invoke(SESSIONS) == STAGES["merge|map"].invoke(SESSIONS)[1:]
    assert list(chain.stream(SESSIONS)) == chain.invoke(SESSIONS)
    bound = merge_chat_runs().with_config(tags=["t"]) | RunnableLambda(len)
    assert list(bound.stream(SESSIONS)) == [bound.invoke(SESSIONS)] == [3]
    parallel = merge_chat_runs() | {"n": len, "same": RunnablePassthrough()}
    assert parallel.invoke(SESSIONS)["n"] == 3


@pytest.mark.parametrize(
    "chain",
    [
        merge_chat_runs().with_config(tags=["t"]) | STAGES["map"],
        merge_chat_runs() | STAGES["map"].with_config(tags=["t"]),
        merge_chat_runs().pipe(STAGES["map"], name="n"),
        STAGES["merge|map"].with_config(run_name="n"),
    ],
)
def test_bound_config_leaves_a_pipeline_of_ours(chain: Any) -> None:
    expected = STAGES["merge|map"].invoke(SESSIONS)
    with collect_runs() as traced:
        assert list(chain.stream(SESSIONS)) == expected
        assert chain.invoke(SESSIONS) == expected
    assert [run.child_runs for run in traced.traced_runs] == [[], []]
    assert all(run.tags == ["t"] or run.name == "n" for run in traced.traced_runs)
    assert "secret" not in str([run.model_dump() for run in traced.traced_runs])


def test_options_at_run_time_are_refused() -> None:
    with pytest.raises(TypeError, match="takes no options when it runs, got delimiter"):
        merge_chat_runs().bind(delimiter="\n").invoke(SESSIONS)


def test_graph_shows_the_steps() -> None:
    nodes = [node.name for node in STAGES["split|merge|map|examples"].get_graph().nodes.values()]
    assert {"merge_chat_runs", "map_ai_messages", "to_training_examples"} <= set(nodes)


@every_stage
def test_schemas_work_on_every_python(stage: Any) -> None:
    assert "messages" in str(stage.get_input_jsonschema())
    assert "messages" in str(stage.get_output_jsonschema())


def test_fields_can_be_configured() -> None:
    stage = merge_chat_runs().configurable_fields(delimiter=ConfigurableField(id="delimiter"))
    merged = stage.with_config(configurable={"delimiter": " / "}).invoke(SESSIONS[0])
    assert merged["messages"][1].content == "b / c"
