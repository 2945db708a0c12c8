"""A chat loader without a fault, and loaders with one fault each, for `ChatLoaderTests` to find."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

from langchain_core.chat_loaders import BaseChatLoader
from langchain_core.messages import BaseMessage, HumanMessage
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

TEXTS = ("the first text of all", "the second, which is long too")


def sessions(n: int = 2) -> list[Any]:
    return [
        {
            "messages": [
                HumanMessage(
                    text, additional_kwargs={"sender": "Al", "events": [{"message_time": time}]}
                )
                for time, text in enumerate(TEXTS)
            ]
        }
        for _ in range(n)
    ]


class GoodLoader(BaseChatLoader):
    """A loader without a fault; the broken ones differ in one thing each."""

    @override
    def lazy_load(self) -> Iterator[Any]:
        yield from sessions()


class _Changed(GoodLoader):
    change: Callable[[list[Any]], Any]

    @override
    def lazy_load(self) -> Iterator[Any]:
        found = sessions()
        type(self).change(found)
        yield from found


def changed(change: Callable[[list[Any]], Any]) -> type[BaseChatLoader]:
    """Make a loader whose sessions are changed before they are given out."""
    return type("ChangedLoader", (_Changed,), {"change": staticmethod(change)})


class EagerLoader(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        return iter(sessions())


class ListLoader(GoodLoader):
    @override
    def lazy_load(self) -> Any:
        return sessions()


class ShortLoad(GoodLoader):
    @override
    def load(self) -> Any:
        return sessions(1)


class TupleLoad(GoodLoader):
    @override
    def load(self) -> Any:
        return tuple(self.lazy_load())


class OneLoadOnly(GoodLoader):
    def __init__(self) -> None:
        self.found = (session for session in sessions())

    @override
    def lazy_load(self) -> Iterator[Any]:
        yield from self.found


class SharedCursor(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        self.at = 0
        while self.at < 2:
            self.at += 1
            yield sessions()[0]


class Cached(GoodLoader):
    def __init__(self) -> None:
        self.found = sessions()

    @override
    def lazy_load(self) -> Iterator[Any]:
        yield from self.found


class LeavesFilesOpen(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        file = open(__file__, encoding="utf-8")  # noqa: PTH123, SIM115 - the fault
        yield from sessions()
        file.close()


class GoesOnWhenClosed(GoodLoader):
    class _Sessions:
        def __init__(self) -> None:
            self.found = iter(sessions())

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> Any:
            return next(self.found)

        def close(self) -> None:
            pass

    @override
    def lazy_load(self) -> Any:
        return self._Sessions()


class OtherAsync(GoodLoader):
    async def alazy_load(self) -> AsyncIterator[Any]:
        yield sessions()[0]


class Logs(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        logging.getLogger(__name__).debug("read %s", TEXTS[0])
        yield from sessions()


class Warns(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        warnings.warn(f"odd: {TEXTS[1]}", stacklevel=2)
        yield from sessions()


class Prints(GoodLoader):
    @override
    def lazy_load(self) -> Iterator[Any]:
        print(TEXTS[0])  # noqa: T201 - the fault
        yield from sessions()


class TellingRepr(GoodLoader):
    def __repr__(self) -> str:
        return f"TellingRepr({TEXTS[0]!r})"


class SwallowsErrors(GoodLoader):
    def __init__(self, **_: Any) -> None:
        pass


def first_message(found: list[Any]) -> Any:
    return found[0]["messages"][0]


def unpicklable(found: list[Any]) -> None:
    first_message(found).additional_kwargs["callback"] = lambda: None


FAULTS: list[tuple[str, type[BaseChatLoader]]] = [
    ("test_lazy_load_is_lazy", EagerLoader),
    ("test_lazy_load_is_lazy", ListLoader),
    ("test_load_equals_lazy_load", ShortLoad),
    ("test_load_equals_lazy_load", TupleLoad),
    ("test_load_is_repeatable", OneLoadOnly),
    ("test_interleaved_loads", SharedCursor),
    ("test_sessions_have_messages", changed(lambda found: found.clear())),
    ("test_sessions_have_messages", changed(lambda found: found[0]["messages"].clear())),
    ("test_sessions_have_messages", changed(lambda found: found[1].pop("messages"))),
    ("test_sessions_have_messages", changed(lambda found: found[0]["messages"].append("text"))),
    ("test_sessions_have_messages", changed(lambda found: found.append([]))),
    ("test_content_is_text", changed(lambda found: setattr(first_message(found), "content", []))),
    (
        "test_content_is_text",
        changed(lambda found: setattr(first_message(found), "content", "\ud83d")),
    ),
    ("test_senders", changed(lambda found: first_message(found).additional_kwargs.clear())),
    ("test_message_times", changed(lambda found: found[0]["messages"].reverse())),
    (
        "test_message_times",
        changed(
            lambda found: first_message(found).additional_kwargs.update(
                events=[{"message_time": "3 May"}]
            )
        ),
    ),
    ("test_results_are_independent", Cached),
    (
        "test_messages_are_not_shared",
        changed(lambda found: found[0]["messages"].append(first_message(found))),
    ),
    ("test_sessions_can_be_copied", changed(unpicklable)),
    (
        "test_messages_can_be_sent",
        changed(lambda found: found[0]["messages"].append(BaseMessage("no role", type="soup"))),
    ),
    ("test_closing_early", LeavesFilesOpen),
    ("test_closing_early", GoesOnWhenClosed),
    ("test_async_load", OtherAsync),
    ("test_text_stays_private", Logs),
    ("test_text_stays_private", Warns),
    ("test_text_stays_private", Prints),
    ("test_text_stays_private", TellingRepr),
    ("test_broken_input", SwallowsErrors),
]
