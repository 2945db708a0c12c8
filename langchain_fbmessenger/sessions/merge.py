"""Join the messages that one person sent in a row into one: sessions in, sessions out."""

from __future__ import annotations

from datetime import timedelta  # noqa: TC003 - pydantic resolves the annotations
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Optional, overload

from pydantic import field_validator
from typing_extensions import TypedDict, Unpack, override

from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.intake import one_session
from langchain_fbmessenger.sessions.stage import TranscriptStage
from langchain_fbmessenger.transcripts.times import RUN_MAX_GAP, as_gap, long_pauses, times_of_runs
from langchain_fbmessenger.transcripts.transcript import transcript_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["MergeChatRuns", "merge_chat_runs", "merge_chat_runs_in_session"]


class MergeChatRuns(TranscriptStage):
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

    @property
    @override
    def looks_at_texts_alone(self) -> bool:
        return True

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        # A generator: it is over behind an error, and can be closed.
        yield from map(partial(_merged, delimiter=self.delimiter, max_gap=self.max_gap), sessions)


class MergeOptions(TypedDict, total=False):
    """The options of `merge_chat_runs`, for type checkers."""

    delimiter: str
    max_gap: str | timedelta | None


@overload
def merge_chat_runs(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[MergeOptions]
) -> Iterator[ChatSession]: ...
@overload
def merge_chat_runs(
    chat_sessions: None = None, **options: Unpack[MergeOptions]
) -> MergeChatRuns: ...
@function_of(MergeChatRuns, MergeOptions)
def merge_chat_runs(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
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
    return runnable_or_iterator(MergeChatRuns(**options), chat_sessions)


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
    given = transcript_of(one_session(chat_session))
    return _merged(given, delimiter=delimiter, max_gap=gap).to_session()


def _merged(session: Transcript, *, delimiter: str, max_gap: timedelta | None) -> Transcript:
    begins = _beginnings(session, max_gap)
    if not begins or (session.is_loaded and len(begins) == len(session)):
        return session
    ends = [*begins[1:], len(session)]
    texts = session.texts if session.is_loaded else [*map(session.text_of, range(len(session)))]
    firsts, lasts = times_of_runs(session.firsts, session.lasts, begins, ends)
    joined = _joined_as_they_are if _stay_as_they_are(texts) else _joined
    return session.but(
        senders=[session.senders[begin] for begin in begins],
        texts=[
            texts[begin] if end - begin == 1 else joined(texts[begin:end], delimiter)
            for begin, end in zip(begins, ends, strict=False)
        ],
        firsts=firsts,
        lasts=lasts,
        kinds=None if session.kinds is None else [session.kinds[begin] for begin in begins],
        starts=[*[session.starts[begin] for begin in begins], session.starts[-1]],
    )


def _beginnings(session: Transcript, max_gap: timedelta | None) -> list[int]:
    """Return where runs begin: messages of one sender and one class, without a long pause."""
    if not len(session):
        return []
    senders, kinds = session.senders, session.kinds
    paused = [] if max_gap is None else long_pauses(session.firsts, session.lasts, max_gap)
    begins = [0]
    if kinds is None or session.is_loaded:  # of one sender, all are of one class
        begins += [
            index
            for index, (before, sender) in enumerate(pairwise(senders), 1)
            if before != sender or sender is None
        ]
        return sorted({*begins, *paused}) if paused else begins
    after_pause = set(paused)
    for index, sender in enumerate(senders):
        run = begins[-1]
        is_of_run = sender is not None and sender == senders[run]
        is_of_class = issubclass(kinds[index], kinds[run])
        if index and (index in after_pause or not (is_of_run and is_of_class)):
            begins.append(index)
    return begins


def _stay_as_they_are(texts: list[str]) -> bool:
    """Tell whether none of several texts is blank, or has a blank at its end: as nearly always."""
    return all(texts) and [*map(str.rstrip, texts)] == texts


def _joined_as_they_are(texts: list[str], delimiter: str) -> str:
    return delimiter.join(texts).strip()


def _joined(texts: list[str], delimiter: str) -> str:
    # The run's first text keeps its trailing blanks, as in langchain-community; blank ones add
    # nothing, not even a delimiter.
    kept = [texts[0]] if texts[0].strip() else []
    kept += filter(None, map(str.rstrip, texts[1:]))
    return delimiter.join(kept).strip()
