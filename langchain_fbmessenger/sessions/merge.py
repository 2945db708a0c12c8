"""Join the messages that one person sent in a row into one: sessions in, sessions out."""

from __future__ import annotations

from datetime import timedelta  # noqa: TC003 - pydantic resolves the annotations
from typing import TYPE_CHECKING, Any, Optional, cast, overload

from pydantic import field_validator
from typing_extensions import override

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import copy_message, text_of
from langchain_fbmessenger._times import RUN_MAX_GAP, as_gap, long_pauses, times_in
from langchain_fbmessenger.sessions._flow import one_session
from langchain_fbmessenger.sessions.stage import SessionStage, dual_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["MergeChatRuns", "merge_chat_runs", "merge_chat_runs_in_session"]


class MergeChatRuns(SessionStage):
    """The Runnable form of `merge_chat_runs`."""

    name: str | None = "merge_chat_runs"

    delimiter: str = "\n\n"
    """What stands between the texts of two messages of one run."""

    max_gap: Optional[timedelta] = RUN_MAX_GAP  # noqa: UP045 - pydantic reads it on Python 3.10 too
    """Longest pause between two messages of one run; None for any."""

    @field_validator("max_gap", mode="before")
    @classmethod
    def _as_gap(cls, max_gap: Any) -> timedelta | None:
        return None if max_gap is None else as_gap(max_gap)

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[ChatSession]:
        for session in sessions:
            yield _merged(session, self.delimiter, self.max_gap)


@overload
def merge_chat_runs(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader,
    *,
    delimiter: str = ...,
    max_gap: str | timedelta | None = ...,
) -> Iterator[ChatSession]: ...
@overload
def merge_chat_runs(
    chat_sessions: None = None, *, delimiter: str = ..., max_gap: str | timedelta | None = ...
) -> MergeChatRuns: ...
def merge_chat_runs(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None,
    *,
    delimiter: str = "\n\n",
    max_gap: str | timedelta | None = RUN_MAX_GAP,
) -> Iterator[ChatSession] | MergeChatRuns:
    r"""Merge each run, that is, consecutive messages of one sender, into one message.

    Args:
        chat_sessions: The sessions, or a loader of them; without them a Runnable is returned.
        delimiter: What stands between the texts of two messages of a run.
        max_gap: Longest pause between two messages of one run, as a `timedelta` or a text such as
            "8h" or "1d 12h"; 30 days by default. None merges across any pause, years too, as
            langchain-community does. Messages without a time that can be read are merged.

    Returns:
        An iterator over new sessions, or the Runnable that does the same.

    Raises:
        InvalidInputError: A message's content is neither text nor a list of content blocks.
        InvalidOptionError: `max_gap` is no gap.

    Example:
        ```python
        merged = list(merge_chat_runs(loader.lazy_load(), max_gap=None))  # as langchain-community
        pipeline = merge_chat_runs(delimiter="\n") | map_ai_messages(sender="Zoë Ångström")
        ```
    """
    stage = MergeChatRuns(delimiter=delimiter, max_gap=cast("Any", max_gap))
    return cast("Iterator[ChatSession] | MergeChatRuns", dual_form(stage, chat_sessions))


def merge_chat_runs_in_session(
    chat_session: ChatSession,
    delimiter: str = "\n\n",
    *,
    max_gap: str | timedelta | None = RUN_MAX_GAP,
) -> ChatSession:
    """Merge the runs of one session.

    Args:
        chat_session: A session; it is not changed. A message without a sender starts a run of its
            own, so does one of another message class.
        delimiter: What stands between the texts of two messages of a run.
        max_gap: Longest pause between two messages of one run, as in `merge_chat_runs`.

    Returns:
        A new session with the same keys. A merged message has the attributes of its run's first
        message and the `events` of all of them; time is linear in the session's length.

    Raises:
        InvalidInputError: A message's content is neither text nor a list of content blocks.
        InvalidOptionError: `max_gap` is no gap.
    """
    gap = None if max_gap is None else as_gap(max_gap)
    return _merged(one_session(chat_session), delimiter, gap)


@without_gc
def _merged(session: ChatSession, delimiter: str, max_gap: timedelta | None) -> ChatSession:
    messages = list(session["messages"])
    paused: set[int] = set()
    if max_gap is not None:
        paused.update(long_pauses(times_in(messages), max_gap))
    merged = []
    start = 0
    for stop in range(1, len(messages) + 1):
        if (
            stop == len(messages)
            or stop in paused
            or not _same_run(messages[start], messages[stop])
        ):
            merged.append(_merge_run(messages[start:stop], delimiter))
            start = stop
    return cast("ChatSession", {**session, "messages": merged})


def _same_run(first: BaseMessage, message: BaseMessage) -> bool:
    sender = first.additional_kwargs.get("sender")
    return (
        sender is not None
        and sender == message.additional_kwargs.get("sender")
        and isinstance(message, type(first))
    )


def _merge_run(run: list[BaseMessage], delimiter: str) -> BaseMessage:
    first = run[0]
    if len(run) == 1:
        return first if isinstance(first.content, str) else copy_message(first, text_of(first))
    # The run's first text keeps its trailing blanks, as in langchain-community; blank ones add
    # nothing, not even a delimiter.
    texts = [text_of(m) if m is first else text_of(m).rstrip() for m in run]
    content = delimiter.join(text for text in texts if text.strip()).strip()
    kwargs: dict[str, Any] = dict(first.additional_kwargs)
    events = [event for m in run for event in m.additional_kwargs.get("events") or ()]
    if events:
        kwargs["events"] = events
    return copy_message(first, content, kwargs)
