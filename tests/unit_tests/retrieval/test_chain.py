"""The chain as a Runnable: its laws, what tracers hear of it, and what it takes and gives."""

from __future__ import annotations

import asyncio
import pickle
import random
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import ConfigurableField, RunnableLambda
from langchain_core.tracers.context import collect_runs

from langchain_fbmessenger import (
    InvalidInputError,
    InvalidOptionError,
    PersonaRetriever,
    map_ai_messages,
    persona_chain,
    pseudonymize_chat_sessions,
    split_chat_sessions,
)
from langchain_fbmessenger._internal.tracing import iterate_untraced
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPrompt, prompt_with
from tests.unit_tests.builders import timed_session
from tests.unit_tests.canaries import SYSTEM, Recorder, assert_clean, session
from tests.unit_tests.retrieval.piecemeal import PiecemealModel
from tests.unit_tests.retrieval.small_chats import sessions, thread

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.runnables import Runnable

QUESTIONS: list[Any] = [
    "concert tonight?",
    "",
    {"input": "concert?", "contact": "Milo Dvořák", "history": [("human", "a"), ("ai", "b")]},
    [("human", "a"), ("ai", "b"), ("human", "owl")],
]


RETRIEVER = PersonaRetriever.from_sessions(sessions())


def chain(says: str | None = "aye captain, in a minute", **options: Any) -> Any:
    return persona_chain(PiecemealModel(says=says), RETRIEVER, **options)


def joined(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    return reduce(add, chunks)


@pytest.mark.parametrize("question", QUESTIONS, ids=repr)
async def test_streams_and_async_twins_give_what_invoke_gives(question: Any) -> None:
    one = chain(None)
    answer = one.invoke(question)
    assert isinstance(answer, AIMessage)
    streamed = list(one.stream(question))
    assert joined(streamed).text == answer.text
    assert all(isinstance(chunk, AIMessageChunk) for chunk in streamed)
    assert joined([c async for c in one.astream(question)]).text == answer.text
    assert (await one.ainvoke(question)).text == answer.text
    assert [m.text for m in one.batch([question] * 2)] == [answer.text] * 2
    assert [m.text for m in await one.abatch([question] * 2)] == [answer.text] * 2
    assert joined(list(one.transform(iter([question])))).text == answer.text
    asked = [[(m.type, m.text) for m in messages] for messages, _ in one.model.asked]
    assert all(messages == asked[0] for messages in asked), "the model is asked the same each time"


def test_it_streams_in_a_chain_piece_by_piece() -> None:
    pieces = list((chain() | StrOutputParser()).stream("hi"))
    assert len([piece for piece in pieces if piece]) == 8
    assert "".join(pieces) == "aye captain, in a minute"


def test_nothing_is_asked_before_something_is_taken() -> None:
    one = chain()
    stream = one.stream("hi")
    assert one.model.asked == []
    next(stream)
    stream.close()
    assert len(one.model.asked) == 1


def test_options_of_a_call_are_the_models() -> None:
    one = chain()
    one.bind(stop=["x"], temperature=0.5).invoke("hi")
    list(one.stream("hi", stop=["y"]))
    assert [o for _, o in one.model.asked] == [
        {"stop": ["x"], "temperature": 0.5},
        {"stop": ["y"]},
    ]


def test_what_configures_the_model_reaches_it() -> None:
    model = PiecemealModel(says="a").configurable_fields(says=ConfigurableField("says"))
    one = persona_chain(model, PersonaRetriever())
    assert one.invoke("hi", {"configurable": {"says": "b"}}).text == "b"
    assert joined(list(one.with_config(configurable={"says": "c"}).stream("hi"))).text == "c"


def test_any_runnable_that_gives_messages_will_do() -> None:
    model: Runnable[Any, Any] = RunnableLambda(lambda messages: AIMessage(messages[-1].text * 2))
    one = persona_chain(model, PersonaRetriever())
    assert one.invoke("ab").text == "abab"
    assert joined(list(one.stream("ab"))).text == "abab"


def test_a_model_that_gives_texts_is_refused() -> None:
    one = persona_chain(PiecemealModel(says="secret") | StrOutputParser(), PersonaRetriever())
    for call in (one.invoke, lambda question: list(one.stream(question))):
        with pytest.raises(InvalidInputError, match="gives AI messages, got") as caught:
            call("hi")
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"max_tokens": 0}, {"k": -1}, {"facts": -1}, {"system": 7}, {"key": 7}]
)
def test_wrong_options_are_told_at_once(options: Any) -> None:
    with pytest.raises((InvalidOptionError, TypeError)):
        chain(**options)


def test_other_models_and_retrievers_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match="model"):
        persona_chain(lambda messages: messages, PersonaRetriever())  # type: ignore[arg-type]
    with pytest.raises(InvalidOptionError, match="retriever"):
        persona_chain(PiecemealModel(), RunnableLambda(str))  # type: ignore[arg-type]


def test_it_is_pickled_and_shown_without_texts() -> None:
    one = chain(system=prompt_with(SystemPrompt("You are {owner}, secret.", is_template=True), {}))
    again = pickle.loads(pickle.dumps(one))  # noqa: S301 - own
    question = {"input": "concert", "owner": "Zoë"}
    assert again.messages(question) == one.messages(question)
    for shown in (repr(one), dumps(one)):
        assert "secret" not in shown
        assert "cello" not in shown


def test_its_schemas_can_be_made() -> None:
    one = chain()
    assert one.get_input_jsonschema()["anyOf"][0] == {"type": "string"}
    assert one.get_output_jsonschema()["title"] == "persona_chainOutput" or one.OutputType
    assert one.get_name() == "persona_chain"


class Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.tokens.append(token)


