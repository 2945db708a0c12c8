"""A local chat model counts as its base does, fits its context, and keeps its place in caches."""

from __future__ import annotations

import asyncio
import io
import socket
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    trim_messages,
)
from langchain_openai import ChatOpenAI
from rich.console import Console

from langchain_fbmessenger import FineTuningError
from langchain_fbmessenger.cli.commands.talk import conversation_with, talk
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.local import ensure_server, stop_server
from tests.integration_tests.tiny_models import make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.local import ServerAddress

BASE = "SmolLM2-135M-Instruct"
STRICT = (
    "{% if messages[0].role == 'system' %}{{ '<|im_start|>system\n' + messages[0].content"
    " + '<|im_end|>\n' }}{% set rest = messages[1:] %}"
    "{% else %}{% set rest = messages %}{% endif %}"
    "{% for message in rest %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate user/assistant') }}{% endif %}"
    "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if not rest %}{{ raise_exception('no user') }}{% endif %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""Wants the user first and turns by turns, as Gemma's and Mistral's templates do."""


@pytest.fixture(autouse=True)
def no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """No count may ask anybody but this machine."""
    ask = socket.getaddrinfo

    def guarded(host: Any, *rest: Any, **options: Any) -> Any:
        assert host in {"127.0.0.1", "localhost", None}, f"{host} was asked"
        return ask(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", guarded)


def history(turns: int, words: int = 8) -> list[BaseMessage]:
    kinds = (HumanMessage, AIMessage)
    said = [kinds[at % 2](f"{at} " + "ahoy café " * words) for at in range(2 * turns - 1)]
    return [SystemMessage("You are Cap."), *said]


def model_of(name: str, **options: Any) -> Any:
    model = find_provider("local").chat_model(name, max_tokens=1, max_retries=0, **options)
    assert isinstance(model, ChatOpenAI)
    return model


@pytest.mark.usefixtures("local_server")
@pytest.mark.parametrize(
    "messages",
    [
        [HumanMessage("hi")],
        [SystemMessage("You are Zoë."), HumanMessage("naïve café, 2026 ❤", name="Milo")],
        [HumanMessage("a"), AIMessage("b"), HumanMessage("<|im_end|> c")],
        [HumanMessage("a"), AIMessage("b")],
        [AIMessage("first"), HumanMessage("b")],
        history(5),
    ],
)
def test_a_chat_has_as_many_tokens_as_its_prompt_is_billed(messages: list[BaseMessage]) -> None:
    model = model_of(BASE)
    answer = model.invoke(messages)
    assert answer.usage_metadata is not None
    counted = model.get_num_tokens_from_messages(messages)
    assert counted == answer.usage_metadata["input_tokens"]


@pytest.mark.usefixtures("local_server")
def test_a_text_is_cut_as_the_base_cuts_it() -> None:
    model = model_of(BASE)
    assert model.get_token_ids("hello café wörld") == [28120, 37366, 267, 29989, 400]
    assert model.get_num_tokens("hello café wörld") == 5
    assert (model.get_num_tokens(""), model.get_token_ids("")) == (0, [])
    assert model.get_num_tokens_from_messages([]) == 0
    assert model.context_length() == 4096


@pytest.mark.usefixtures("local_server")
async def test_counting_holds_up_no_event_loop_for_good() -> None:
    model = model_of(BASE)
    counts = await asyncio.gather(
        *(asyncio.to_thread(model.get_num_tokens, "ahoy") for _ in range(4))
    )
    trimmer = trim_messages(max_tokens=120, token_counter=model, include_system=True)
    kept = await trimmer.ainvoke(history(9))
    assert {*counts, model.get_num_tokens("ahoy")} == {counts[0]}
    assert isinstance(kept[0], SystemMessage)
    await model.root_async_client.close()


@pytest.mark.usefixtures("local_server")
@pytest.mark.parametrize("room", [40, 80, 200])
@pytest.mark.parametrize("strategy", ["last", "first"])
def test_a_trimmed_history_fits(room: int, strategy: Any) -> None:
    model = model_of(BASE)
    whole = history(12)
    kept = trim_messages(
        whole,
        max_tokens=room,
        token_counter=model,
        strategy=strategy,
        include_system=strategy == "last",
    )
    assert model.get_num_tokens_from_messages(kept) <= room
    if room > 40:
        assert len(kept) > 1
        assert len(kept) < len(whole)


def test_what_a_model_does_not_read_is_told(local_server: ServerAddress) -> None:
    model = model_of(BASE)
    image = {"type": "image_url", "image_url": {"url": "https://host.invalid/x.png"}}
    with pytest.raises(FineTuningError, match="read text only"):
        model.get_num_tokens_from_messages([HumanMessage([image])])

    def weather(place: str) -> str:
        """Tell the weather."""
        return place

    with pytest.raises(FineTuningError, match="tools"):
        model.get_num_tokens_from_messages([HumanMessage("a")], tools=[weather])
    with pytest.raises(FineTuningError, match=r"no-such|does not exist"):
        model_of("no-such").get_num_tokens("a")
    assert local_server


@pytest.mark.usefixtures("local_server")
@pytest.mark.parametrize("family", ["llama", "llama 2", "qwen3", "gemma2"])
def test_a_strict_template_is_no_obstacle(family: str, tmp_path: Path) -> None:
    """Trimming counts parts of a chat, which such a template refuses."""
    make(family, tmp_path / "tiny.gguf", template=STRICT)
    model = model_of(str(tmp_path / "tiny.gguf"))
    whole = history(12)
    exact = model.get_num_tokens_from_messages(whole)
    answer = model.invoke(whole)
    assert exact == answer.usage_metadata["input_tokens"]
    kept = trim_messages(
        whole, max_tokens=exact // 2, token_counter=model, include_system=True, start_on="human"
    )
    assert len(whole) // 3 < len(kept) < len(whole)
    assert model.invoke(kept).usage_metadata["input_tokens"] <= exact // 2


@pytest.mark.usefixtures("local_server")
def test_tools_count_where_the_template_shows_them(tmp_path: Path) -> None:
    template = "{% if tools %}{{ tools | tojson }}{% endif %}{{ messages[-1].content }}"
    make("llama", tmp_path / "tiny.gguf", template=template)
    model = model_of(str(tmp_path / "tiny.gguf"))
    tool = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
    without = model.get_num_tokens_from_messages([HumanMessage("a")])
    assert model.get_num_tokens_from_messages([HumanMessage("a")], tools=[tool]) > without


@pytest.mark.usefixtures("local_server")
def test_a_long_chat_forgets_its_oldest_turns(tmp_path: Path) -> None:
    make("llama", tmp_path / "tiny.gguf")
    name = str(tmp_path / "tiny.gguf")
    told = io.StringIO()
    console = Console(file=told, width=500)
    conversation = conversation_with(name, "local", "You are Cap.", None, {"max_tokens": 24})
    said = [f"{at} " + "so it goes " * 90 for at in range(14)]
    whole = sum(conversation._model.get_num_tokens(text) for text in said)
    assert whole > conversation._model.context_length()

    talk(conversation, console, said)

    assert told.getvalue().count("it forgets them from here on") == 1
    kept = [m.content for m in conversation._history if isinstance(m, HumanMessage)]
    assert kept == said[-len(kept) :]
    assert 1 < len(kept) < len(said)


def test_a_message_that_is_too_long_alone_ends_no_conversation(
    local_server: ServerAddress, tmp_path: Path
) -> None:
    make("llama", tmp_path / "tiny.gguf")
    assert local_server
    conversation = conversation_with(str(tmp_path / "tiny.gguf"), "local", None, None, {})
    told, typed = io.StringIO(), iter(["so it goes " * 3000, "hi"])
    console = Console(file=told, width=500)

    def read(_: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    console.input = read  # type: ignore[assignment, method-assign]
    talk(conversation, console, None)
    assert "That message alone is longer" in told.getvalue()
    assert [m.content for m in conversation._history][:1] == ["hi"]
    with pytest.raises(FineTuningError):
        talk(conversation, console, ["so it goes " * 3000])


@pytest.fixture
def cached() -> Iterator[InMemoryCache]:
    cache = InMemoryCache()
    set_llm_cache(cache)
    yield cache
    set_llm_cache(None)


def test_a_cached_answer_outlives_the_server(
    cached: InMemoryCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    ports = set()
    answers = set()
    try:
        for _ in range(2):
            ports.add(ensure_server(tmp_path).base_url)
            answers.add(find_provider("local").chat_model(BASE, max_tokens=6).invoke("hi").content)
            stop_server(tmp_path)
        assert len(ports) == 2
        assert len(answers) == len(cached._cache) == 1
        find_provider("local").chat_model(BASE, max_tokens=5).invoke("hi")
        assert len(cached._cache) == 2
    finally:
        stop_server(tmp_path)
