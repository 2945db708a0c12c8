"""An agent's model sees pseudonyms; its user, its tools and its state have real names."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelFallbackMiddleware, dynamic_prompt
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_fbmessenger import (
    InvalidOptionError,
    MissingExtraError,
    PseudonymMiddleware,
    pseudonymize_chat_sessions,
    restore_names,
)
from langchain_fbmessenger.agents import middleware as module
from langchain_fbmessenger.privacy.names import NameBook
from tests.unit_tests.agents.recording_model import RecordingModel, sent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MILO, JANA = "Milo Dvořák", "Jana Nováková"
PHONE, MAIL, STREET = "+420 777 123 456", "milo.d@example.com", "221B Baker Street"
REAL = (
    "Milo",
    "Dvořák",
    "Dvorak",
    "Jana",
    "Nováková",
    "Dvo\\\\u0159",
    "777 123",
    "example.com",
    "Baker",
)


streams_when_awaited = pytest.mark.skipif(
    sys.version_info < (3, 11),
    reason="asyncio's tasks take no context there, so that LangGraph streams no awaited model",
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "names.key"
    PseudonymMiddleware(key=path, people=[MILO, JANA])
    return path


@pytest.fixture(scope="module")
def there(key: Path) -> Callable[[str], str]:
    return NameBook(key).invented


def first_placeholder(messages: list[BaseMessage], word: str) -> str:
    match = re.search(rf"\[{word}-\w+\]", repr(messages))
    assert match is not None
    return match[0]


def model_that_looks_up(there: Callable[[str], str]) -> RecordingModel:
    """Call a tool with what it was told, then say what that gave."""

    def call(messages: list[BaseMessage]) -> AIMessage:
        args = {
            "who": {"name": there(MILO), "others": [there(JANA).upper()]},
            "phone": first_placeholder(messages, "phone"),
        }
        return AIMessage("", tool_calls=[{"name": "look_up", "args": args, "id": "call_1"}])

    def tell(messages: list[BaseMessage]) -> AIMessage:
        mail, street = first_placeholder(messages, "email"), first_placeholder(messages, "address")
        text = f"{there(MILO)} is at {street}. Write to {mail}; {there(JANA).split()[0]} did, too!"
        return AIMessage(text)

    return RecordingModel(answers=[call, tell])


class LookUp:
    """A tool that remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

        @tool
        def look_up(who: dict[str, Any], phone: str) -> str:
            """Look somebody up, such as Milo Dvořák."""
            self.calls.append((who, phone))
            told = {"name": who["name"], "mail": MAIL}
            return f"{json.dumps(told)} {STREET}"  # "Dvo\\u0159\\u00e1k"

        self.tool = look_up


QUESTION = {"messages": [HumanMessage(f"Where is {MILO}? He has {PHONE}.", name="Jana", id="q")]}
ANSWER = f"{MILO} is at {STREET}. Write to {MAIL}; Jana did, too!"
PROMPT = f"You help {JANA}."


def assert_that_all_went_well(model: RecordingModel, looked: LookUp, answer: str) -> None:
    assert answer == ANSWER
    assert looked.calls == [({"name": MILO, "others": [JANA.upper()]}, PHONE)]
    assert len(model.seen) == 2
    for real in REAL:
        assert real not in sent(model)


def test_the_model_sees_pseudonyms_and_everybody_else_real_names(
    key: Path, there: Callable[[str], str]
) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    agent = create_agent(
        model, [looked.tool], system_prompt=PROMPT, middleware=[PseudonymMiddleware(key=key)]
    )
    before = repr(QUESTION)
    messages = agent.invoke(QUESTION)["messages"]

    assert_that_all_went_well(model, looked, messages[-1].content)
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert messages[0].content == QUESTION["messages"][0].content
    assert messages[1].tool_calls[0]["args"]["who"]["name"] == MILO
    assert MAIL in messages[2].content
    assert repr(QUESTION) == before
    assert model.seen[0][1].name == there(JANA).split()[0]
    [told] = model.settings[0]["tools"]
    assert told["function"]["description"] == f"Look somebody up, such as {there(MILO)}."


