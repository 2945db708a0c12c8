"""Cut threads into conversations where they paused: sessions in, more and shorter sessions out."""

from __future__ import annotations

import warnings
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Union, cast, overload

from pydantic import field_validator
from typing_extensions import override

from langchain_fbmessenger._times import as_gap, long_pauses, read_times
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.sessions._pauses import DEFAULT_GAP, learned_gap
from langchain_fbmessenger.sessions.stage import SessionStage, dual_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

__all__ = ["SplitChatSessions", "split_chat_sessions"]


class SplitChatSessions(SessionStage):
    """The Runnable form of `split_chat_sessions`."""

    name: str | None = "split_chat_sessions"

    gap: Union[timedelta, Literal["auto"]] = DEFAULT_GAP  # noqa: UP007 - read on Python 3.10 too
    """Longest pause within a conversation; "auto" learns it from each thread."""

    @field_validator("gap", mode="before")
    @classmethod
    def _as_gap(cls, gap: Any) -> timedelta | Literal["auto"]:
        if isinstance(gap, str) and gap.strip().lower() == "auto":
            return "auto"
        try:
            return as_gap(gap)
        except ValueError as error:
            message = f'{error}; or "auto"'
            raise InvalidOptionError(message) from None

    @property
    @override
    def one_to_one(self) -> bool:
        return False

    @override
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[ChatSession]:
        seen = _Seen()
        for session in sessions:
            messages, times = read_times(list(session["messages"]))
            gap = _learned(messages, times) if self.gap == "auto" else self.gap
            seen.look_at(times, gap)
            start = 0
            for stop in [*long_pauses(times, gap), len(messages)]:
                yield cast("ChatSession", {**session, "messages": messages[start:stop]})
                start = stop
        seen.warn()


@overload
def split_chat_sessions(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, *, gap: str | timedelta = ...
) -> Iterator[ChatSession]: ...
@overload
def split_chat_sessions(
    chat_sessions: None = None, *, gap: str | timedelta = ...
) -> SplitChatSessions: ...
def split_chat_sessions(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None,
    *,
    gap: str | timedelta = "8h",
) -> Iterator[ChatSession] | SplitChatSessions:
    """Cut each session where nobody wrote for longer than `gap`.

    A thread holds years; what a model can learn to continue is a conversation. Cut before
    `merge_chat_runs`: a message that was merged across a pause can no longer be cut (a warning
    counts those).

    Args:
        chat_sessions: The sessions, messages oldest first; without them a Runnable is returned.
        gap: Longest pause within a conversation: a `timedelta`, a text such as "8h", "90m" or
            "1d 12h", or "auto". "auto" learns the gap of each thread from the time that its answers
            took (two log-normal distributions, answers and restarts, told apart where the second
            becomes the likelier), from 30 minutes to 24 hours; it is 8 hours where a thread has
            fewer than 30 answers or all took about as long.

    Returns:
        An iterator over new sessions with the keys of those that they were cut from, or the
        Runnable that does the same. No message is lost, none stands in two sessions. Times that
        only a whole thread tells (WhatsApp's "3/4/23, 9:10") stand in Unix ms.

    Raises:
        InvalidOptionError: `gap` is none of the above, or not longer than nothing.

    Warns:
        UserWarning: At the end, where sessions hold no time that can be read: they are whole; or
            where merged messages hold a pause.

    Example:
        ```python
        conversations = list(split_chat_sessions(loader.lazy_load(), gap="auto"))
        pipeline = split_chat_sessions(gap="8h") | merge_chat_runs() | map_ai_messages()
        ```
    """
    stage = SplitChatSessions(gap=cast("Any", gap))
    return cast("Iterator[ChatSession] | SplitChatSessions", dual_form(stage, chat_sessions))


class _Seen:
    """What could not be split, counted for one warning at the end."""

    def __init__(self) -> None:
        self._sessions_without_times = 0
        self._messages_with_a_pause = 0

    def look_at(self, times: list[list[int]], gap: timedelta) -> None:
        self._sessions_without_times += len(times) > 1 and not any(times)
        longest = gap / timedelta(milliseconds=1)
        self._messages_with_a_pause += sum(
            any(later - time > longest for time, later in pairwise(run))
            for run in times
            if len(run) > 1
        )

    def warn(self) -> None:
        told = []
        if self._sessions_without_times:
            told.append(
                f"{self._sessions_without_times:,} sessions carry no time that can be read "
                "(events[].message_time): they were left whole."
            )
        if self._messages_with_a_pause:
            told.append(
                f"{self._messages_with_a_pause:,} messages had been merged across a longer pause "
                "and were left whole: put split_chat_sessions() before merge_chat_runs()."
            )
        if told:
            warnings.warn(f"split_chat_sessions: {' '.join(told)}", stacklevel=2)


def _learned(messages: list[BaseMessage], times: list[list[int]]) -> timedelta:
    """Learn the gap of a thread from its answers: messages behind one of somebody else."""
    pauses = []
    last: tuple[Any, int] | None = None
    for message, written in zip(messages, times, strict=True):
        if not written:
            continue
        sender = message.additional_kwargs.get("sender")
        if last is not None and sender != last[0]:
            pauses.append(written[0] - last[1])
        last = (sender, written[-1])
    return learned_gap(pauses)