def test_tracers_hear_counts_and_callbacks_hear_tokens() -> None:
    retriever = PersonaRetriever.from_sessions([session()])
    one = persona_chain(PiecemealModel(says="zqtext"), retriever, system=SYSTEM)
    recorder, tokens = Recorder(), Tokens()
    config: Any = {"callbacks": [recorder, tokens, UsageMetadataCallbackHandler()], "tags": ["t"]}
    question = {"input": "zqtext says number", "contact": "Zqname Zqfamily"}

    async def in_the_loop() -> None:
        await one.ainvoke(question, config)
        [chunk async for chunk in one.astream(question, config)]

    with collect_runs() as collected:
        one.invoke(question, config)
        list(one.stream(question, config))
        asyncio.run(in_the_loop())
        one.batch([question], config)
        broken = persona_chain(PiecemealModel(fails=True), retriever)
        with pytest.raises(RuntimeError):
            broken.invoke(question, config)
    told = Recorder()
    told.runs = [*recorder.runs, *collected.traced_runs]
    assert len(told.runs) == 12
    assert {run.name for run in told.runs} == {"persona_chain"}
    assert told.runs[0].outputs == {"similar": 4, "facts": 0}
    assert_clean(told.told())
    assert not any(run.child_runs for run in told.runs), "the model's run is shut to tracers"
    assert "".join(tokens.tokens) == "zqtext" * 2


def test_a_context_that_traces_is_as_before_behind_the_chain() -> None:
    one = chain()
    with collect_runs() as collected:
        stream = one.stream("hi")
        next(stream)
        RunnableLambda(str).invoke("between")
        list(stream)
        RunnableLambda(str).invoke("behind")
    names = [run.name for run in collected.traced_runs]
    assert sorted(names) == ["persona_chain", "str", "str"]


def test_what_is_iterated_is_closed_early() -> None:
    closed = []

    def items() -> Any:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    some = iterate_untraced(items())
    assert next(some) == 1
    some.close()
    assert closed == [True]


async def test_events_of_the_chain_come_with_the_models_tokens() -> None:
    events = [event async for event in chain().astream_events("hi", version="v2")]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("on_chain_start", "on_chain_end")
    assert kinds.count("on_chat_model_stream") >= 8


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("key") / "names.key"


def hidden_chats(key: Path) -> PersonaRetriever:
    chats = [
        timed_session(
            (0, "Milo Dvořák: Is Jana Nováková coming to the concert?"),
            (0.1, "Zoë Ångström: ask Jana, Milo"),
            (0.2, "Milo Dvořák: ok Zoë"),
            (0.3, "Zoë Ångström: tell Milo's owl"),
            thread=thread("Milo Dvořák", "Jana Nováková")
            | {"participants": ["Milo Dvořák", "Jana Nováková", "Zoë Ångström"]}
            | {"is_group": False, "owner": "Zoë Ångström"},
        )
    ]
    pipeline = split_chat_sessions() | pseudonymize_chat_sessions(key=key) | map_ai_messages()
    return PersonaRetriever.from_sessions(pipeline.invoke(chats))


def test_the_model_gets_invented_names_and_who_asks_real_ones(key: Path) -> None:
    retriever = hidden_chats(key)
    (document, *_) = retriever.invoke("concert")
    assert "Jana" not in document.page_content
    for size in range(1, 20):
        model = PiecemealModel(size=size)
        one = persona_chain(model, retriever, key=key, system="You write to Milo.", k=1)
        question = {
            "input": "Does Jana Nováková like the concert, Milo?",
            "history": [
                HumanMessage("Milo!", name="Milo"),
                AIMessage([{"type": "text", "text": "Jana?"}]),
            ],
            "contact": "Milo Dvořák",
        }
        answer = one.invoke(question)
        assert answer.text == question["input"]
        assert joined(list(one.stream(question))).text == answer.text
        asked = str(model.asked[-1][0])
        assert not any(name in asked for name in ("Jana", "Milo", "Nováková"))
        assert "concert" in asked


def test_facts_are_found_under_a_contacts_real_name(key: Path) -> None:
    one = persona_chain(PiecemealModel(), hidden_chats(key), key=key, k=0, facts=1)
    for contact, shown in (("Milo Dvořák", 3), ("milo dvorak", 3), ("Emma Johnson", 1)):
        assert len(one.messages({"input": "and the owl?", "contact": contact})) == shown


def test_a_split_name_waits_and_other_words_do_not(key: Path) -> None:
    retriever = hidden_chats(key)
    said = "well now then Milo Dvořák comes with you and me"
    one = persona_chain(PiecemealModel(size=1), retriever, key=key, k=0)
    pieces = [chunk.text for chunk in one.stream(said)]
    assert "".join(pieces) == said
    assert pieces.index("well ") < 10, "words before a name come at once"
    assert not any(0 < len(piece) < 4 and piece in "Milo" for piece in pieces)


@pytest.mark.parametrize("seed", range(5))
def test_in_whatever_pieces_it_comes_the_answer_is_the_same(key: Path, seed: int) -> None:
    retriever = hidden_chats(key)
    rng = random.Random(seed)  # noqa: S311 - no secret
    words = ["Milo", "Jana", "Dvořák", "Nováková", "Zoë", "and", "owl,", "the", "\n", "x"]
    said = " ".join(rng.choices(words, k=30))
    one = persona_chain(PiecemealModel(size=rng.randint(1, 9)), retriever, key=key, k=0)
    assert joined(list(one.stream(said))).text == one.invoke(said).text


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    one = chain(key=tmp_path / "none.key")
    for call in (one.invoke, lambda question: list(one.stream(question))):
        with pytest.raises(FileNotFoundError):
            call("hi")
    assert list(tmp_path.iterdir()) == [], "none is made"