async def test_the_same_holds_when_it_is_awaited(key: Path, there: Callable[[str], str]) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    middleware = await asyncio.to_thread(PseudonymMiddleware, key=key)
    agent = create_agent(model, [looked.tool], system_prompt=PROMPT, middleware=[middleware])
    messages = (await agent.ainvoke(QUESTION))["messages"]

    assert_that_all_went_well(model, looked, messages[-1].content)


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_streams_show_real_names_only(key: Path, there: Callable[[str], str], size: int) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    model.size = size
    agent = create_agent(
        model, [looked.tool], system_prompt=PROMPT, middleware=[PseudonymMiddleware(key=key)]
    )
    chunks = [chunk for chunk, _ in agent.stream(QUESTION, stream_mode="messages")]
    whole: dict[str, Any] = {}
    for chunk in chunks:
        whole[chunk.id] = whole[chunk.id] + chunk if chunk.id in whole else chunk
    call, result, answer = whole.values()

    assert_that_all_went_well(model, looked, answer.content)
    assert call.tool_calls[0]["args"]["phone"] == PHONE
    assert result.type == "tool"
    assert answer.usage_metadata["total_tokens"] == 12
    assert there(MILO).split()[1] not in repr(chunks)
    if size < 5:
        assert len(chunks) > 15  # it was streamed, not given at once


@streams_when_awaited
async def test_awaited_streams_show_real_names_only(key: Path, there: Callable[[str], str]) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    middleware = await asyncio.to_thread(PseudonymMiddleware, key=key)
    agent = create_agent(model, [looked.tool], system_prompt=PROMPT, middleware=[middleware])
    stream = agent.astream(QUESTION, stream_mode="messages")
    chunks = [chunk async for chunk, _ in stream]

    said = "".join(chunk.content for chunk in chunks if chunk.type == "AIMessageChunk")
    assert_that_all_went_well(model, looked, said)


@streams_when_awaited
async def test_events_show_real_names_only(key: Path, there: Callable[[str], str]) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    middleware = await asyncio.to_thread(PseudonymMiddleware, key=key)
    agent = create_agent(model, [looked.tool], system_prompt=PROMPT, middleware=[middleware])
    events = [event async for event in agent.astream_events(QUESTION, version="v2")]
    of_model = [event for event in events if event["event"].startswith("on_chat_model")]
    said = "".join(
        event["data"]["chunk"].content
        for event in of_model
        if event["event"] == "on_chat_model_stream"
    )

    assert_that_all_went_well(model, looked, said)
    assert QUESTION["messages"][0].content in repr(of_model[0]["data"])
    assert of_model[-1]["data"]["output"].content == ANSWER
    assert there(MILO) not in repr(events)


def test_newer_streams_show_real_names_only(key: Path, there: Callable[[str], str]) -> None:
    model, looked = model_that_looks_up(there), LookUp()
    agent = create_agent(
        model, [looked.tool], system_prompt=PROMPT, middleware=[PseudonymMiddleware(key=key)]
    )
    run = agent.stream_events(QUESTION, version="v3")
    said = [[*message.text] for message in run.messages]

    assert_that_all_went_well(model, looked, "".join(said[-1]))
    assert len(said[-1]) > 2
    assert there(MILO) not in repr(said)


