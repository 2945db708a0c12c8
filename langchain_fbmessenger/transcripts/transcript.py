"""Chat sessions in columns: what every stage works on, between loaders and those who want messages.

A lifetime of chats is millions of messages, and LangChain's message is an object of a dozen parts:
to make one takes as long as to read, merge and write it. So the stages see a session as a
`Transcript`: a list of senders, one of texts, one of times. LangChain's messages exist at two edges
only. Sessions that somebody gives come in by `transcript_of`, which keeps their messages, so that
what no stage touches comes out as the very object that went in; sessions go out by `to_session`.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeVar, cast

from langchain_core.messages import HumanMessage
from typing_extensions import override

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger.transcripts.message_sources import GivenMessages, LoadedMessages
from langchain_fbmessenger.transcripts.messages import text_of
from langchain_fbmessenger.transcripts.times import times_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.transcripts.message_sources import MessageSource

__all__ = ["SessionIterator", "Transcript", "transcript_of"]

T = TypeVar("T")


class Transcript:
    """A chat session in columns, of one entry for each message.

    Columns are never changed once they are made: several transcripts may share them.

    Attributes:
        fields: The session's keys; what stands at `messages` is not looked at.
        senders: Who sent each message, as its `additional_kwargs` have it.
        texts: Its content: text, but in sessions of other loaders.
        firsts: Its time in Unix ms, the first of those that were merged; None where none is known.
        lasts: The last of its times.
        kinds: Its message class; None where all are `HumanMessage`s.
        source: What the messages are made of.
        starts: Where in the source each entry begins; one more says where the last one ends.
        goes_on: Whether more of the same session follows, for stages that take it part by part.
    """

    __slots__ = (
        "fields",
        "firsts",
        "goes_on",
        "kinds",
        "lasts",
        "senders",
        "source",
        "starts",
        "texts",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - the columns
        self,
        fields: Mapping[str, Any],
        senders: list[Any],
        texts: list[Any],
        firsts: list[int] | list[int | None],
        lasts: list[int] | list[int | None],
        kinds: list[type[BaseMessage]] | None,
        source: MessageSource,
        starts: Sequence[int],
        goes_on: bool = False,  # noqa: FBT001, FBT002 - one more of them
    ) -> None:
        self.goes_on = goes_on
        self.fields = fields
        self.senders = senders
        self.texts = texts
        self.firsts = firsts
        self.lasts = lasts
        self.kinds = kinds
        self.source = source
        self.starts = starts

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def thread(self) -> Any:
        """What the session says of its thread; {} where it says nothing."""
        return self.fields.get("thread") or {}

    @property
    def is_loaded(self) -> bool:
        """Whether it is as our loaders make them: texts are texts, and each has a time."""
        return isinstance(self.source, LoadedMessages)

    def kind_of(self, index: int) -> type[BaseMessage]:
        """Return the class of a message."""
        return HumanMessage if self.kinds is None else self.kinds[index]

    def text_of(self, index: int) -> str:
        """Return the text of a message, whatever its content is.

        Raises:
            InvalidInputError: The content is neither text nor a list of content blocks.
        """
        return text_of(self.texts[index])

    def part(self, start: int, stop: int) -> Transcript:
        """Return the messages from one index to another, as a session of their own."""
        if start == 0 and stop == len(self):
            return self
        return Transcript(
            self.fields,
            self.senders[start:stop],
            self.texts[start:stop],
            self.firsts[start:stop],
            self.lasts[start:stop],
            None if self.kinds is None else self.kinds[start:stop],
            self.source,
            self.starts[start : stop + 1],
        )

    def followed_by(self, more: Transcript) -> Transcript:
        """Return what our loaders know of a session with what they know of more of it."""
        times = [
            time
            for one in (self, more)
            if isinstance(one.source, LoadedMessages)
            for time in one.source.written(one.starts[0], one.starts[-1])
        ]
        extras = {place - self.starts[0]: fields for _, place, fields in self.extras()}
        shift = len(self) - more.starts[0]
        extras |= {place + shift: fields for _, place, fields in more.extras()}
        return more.but(
            senders=[*self.senders, *more.senders],
            texts=[*self.texts, *more.texts],
            firsts=[*self.firsts, *more.firsts],
            lasts=[*self.lasts, *more.lasts],
            source=LoadedMessages(times, extras),
            starts=range(len(times) + 1),
        )

    def chosen(self, indexes: Sequence[int]) -> Transcript:
        """Return some of the messages, in their order."""
        if len(indexes) == len(self):
            return self
        runs = [range(self.starts[index], self.starts[index + 1]) for index in indexes]
        places = [place for run in runs for place in run]
        ends = accumulate(map(len, runs))
        return Transcript(
            self.fields,
            [self.senders[index] for index in indexes],
            [self.texts[index] for index in indexes],
            cast("Any", [self.firsts[index] for index in indexes]),
            cast("Any", [self.lasts[index] for index in indexes]),
            None if self.kinds is None else [self.kinds[index] for index in indexes],
            self.source.chosen(places),
            range(len(runs) + 1) if len(places) == len(runs) else [0, *ends],
        )

    def but(self, **columns: Any) -> Transcript:
        """Return the transcript with other columns."""
        mine = {name: getattr(self, name) for name in self.__slots__}
        return Transcript(**{**mine, **columns})

    def with_own_times(self) -> Transcript:
        """Return a session of which parts tell their times without the rest."""
        source = self.source
        if not isinstance(source, GivenMessages):
            return self
        own = source.with_own_times()
        return self if own is source else self.but(source=own)

    def several_times(self) -> Iterator[list[int]]:
        """Give the times of each message that has several: merged ones."""
        if isinstance(self.starts, range) and self.is_loaded:
            return
        for start, stop in pairwise(self.starts):
            times = self.source.times(start, stop)
            if len(times) > 1:
                yield times

    def extras(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Give what few loaded messages have beside the columns, in their order.

        Yields:
            The index of a message, a place of it in the source, and the fields of its event there
            beside the time.
        """
        source, starts = self.source, self.starts
        if isinstance(source, LoadedMessages):
            is_even = isinstance(starts, range)  # one place for each message: no need to search
            for place, fields in source.extras(starts[0], starts[-1]):
                index = place - starts[0] if is_even else bisect(starts, place) - 1
                yield index, place, fields

    @without_gc
    def messages(self) -> list[BaseMessage]:
        """Return LangChain's messages."""
        return self.source.messages(self)

    def to_session(self) -> ChatSession:
        """Return the session, a dict with a list of messages that are its own."""
        return cast("ChatSession", {**self.fields, "messages": self.messages()})


