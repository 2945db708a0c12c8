"""Split threads into conversations at long pauses: sessions in, more and shorter sessions out."""

from __future__ import annotations

import warnings
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Union, overload

from pydantic import field_validator
from typing_extensions import TypedDict, Unpack, override

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.sessions._pauses import DEFAULT_GAP, learned_gap
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.stage import TranscriptStage
from langchain_fbmessenger.transcripts.times import as_gap, long_pauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["SplitChatSessions", "split_chat_sessions"]


class SplitChatSessions(TranscriptStage):
    """The Runnable form of `split_chat_sessions`."""

    name: str | None = "split_chat_sessions"

    gap: Union[timedelta, Literal["auto"]] = DEFAULT_GAP  # noqa: UP007 - read on Python 3.10 too
    """Longest pause within a conversation, such as "90m"; "auto" learns it from each thread."""

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

    @property
    @override
    def takes_parts(self) -> bool:
        return self.gap != "auto"

    @property
    @override
    def looks_at_texts_alone(self) -> bool:
        return True

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        seen = _Seen()
        begun: Transcript | None = None  # the conversation that a part breaks off
        for session in sessions:
            gap = _learned(session) if self.gap == "auto" else self.gap
            seen.look_at(session, gap)
            # Only the whole session tells 3 April from 4 March: its parts get times in ms.
            whole = session.with_own_times() if begun is None else begun.followed_by(session)
            pauses = long_pauses(whole.firsts, whole.lasts, gap)
            begun = None
            if session.goes_on:
                last = pauses[-1] if pauses else 0
                begun = whole.part(last, len(whole))
                whole, pauses = whole.part(0, last), pauses[:-1]
            if begun is None or len(whole):
                yield from map(whole.part, [0, *pauses], [*pauses, len(whole)])
            del session, whole  # while the next one is read
        seen.warn()


class SplitOptions(TypedDict, total=False):
    """The options of `split_chat_sessions`, for type checkers."""

    gap: str | timedelta


@overload
def split_chat_sessions(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[SplitOptions]
) -> Iterator[ChatSession]: ...
@overload
def split_chat_sessions(
    chat_sessions: None = None, **options: Unpack[SplitOptions]
) -> SplitChatSessions: ...
@function_of(SplitChatSessions, SplitOptions)
def split_chat_sessions(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
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
        InvalidOptionError: `gap` is not one of these, or not positive.

    Warns:
        UserWarning: At the end, where sessions hold no time that can be read: they are whole; or
            where merged messages hold a pause.

    Example:
        ```python
        conversations = list(split_chat_sessions(loader.lazy_load(), gap="auto"))
        pipeline = split_chat_sessions(gap="8h") | merge_chat_runs() | map_ai_messages()
        ```
    """
    return runnable_or_iterator(SplitChatSessions(**options), chat_sessions)


class _Seen:
    """Counts what could not be split, for one warning at the end."""

    def __init__(self) -> None:
        self._sessions_without_times = 0
        self._messages_with_a_pause = 0

    def look_at(self, session: Transcript, gap: timedelta) -> None:
        self._sessions_without_times += len(session) > 1 and all(t is None for t in session.firsts)
        longest = gap / timedelta(milliseconds=1)
        self._messages_with_a_pause += sum(
            any(later - time > longest for time, later in pairwise(run))
            for run in session.several_times()
        )

    def warn(self) -> None:
        parts = []
        if self._sessions_without_times:
            parts.append(
                f"{self._sessions_without_times:,} sessions carry no time that can be read "
                "(events[].message_time): they were left whole."
            )
        if self._messages_with_a_pause:
            parts.append(
                f"{self._messages_with_a_pause:,} messages had been merged across a longer pause "
                "and were left whole: put split_chat_sessions() before merge_chat_runs()."
            )
        if parts:
            warnings.warn(f"split_chat_sessions: {' '.join(parts)}", stacklevel=2)


def _learned(session: Transcript) -> timedelta:
    """Return the gap of a thread, learned from its answers: messages after someone else's."""
    pauses = []
    last: tuple[Any, int] | None = None
    for sender, first, own_last in zip(session.senders, session.firsts, session.lasts, strict=True):
        if first is None or own_last is None:
            continue
        if last is not None and sender != last[0]:
            pauses.append(first - last[1])
        last = (sender, own_last)
    return learned_gap(pauses)