class Watcher(BaseCallbackHandler):
    """What a tracer sees of the model's runs."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.seen.append((messages, kwargs))

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.seen.append(kwargs["chunk"])

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.seen.append(response)


@pytest.mark.parametrize("streams", [False, True])
def test_callbacks_see_the_models_run_as_it_was_sent(
    key: Path, there: Callable[[str], str], streams: bool
) -> None:
    model, looked, watcher = model_that_looks_up(there), LookUp(), Watcher()
    agent = create_agent(
        model, [looked.tool], system_prompt=PROMPT, middleware=[PseudonymMiddleware(key=key)]
    )
    config: Any = {"callbacks": [watcher]}
    if streams:
        list(agent.stream(QUESTION, config, stream_mode="messages"))
    else:
        agent.invoke(QUESTION, config)

    told = repr(watcher.seen)
    assert there(MILO) in told
    for real in REAL:
        assert real not in told


class Meeting(BaseModel):
    who: str
    phones: list[str]


@pytest.mark.parametrize("strategy", [ToolStrategy, ProviderStrategy])
def test_structured_responses_have_real_names(
    key: Path, there: Callable[[str], str], strategy: type
) -> None:
    def answer(messages: list[BaseMessage]) -> AIMessage:
        args = {"who": there(MILO), "phones": [first_placeholder(messages, "phone")]}
        if strategy is ProviderStrategy:
            return AIMessage(json.dumps(args))
        return AIMessage("", tool_calls=[{"name": "Meeting", "args": args, "id": "1"}])

    model = RecordingModel(answers=[answer])
    agent = create_agent(
        model, [], response_format=strategy(Meeting), middleware=[PseudonymMiddleware(key=key)]
    )

    assert agent.invoke(QUESTION)["structured_response"] == Meeting(who=MILO, phones=[PHONE])
    assert "Milo" not in sent(model)


def test_no_part_of_any_message_names_anybody(key: Path, there: Callable[[str], str]) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://cdn.example/cat.png"}}
    call: Any = {"name": "look_up", "args": '{"who": "Milo', "id": "7", "error": "no end: Milo"}
    messages = [
        SystemMessage(f"Ask {MILO}"),
        HumanMessage([f"{MILO}?", {"type": "text", "text": f"It is {MAIL}"}, picture]),
        AIMessage(
            [{"type": "text", "text": f"{MILO}!", "annotations": [{"title": MILO}]}],
            name="Milo",
            invalid_tool_calls=[call],
            additional_kwargs={"refusal": f"not {MILO}", "n": 1, "sender": MILO},
            response_metadata={"model_name": "milo-7b", "note": MILO, "token_usage": {"n": 3}},
            usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
        ),
        ToolMessage("Milo", tool_call_id="7", name="look_up", artifact={"kept": MILO}),
        ChatMessage(f"by {MILO}", role="Milo"),
    ]
    for number, message in enumerate(messages):
        message.id = str(number)
    model = RecordingModel(answers=[AIMessage("ok")])
    before = repr(messages)
    agent = create_agent(model, middleware=[PseudonymMiddleware(key=key)])
    agent.invoke({"messages": messages})
    [seen] = model.seen

    assert repr(messages) == before
    assert seen[1].content[2] == picture
    assert seen[2].usage_metadata == messages[2].usage_metadata
    assert seen[2].response_metadata["model_name"] == "milo-7b"
    assert seen[2].response_metadata["note"] == seen[2].additional_kwargs["sender"] == there(MILO)
    assert seen[2].additional_kwargs["n"] == 1
    assert seen[2].invalid_tool_calls[0]["name"] == seen[3].name == "look_up"
    told = repr([one.model_copy(update={"artifact": None}) for one in seen]).replace("milo-7b", "")
    for real in REAL:
        assert real not in told


def test_settings_of_a_call_name_nobody(key: Path, there: Callable[[str], str]) -> None:
    class Settings(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            settings = {"stop": [f"{MILO}:"], "user": MAIL, "model": "Milo", "top_p": 0.5}
            return handler(request.override(model_settings=settings))

    model = RecordingModel(answers=[AIMessage("ok")])
    agent = create_agent(model, middleware=[Settings(), PseudonymMiddleware(key=key)])
    agent.invoke(QUESTION)

    settings = model.settings[0]
    assert settings["stop"] == [f"{there(MILO)}:"]
    assert settings["user"].startswith("[email-")
    assert (settings["model"], settings["top_p"]) == ("Milo", 0.5)


def test_what_middleware_behind_it_adds_names_nobody_either(
    key: Path, there: Callable[[str], str]
) -> None:
    @dynamic_prompt
    def prompt(request: Any) -> str:
        return f"{request.system_prompt} Be kind to {MILO}, {MAIL}."

    model = RecordingModel(answers=[AIMessage("ok")])
    agent = create_agent(
        model, system_prompt=PROMPT, middleware=[PseudonymMiddleware(key=key), prompt]
    )
    agent.invoke(QUESTION)

    assert f"kind to {there(MILO)}, [email-" in model.seen[0][0].text
    assert "Milo" not in sent(model)


def test_another_model_that_middleware_behind_it_puts_in_sees_no_names(
    key: Path, there: Callable[[str], str]
) -> None:
    def fail(messages: list[BaseMessage]) -> AIMessage:
        raise OSError(len(messages))

    first = RecordingModel(answers=[fail])
    second = RecordingModel(answers=[AIMessage(f"Hello {there(MILO)}")])
    agent = create_agent(
        first, middleware=[PseudonymMiddleware(key=key), ModelFallbackMiddleware(second)]
    )

    assert agent.invoke(QUESTION)["messages"][-1].content == f"Hello {MILO}"
    assert "Milo" not in sent(first) + sent(second)


def test_the_same_value_has_the_same_placeholder_in_all_of_a_conversation(key: Path) -> None:
    model = RecordingModel(answers=[AIMessage("ok")])
    agent = create_agent(model, middleware=[PseudonymMiddleware(key=key)])
    messages = agent.invoke(QUESTION)["messages"]
    asked = [HumanMessage("Mail zoe@example.org first."), *messages]
    agent.invoke({"messages": [*asked, HumanMessage(f"So {PHONE}, or +420777123456?")]})

    first, second = model.seen
    placeholder = first_placeholder(first, "phone")
    assert repr(second).count(placeholder) == 2
    assert f"or {placeholder[:-1]}-2]?" in second[-1].content  # written otherwise


async def test_two_runs_at_once_do_not_mix_their_values(key: Path) -> None:
    def all_that_there_is(_: list[BaseMessage]) -> AIMessage:
        return AIMessage(" ".join(sorted(known)))

    phones = [f"+420 777 123 4{n:02}" for n in range(20)]
    known: set[str] = set()
    middleware = await asyncio.to_thread(PseudonymMiddleware, key=key)
    echo = RecordingModel(answers=[lambda messages: AIMessage(messages[-1].content)])
    agent = create_agent(echo, middleware=[middleware])
    asked = [{"messages": [HumanMessage(f"Call {phone}")]} for phone in phones]
    answers = await asyncio.gather(*(agent.ainvoke(one) for one in asked))
    known.update(first_placeholder(seen, "phone") for seen in echo.seen)
    curious = create_agent(RecordingModel(answers=[all_that_there_is]), middleware=[middleware])
    others = (await curious.ainvoke(asked[0]))["messages"][-1].content

    assert [one["messages"][-1].content for one in answers] == [f"Call {p}" for p in phones]
    assert len(known) == 20
    assert phones[0] in others
    assert not any(phone in others for phone in phones[1:])


def test_identifiers_can_be_invented(key: Path) -> None:
    echo = RecordingModel(answers=[lambda messages: AIMessage(messages[-1].content)])
    agent = create_agent(echo, middleware=[PseudonymMiddleware(key=key, identifiers="fake")])
    text = f"{MILO} has {PHONE}, {MAIL} and lives at {STREET}, London."
    answer = agent.invoke({"messages": [HumanMessage(text)]})["messages"][-1].content
    streamed = agent.stream({"messages": [HumanMessage(text)]}, stream_mode="messages")

    assert answer == text
    assert "".join(chunk.content for chunk, _ in streamed) == text
    assert "[" not in echo.seen[0][0].content
    assert not any(real in echo.seen[0][0].content for real in REAL)


def test_identifiers_can_stay(key: Path) -> None:
    echo = RecordingModel(answers=[AIMessage("ok")])
    agent = create_agent(echo, middleware=[PseudonymMiddleware(key=key, identifiers=None)])
    agent.invoke(QUESTION)

    assert PHONE in echo.seen[0][0].content


def test_unknown_names_are_looked_for_on_demand(tmp_path: Path) -> None:
    key = tmp_path / "names.key"
    middleware = PseudonymMiddleware(key=key, people=[JANA], unknown_names="replace")
    echo = RecordingModel(answers=[lambda messages: AIMessage(messages[-1].content)])
    text = "I met Sebastian Miller with Jana yesterday, says @zoe_b."
    agent = create_agent(echo, middleware=[middleware])

    for _ in range(2):
        answer = agent.invoke({"messages": [HumanMessage(text)]})["messages"][-1].content
        assert answer == text
    told = [seen[-1].content for seen in echo.seen]
    assert told[0] == told[1]
    assert not any(name in told[0] for name in ("Sebastian", "Miller", "Jana", "zoe_b"))
    assert restore_names(told[0], key=key) == text


def test_people_are_known_from_sessions_and_contacts_and_some_keep_their_names(
    tmp_path: Path,
) -> None:
    said = HumanMessage("hi", additional_kwargs={"sender": "Ophelia Grant", "events": []})
    session: Any = {"messages": [said]}
    contacts = tmp_path / "contacts.toml"
    told = '[people."Hamlet Olsen"]\naliases = ["Hamster"]\n'
    contacts.write_text(told + '[people."Milo Dvořák"]\nconsent = "include"\n', "utf-8")
    middleware = PseudonymMiddleware(
        key=tmp_path / "names.key",
        people=[MILO, "Yorick Jensen"],
        chat_sessions=[session],
        contacts=contacts,
        keep=["Yorick Jensen"],
    )
    model = RecordingModel(answers=[AIMessage("ok")])
    text = f"{MILO}, Yorick Jensen, Ophelia Grant, Hamlet, Hamster"
    create_agent(model, middleware=[middleware]).invoke({"messages": [HumanMessage(text)]})
    told = model.seen[0][0].content

    assert told.startswith(f"{MILO}, Yorick Jensen, ")
    assert not any(name in told for name in ("Ophelia", "Grant", "Hamlet", "Hamster"))


def test_a_key_file_of_the_stage_will_do(tmp_path: Path) -> None:
    key = tmp_path / "names.key"
    said = HumanMessage("hi", additional_kwargs={"sender": "Ophelia Grant"})
    [session] = pseudonymize_chat_sessions([{"messages": [said]}], key=key)
    model = RecordingModel(answers=[AIMessage("ok")])
    agent = create_agent(model, middleware=[PseudonymMiddleware(key=key)])
    agent.invoke({"messages": [HumanMessage("Ophelia Grant")]})

    sender = session["messages"][0].additional_kwargs["sender"]
    assert model.seen[0][0].content == sender


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"key": "no-such.key"}, "nobody is known"),
        ({"identifiers": "hash"}, "placeholder, fake or None"),
        ({"unknown_names": "guess"}, "keep or replace"),
        ({"kinds": ["shoe"]}, "no such kind"),
        ({"kinds": "phone"}, "several kinds"),
        ({"people": "Milo"}, "several names"),
        ({"regions": ["Narnia"]}, "NARNIA"),
        ({"contacts": 7}, "Contacts"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(
    tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    given = {"key": tmp_path / "names.key", "people": [MILO], **options}
    if options.get("key"):
        given = {"key": tmp_path / options["key"]}

    with pytest.raises(InvalidOptionError, match=told):
        PseudonymMiddleware(**given)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_missing", "langchain")

    with pytest.raises(MissingExtraError, match=r"langchain-fbmessenger\[agents\]"):
        PseudonymMiddleware(key=tmp_path / "names.key", people=[MILO])


def test_it_shows_nobody(key: Path) -> None:
    assert repr(PseudonymMiddleware(key=key)) == "PseudonymMiddleware()"
    assert "langchain" in sys.modules
