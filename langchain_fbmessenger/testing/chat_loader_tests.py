# ruff: noqa: S101 - these are tests, and pytest tests by assert
"""Test chat loaders by standard tests like those of langchain-tests, which has none for them."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import logging
import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import (
    BaseMessage,
    convert_to_openai_messages,
    messages_from_dict,
    messages_to_dict,
)

from langchain_fbmessenger.exceptions import MissingExtraError

try:
    import pytest
    from langchain_tests.base import BaseStandardTests
except ModuleNotFoundError as error:
    msg = "ChatLoaderTests"
    raise MissingExtraError(msg, extra="testing", missing=error.name) from error

if TYPE_CHECKING:
    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

__all__ = ["ChatLoaderTests"]

_TELLING = 12  # characters: shorter texts occur in logs by chance


class ChatLoaderTests(BaseStandardTests):
    """Standard tests for any `BaseChatLoader`.

    A subclass says which loader is tested: by the properties, or by overriding the fixture
    `chat_loader` if it needs files that other fixtures write. It must find at least one session.
    A test that does not suit a loader is overridden with `@pytest.mark.xfail(reason="…")`.

    Example:
        ```python
        from pathlib import Path

        import pytest
        from langchain_core.chat_loaders import BaseChatLoader

        from langchain_fbmessenger import FacebookMessengerChatLoader
        from langchain_fbmessenger.testing import ChatLoaderTests


        class TestMyLoader(ChatLoaderTests):
            @property
            def chat_loader_class(self) -> type[BaseChatLoader]:
                return FacebookMessengerChatLoader

            @pytest.fixture
            def chat_loader(self, messenger_export: Path) -> BaseChatLoader:
                return self.chat_loader_class(messenger_export)

            @property
            def broken_params(self) -> dict[str, str]:
                return {"path_or_paths": "/nowhere"}
        ```
    """

    @property
    @abstractmethod
    def chat_loader_class(self) -> type[BaseChatLoader]:
        """The class that is tested."""

    @property
    def chat_loader_params(self) -> dict[str, Any]:
        """The arguments of its constructor."""
        return {}

    @property
    def expected_senders(self) -> set[str] | None:
        """Everybody who has written; None leaves the names unchecked."""
        return None

    @property
    def broken_params(self) -> dict[str, Any] | None:
        """Parameters with which loading must fail, such as a path to nowhere; None skips that."""
        return None

    @property
    def broken_error(self) -> type[Exception]:
        """The error that loading with `broken_params` must raise."""
        return Exception

    @pytest.fixture
    def chat_loader(self) -> BaseChatLoader:
        """The loader that is tested."""
        return self.chat_loader_class(**self.chat_loader_params)

    def test_no_chat_loader_tests_overridden_DO_NOT_OVERRIDE(self) -> None:  # noqa: N802
        """No test below is overridden by accident, which would switch it off.

        langchain-tests' own check compares with its own classes only, so it cannot see these.
        """
        overridden = [
            name
            for name in dir(ChatLoaderTests)
            if name.startswith("test_")
            and getattr(type(self), name) is not getattr(ChatLoaderTests, name)
            and not _is_marked_xfail(getattr(type(self), name))
        ]
        assert not overridden, (
            f"Standard tests overridden without @pytest.mark.xfail(reason=…): {overridden}"
        )

    def test_lazy_load_is_lazy(self, chat_loader: BaseChatLoader) -> None:
        """`lazy_load` gives an iterator, and not one over a list that is there already."""
        sessions = chat_loader.lazy_load()
        assert isinstance(sessions, Iterator), f"lazy_load gives a {type(sessions).__name__}"
        ready: tuple[type, ...] = (
            type(iter([])),
            type(iter(())),
            type(iter({}.values())),
            type(iter(set())),
        )
        assert not isinstance(sessions, ready), "lazy_load has loaded all before the first next()"

    def test_load_equals_lazy_load(self, chat_loader: BaseChatLoader) -> None:
        """`load` gives a list with what `lazy_load` yields."""
        loaded = chat_loader.load()
        assert isinstance(loaded, list), f"load gives a {type(loaded).__name__}"
        _assert_same(loaded, list(chat_loader.lazy_load()))

    def test_load_is_repeatable(self, chat_loader: BaseChatLoader) -> None:
        """A second load of the same loader gives the same sessions."""
        _assert_same(chat_loader.load(), chat_loader.load())

    def test_interleaved_loads(self, chat_loader: BaseChatLoader) -> None:
        """Two loads that take turns do not disturb each other."""
        alone = list(chat_loader.lazy_load())
        one, other = chat_loader.lazy_load(), chat_loader.lazy_load()
        both: tuple[list[ChatSession], list[ChatSession]] = ([], [])
        for _ in alone:
            both[0].extend(_next(one))
            both[1].extend(_next(other))
        _assert_same(both[0], alone)
        _assert_same(both[1], alone)
        assert not [*_next(one), *_next(other)], "interleaved loads yield more than one alone"

    def test_sessions_have_messages(self, chat_loader: BaseChatLoader) -> None:
        """There are sessions, and each is a dict with a non-empty list of messages."""
        sessions = chat_loader.load()
        assert sessions, "The loader finds no session: give it one to find."
        for number, session in enumerate(sessions):
            assert isinstance(session, dict), f"session {number} is a {type(session).__name__}"
            messages = session.get("messages")
            assert isinstance(messages, list), f"session {number} has no list of messages"
            assert messages, f"session {number} is empty"
            kinds = {type(m).__name__ for m in messages if not isinstance(m, BaseMessage)}
            assert not kinds, f"session {number} holds {kinds} in place of messages"

    def test_content_is_text(self, chat_loader: BaseChatLoader) -> None:
        """Every message's content is a string that can be written on as UTF-8."""
        for message in _messages(chat_loader):
            assert isinstance(message.content, str), f"content is a {type(message.content)}"
            message.content.encode()

    def test_senders(self, chat_loader: BaseChatLoader) -> None:
        """Every message names its sender in `additional_kwargs`."""
        senders = {m.additional_kwargs.get("sender") for m in _messages(chat_loader)}
        strange = [sender for sender in senders if not isinstance(sender, str)]
        assert not strange, f"additional_kwargs['sender'] is {strange[:1]} in some messages"
        if self.expected_senders is not None:
            assert senders == self.expected_senders

    def test_message_times(self, chat_loader: BaseChatLoader) -> None:
        """Where messages have `events`, each has an integer `message_time`, and they ascend."""
        for session in chat_loader.load():
            times = [
                event["message_time"]
                for message in session["messages"]
                for event in message.additional_kwargs.get("events", ())
            ]
            kinds = {type(time).__name__ for time in times if type(time) is not int}
            assert not kinds, f"message_time is of type {kinds}, not int"
            assert times == sorted(times), "messages are not in the order of time"

    def test_results_are_independent(self, chat_loader: BaseChatLoader) -> None:
        """What a caller does to the sessions of one load does not show in the next."""
        first = chat_loader.load()
        before = copy.deepcopy(first)
        for session in first:
            for message in session["messages"]:
                message.content = "changed"
                message.additional_kwargs.clear()
            cast("list[BaseMessage]", session["messages"]).clear()
            cast("dict[str, Any]", session).clear()
        first.clear()
        _assert_same(chat_loader.load(), before)

    def test_messages_are_not_shared(self, chat_loader: BaseChatLoader) -> None:
        """No two messages share their `additional_kwargs`."""
        messages = list(_messages(chat_loader))  # kept, so that no id is given out twice
        assert len({id(m.additional_kwargs) for m in messages}) == len(messages), (
            "messages share one dict of additional_kwargs"
        )

    def test_sessions_can_be_copied(self, chat_loader: BaseChatLoader) -> None:
        """Sessions survive `copy.deepcopy`, and their messages LangChain's way through JSON."""
        sessions = chat_loader.load()
        _assert_same(copy.deepcopy(sessions), sessions)
        messages = [list(session["messages"]) for session in sessions]
        written = json.dumps([messages_to_dict(some) for some in messages])
        _assert_same([messages_from_dict(some) for some in json.loads(written)], messages)

    def test_messages_can_be_sent(self, chat_loader: BaseChatLoader) -> None:
        """LangChain can turn the messages into a request, and JSON can hold it."""
        for session in chat_loader.load():
            sent = convert_to_openai_messages(session["messages"])
            assert [m["content"] for m in sent] == [m.content for m in session["messages"]]
            json.dumps(sent)

    def test_closing_early(self, chat_loader: BaseChatLoader) -> None:
        """A load that is given up leaves no open file, and the next is whole."""
        whole = chat_loader.load()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sessions = chat_loader.lazy_load()
            next(sessions)
            close = getattr(sessions, "close", None)
            if close is not None:
                close()
                assert not _next(sessions), "a closed load yields on"
            del sessions, close
            gc.collect()
        leaks = [str(w.message) for w in caught if issubclass(w.category, ResourceWarning)]
        assert not leaks, f"left open: {leaks}"
        _assert_same(chat_loader.load(), whole)

    def test_async_load(self, chat_loader: BaseChatLoader) -> None:
        """`alazy_load` yields what `lazy_load` does, if there is one."""
        alazy_load = getattr(chat_loader, "alazy_load", None)
        if alazy_load is None:
            pytest.skip("The loader has no alazy_load.")

        async def load() -> list[ChatSession]:
            return [session async for session in alazy_load()]

        _assert_same(asyncio.run(load()), chat_loader.load())

    def test_text_stays_private(
        self,
        chat_loader: BaseChatLoader,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Loading writes no message's text into logs, warnings, output or the loader's repr."""
        with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.DEBUG):
            warnings.simplefilter("always")
            sessions = chat_loader.load()
        output = capsys.readouterr()
        places = {
            "the log": caplog.text,
            "a warning": "\n".join(str(w.message) for w in caught),
            "the output": output.out + output.err,
            "the loader's repr": repr(chat_loader) + str(chat_loader),
        }
        texts = {str(m.content).strip() for session in sessions for m in session["messages"]}
        telling = {text for text in texts if len(text) >= _TELLING}
        leaks = [place for place, found in places.items() if any(text in found for text in telling)]
        assert not leaks, f"Text of messages is in {leaks}."

    def test_broken_input(self) -> None:
        """Loading what cannot be loaded is an error, not an empty result."""
        if self.broken_params is None:
            pytest.skip("No broken_params are given.")
        with pytest.raises(self.broken_error):
            self.chat_loader_class(**self.broken_params).load()


def _next(sessions: Iterator[ChatSession]) -> list[ChatSession]:
    found = next(sessions, None)
    return [] if found is None else [found]


def _messages(loader: BaseChatLoader) -> Iterator[BaseMessage]:
    for session in loader.lazy_load():
        yield from session["messages"]


def _assert_same(found: list[Any], expected: list[Any]) -> None:
    # Counts first: a difference of long chats is no help, and no text for a log either.
    assert len(found) == len(expected), f"{len(found)} sessions, not {len(expected)}"
    differ = [n for n, (one, other) in enumerate(zip(found, expected, strict=True)) if one != other]
    assert not differ, f"sessions {differ} differ"


def _is_marked_xfail(method: Any) -> bool:
    marks = getattr(method, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
