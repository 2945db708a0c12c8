"""What stands first in a call of a stage's function: sessions of any kind, or an error at once."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.chat_loaders import BaseChatLoader
from langchain_core.messages import AIMessage, HumanMessage

import langchain_fbmessenger
from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    InvalidInputError,
    InvalidOptionError,
    MessengerError,
    convert_messages_for_finetuning,
    map_ai_messages,
    map_ai_messages_in_session,
    merge_chat_runs,
    merge_chat_runs_in_session,
    sample_export_path,
    to_training_examples,
)
from langchain_fbmessenger.sessions import SessionStage
from tests.unit_tests.builders import session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from langchain_core.chat_sessions import ChatSession


def is_dual(function: Any) -> bool:
    """Tell whether a function gives a stage where it is given no data."""
    if not inspect.isfunction(function):
        return False
    first, *_ = [*inspect.signature(function).parameters.values(), None]
    return (
        first is not None
        and first.default is None
        and first.name
        in {
            "chat_sessions",
            "examples",
            "sessions",
        }
    )


DUAL = sorted(
    name for name in langchain_fbmessenger.__all__ if is_dual(getattr(langchain_fbmessenger, name))
)
EXAMPLE_FUNCTIONS = {"balance_examples", "split_examples"}


class Loader(BaseChatLoader):
    def lazy_load(self) -> Iterator[ChatSession]:
        yield session("Al: hi", "Zoë: yes", thread={"owner": "Zoë", "participants": ["Al", "Zoë"]})


def call(name: str, first: Any, tmp_path: Path) -> Any:
    function = getattr(langchain_fbmessenger, name)
    options = {"key": tmp_path / "names.key"} if name == "pseudonymize_chat_sessions" else {}
    return function(first, **options)


def test_all_functions_of_two_forms_are_known() -> None:
    assert DUAL == [
        "apply_consent",
        "balance_examples",
        "map_ai_messages",
        "merge_chat_runs",
        "pseudonymize_chat_sessions",
        "redact_identifiers",
        "split_chat_sessions",
        "split_examples",
        "to_preference_pairs",
        "to_training_examples",
    ]


async def _sessions() -> AsyncIterator[Any]:
    yield session("Al: hi")


async def _forgotten() -> list[Any]:
    return []


WRONG: dict[str, Callable[[], Any]] = {
    "text": lambda: "Zoë Ångström",
    "path": lambda: Path("facebook-zoe"),
    "bytes": lambda: b"Zoe",
    "number": lambda: 7,
    "zero": lambda: 0,
    "false": lambda: False,
    "dict": lambda: {"participants": ["Al"]},
    "message": lambda: HumanMessage("hi"),
    "messages": lambda: [HumanMessage("hi")],
    "texts": lambda: ["Zoë Ångström"],
    "lists": lambda: [[session("Al: hi")]],
    "none in a list": lambda: [None],
    "messages that run dry": lambda: {"messages": iter([HumanMessage("hi")])},
    "text as messages": lambda: {"messages": "Zoë: hi"},
    "no list of people": lambda: {"messages": [], "thread": {"participants": 7}},
    "a text of people": lambda: {"messages": [], "thread": {"participants": "Zoë"}},
    "class": lambda: FacebookMessengerChatLoader,
    "stage": merge_chat_runs,
    "async iterator": _sessions,
    "function": lambda: _sessions,
}


@pytest.mark.parametrize("name", DUAL)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_holds_no_sessions_is_an_error_at_once(name: str, wrong: str, tmp_path: Path) -> None:
    given = WRONG[wrong]()
    if name == "map_ai_messages" and isinstance(given, str):
        assert map_ai_messages(given) == map_ai_messages(sender=given)
        return
    with pytest.raises(InvalidInputError, match="expected") as caught:
        call(name, given, tmp_path)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, MessengerError)
    assert "Zo" not in str(caught.value)
    stage = getattr(langchain_fbmessenger, name)
    stage = stage(key=tmp_path / "k") if name == "pseudonymize_chat_sessions" else stage()
    if wrong != "async iterator":  # `ainvoke` takes that
        with pytest.raises(InvalidInputError):
            stage.invoke(given)
    with pytest.raises(InvalidInputError):
        list(stage.stream(given))


def test_coroutine_that_was_not_awaited_is_refused() -> None:
    coroutine = _forgotten()
    with pytest.raises(InvalidInputError, match="not awaited"):
        merge_chat_runs(coroutine)  # type: ignore[call-overload]
    coroutine.close()


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("path", "FacebookMessengerChatLoader"),
        ("messages", "messages of one chat are a session"),
        ("class", "an instance is wanted"),
        ("async iterator", "astream"),
        ("stage", "in a row with"),
    ],
)
def test_error_says_what_to_do(wrong: str, hint: str) -> None:
    with pytest.raises(InvalidInputError, match=hint):
        merge_chat_runs(WRONG[wrong]())


@pytest.mark.parametrize("name", sorted({*DUAL} - EXAMPLE_FUNCTIONS))
def test_training_examples_are_no_chat_sessions(name: str, tmp_path: Path) -> None:
    example = {"messages": [{"role": "user", "content": "hi, Zoë"}]}
    with pytest.raises(InvalidInputError, match="expected messages in chat sessions") as caught:
        list(call(name, example, tmp_path))
    assert "Zo" not in str(caught.value)


def test_chat_sessions_are_no_training_examples() -> None:
    for name in EXAMPLE_FUNCTIONS:
        with pytest.raises(InvalidInputError, match="expected messages in training examples"):
            list(getattr(langchain_fbmessenger, name)([session("Al: hi")]))


def test_file_of_examples_is_told_apart_from_an_export() -> None:
    with pytest.raises(InvalidInputError, match="read_jsonl"):
        langchain_fbmessenger.split_examples("train.jsonl")  # type: ignore[call-overload]


def given_forms() -> dict[str, Any]:
    one = next(Loader().lazy_load())
    return {
        "loader": Loader(),
        "session": one,
        "list": [one],
        "tuple": (one,),
        "generator": (each for each in [one]),
        "iterator": iter([one]),
    }


SESSION_FUNCTIONS = [name for name in DUAL if name not in EXAMPLE_FUNCTIONS]


@pytest.mark.parametrize("name", SESSION_FUNCTIONS)
@pytest.mark.parametrize("form", given_forms())
def test_every_form_of_sessions_gives_the_same(name: str, form: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = list(call(name, given_forms()["list"], tmp_path))
        assert list(call(name, given_forms()[form], tmp_path)) == expected


def test_loader_goes_into_pipelines_and_their_async_twins() -> None:
    pipeline = merge_chat_runs() | map_ai_messages() | to_training_examples()
    expected = list(pipeline.stream(Loader().lazy_load()))
    assert list(pipeline.invoke(Loader())) == expected
    assert list(pipeline.stream(Loader())) == expected
    loader = FacebookMessengerChatLoader(sample_export_path())
    assert list(pipeline.stream(loader)) == list(pipeline.stream(loader.lazy_load()))


async def test_loader_goes_into_async_pipelines() -> None:
    pipeline = merge_chat_runs() | map_ai_messages() | to_training_examples()
    expected = list(pipeline.stream(Loader().lazy_load()))
    assert [one async for one in pipeline.astream(Loader())] == expected
    assert [one async for one in await pipeline.ainvoke(Loader())] == expected


@pytest.mark.parametrize("function", [map_ai_messages_in_session, merge_chat_runs_in_session])
@pytest.mark.parametrize("wrong", [*WRONG, "several"])
def test_functions_of_one_session_take_one(function: Any, wrong: str) -> None:
    with pytest.raises(InvalidInputError):
        function([session("Al: a")] if wrong == "several" else WRONG[wrong]())


@pytest.mark.parametrize("wrong", WRONG)
def test_drop_in_conversion_refuses_the_same(wrong: str) -> None:
    with pytest.raises(InvalidInputError):
        convert_messages_for_finetuning(WRONG[wrong]())


def test_drop_in_conversion_takes_a_loader_and_one_session() -> None:
    one = session("Al: hi", "*Zoë: yes")
    assert isinstance(one["messages"][1], AIMessage)
    assert convert_messages_for_finetuning(one) == convert_messages_for_finetuning([one])  # type: ignore[arg-type]
    assert convert_messages_for_finetuning(Loader()) == []  # type: ignore[arg-type]


def test_sender_is_said_once() -> None:
    with pytest.raises(InvalidInputError):
        map_ai_messages("Zoë", sender="Al")
    with pytest.raises(InvalidOptionError, match="blank"):
        map_ai_messages(" ")
    assert isinstance(map_ai_messages("Zoë"), SessionStage)
