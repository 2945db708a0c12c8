"""What the messages of a transcript are made of: what our loaders know, or what somebody gave."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_fbmessenger.transcripts.messages import ai_message, copy_message, human_message
from langchain_fbmessenger.transcripts.times import known_times, read_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from langchain_fbmessenger.exports import Extra
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["GivenMessages", "LoadedMessages", "MessageSource", "event_fields"]


class MessageSource(Protocol):
    """What the messages of a transcript are made of."""

    def times(self, start: int, stop: int) -> list[int]:
        """Return the times that stand from one place to another, in Unix ms."""

    def chosen(self, places: list[int]) -> MessageSource:
        """Return what stands at some places, in the order of these."""

    def messages(self, transcript: Transcript) -> list[BaseMessage]:
        """Make the messages of a transcript."""


class LoadedMessages:
    """What our loaders know of messages beside the columns, one place for each message.

    Args:
        times: When each was written.
        extras: What few of them have besides, by their place: records, or the fields of an event.
    """

    __slots__ = ("_extras", "_times")

    def __init__(
        self, times: list[int], extras: Mapping[int, Extra] | Mapping[int, dict[str, Any]]
    ) -> None:
        self._times = times
        self._extras: Mapping[int, Any] = extras

    def times(self, start: int, stop: int) -> list[int]:
        """Return the times that stand from one place to another, in Unix ms."""
        return known_times(self._times[start:stop])

    def written(self, start: int, stop: int) -> list[int]:
        """Return the times that stand from one place to another, as events have them."""
        return self._times[start:stop]

    def event(self, place: int) -> dict[str, Any]:
        """Return what LangChain's loaders call an event: a time, and what came with a message."""
        extra = self._extras.get(place)
        if extra is None:
            return {"message_time": self._times[place]}
        return {"message_time": self._times[place], **event_fields(extra)}

    def extras(self, start: int, stop: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give the places, from one to another, whose events hold more than a time, and what."""
        if len(self._extras) < stop - start:
            places = sorted([place for place in self._extras if start <= place < stop])
        else:
            places = [place for place in range(start, stop) if place in self._extras]
        return ((place, event_fields(self._extras[place])) for place in places)

    def with_extras(self, extras: Mapping[int, dict[str, Any]]) -> LoadedMessages:
        """Return messages of the same times that have something else besides."""
        return LoadedMessages(self._times, extras)

    def chosen(self, places: list[int]) -> LoadedMessages:
        """Return what stands at some places, in the order of these."""
        extras = {new: self._extras[p] for new, p in enumerate(places) if p in self._extras}
        return LoadedMessages([self._times[place] for place in places], extras)

    def messages(self, transcript: Transcript) -> list[BaseMessage]:
        """Make the messages of a transcript."""
        starts = transcript.starts
        if isinstance(starts, range):
            every = [[{"message_time": time}] for time in self._times[starts[0] : starts[-1]]]
            for index, _, fields in transcript.extras():
                every[index][0].update(fields)
        else:
            every = [[*map(self.event, range(*ends))] for ends in pairwise(starts)]
        messages: list[BaseMessage] = [
            human_message(text, {"sender": sender, "events": events})
            for sender, text, events in zip(
                transcript.senders, transcript.texts, every, strict=True
            )
        ]
        if transcript.kinds is None:
            return messages
        return [
            message if kind is HumanMessage else ai_message(message)
            for message, kind in zip(messages, transcript.kinds, strict=True)
        ]


class GivenMessages:
    """The messages of a session that somebody gave, as they were.

    Args:
        messages: The messages.
        times: The times of each, in Unix ms.
    """

    __slots__ = ("_given", "_times")

    def __init__(self, messages: list[BaseMessage], times: list[list[int]]) -> None:
        self._given = messages
        self._times = times

    def times(self, start: int, stop: int) -> list[int]:
        """Return the times that stand from one place to another, in Unix ms."""
        return [time for times in self._times[start:stop] for time in times]

    def chosen(self, places: list[int]) -> GivenMessages:
        """Return what stands at some places, in the order of these."""
        given = [self._given[place] for place in places]
        return GivenMessages(given, [self._times[place] for place in places])

    def with_own_times(self) -> GivenMessages:
        """Return messages whose times need the rest of their session no longer."""
        messages = read_times(self._given)[0]
        return self if messages is self._given else GivenMessages(messages, self._times)

    def messages(self, transcript: Transcript) -> list[BaseMessage]:
        """Make the messages of a transcript; those that no stage has touched are the same."""
        starts, given = transcript.starts, self._given
        kinds = transcript.kinds or [HumanMessage] * len(transcript)
        return [
            _changed(given[start:stop], text, kind)
            for text, kind, (start, stop) in zip(
                transcript.texts, kinds, pairwise(starts), strict=True
            )
        ]


def _changed(run: list[BaseMessage], content: Any, kind: type[BaseMessage]) -> BaseMessage:
    """Return one message for a run of them, the first with another content."""
    message = run[0]
    if len(run) > 1:
        kwargs: dict[str, Any] = dict(message.additional_kwargs)
        events = [event for m in run for event in m.additional_kwargs.get("events") or ()]
        if events:
            kwargs["events"] = events
        message = copy_message(message, content, kwargs)
    elif content is not message.content:
        message = copy_message(message, content)
    return ai_message(message) if kind is AIMessage and not isinstance(message, kind) else message


def event_fields(extra: Extra | dict[str, Any]) -> dict[str, Any]:
    """Return what an event holds beside its time: keys absent where there is nothing."""
    if isinstance(extra, dict):
        return extra
    fields: dict[str, Any] = {}
    if extra.reactions:
        fields["reactions"] = [
            {"actor": reaction.actor, "reaction": reaction.reaction} for reaction in extra.reactions
        ]
    if extra.attachments:
        fields["attachments"] = [{"kind": a.kind, "uri": a.uri} for a in extra.attachments]
    if extra.share:
        share = {"link": extra.share.link, "text": extra.share.text}
        fields["share"] = {key: value for key, value in share.items() if value}
    if extra.system:
        fields["system"] = {"kind": extra.system}
    if extra.call:
        fields["call"] = {"duration": extra.call.duration, "missed": extra.call.missed}
    return fields