def transcript_of(session: Mapping[str, Any]) -> Transcript:
    """Return a session that somebody gave as a transcript, which keeps its messages.

    Args:
        session: A chat session; it is not changed.
    """
    messages = list(session["messages"])
    times = times_in(messages)
    kinds = [*map(type, messages)]
    return Transcript(
        session,
        [message.additional_kwargs.get("sender") for message in messages],
        [message.content for message in messages],
        [own[0] if own else None for own in times],
        [own[-1] if own else None for own in times],
        kinds if {*kinds} - {HumanMessage} else None,
        GivenMessages(messages, times),
        range(len(messages) + 1),
    )


class SessionIterator(Iterator[T]):
    """Gives sessions, plain dicts of plain messages; a stage takes the transcripts instead.

    Args:
        read: Gives the transcripts, one at a time. It is told whether long sessions may come in
            parts, all but the last of which go on.
        give: Makes of each what an iteration gives.
    """

    def __init__(
        self,
        read: Callable[[bool], Iterator[Transcript]],
        give: Callable[[Transcript], T] = Transcript.to_session,  # type: ignore[assignment]
    ) -> None:
        self._read = read
        self._transcripts: Iterator[Transcript] | None = None
        self._give = give

    @override
    def __next__(self) -> T:
        whole = next(self.transcripts())
        while whole.goes_on:  # parts that somebody else has asked for
            whole = whole.followed_by(next(self.transcripts()))
        return self._give(whole)

    def transcripts(self, *, in_parts: bool = False) -> Iterator[Transcript]:
        """Give what is left in columns.

        Args:
            in_parts: Whether long sessions may come in parts.
        """
        if self._transcripts is None:
            self._transcripts = self._read(in_parts)
        return self._transcripts

    def close(self) -> None:
        """End the iteration; what is being read is closed."""
        close = getattr(self.transcripts(), "close", None)
        if close is not None:
            close()
