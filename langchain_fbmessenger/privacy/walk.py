"""Go through everything that a session and its messages hold, and rebuild it with other texts.

Loaders differ in where they put people: a sender stands in `additional_kwargs`, in `name`, or as
LangChain's WhatsApp and Slack loaders have it, in a field `role` that no message class knows. So
nothing is passed over because of where it stands: texts, keys, and what is in lists and models.
"""

from __future__ import annotations

import copy
import dataclasses
import re
from abc import ABC, abstractmethod
from collections import deque
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

from langchain_fbmessenger.transcripts.message_sources import LoadedMessages
from langchain_fbmessenger.transcripts.messages import copy_message, is_plain, rebuilt_model
from langchain_fbmessenger.transcripts.transcript import transcript_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["NAME_KEYS", "ROLES", "Walk", "is_our_word", "names_of_message", "sender_of"]

_OUR_KEYS = {"folder", "source", "kind"}
_OUR_WORDS = {
    *("inbox", "e2ee_cutover", "archived_threads", "filtered_threads", "message_requests"),
    *("messenger", "instagram", "e2ee", "html", "graph_api"),
    *("photo", "video", "audio", "file", "gif", "sticker", "link"),
    *("unsent", "call", "group event", "setting", "connection", "poll or plan", "notice"),
    *("game or app", "attachment sentence", "reaction sentence"),
}
# People are called Kind, Link and Call, but these keys are not names of people; keys of other
# loaders may be.
_STRUCTURE = {
    *("message_time", "reactions", "attachments", "share", "system", "call", "sender", "events"),
    *("actor", "reaction", "kind", "uri", "link", "text", "duration", "missed"),
    *("type", "id", "name", "args", "index", "content", "role", "url", "base64", "data", "file"),
    *("source_type", "mime_type", "image_url", "input_audio", "file_id", "file_data", "error"),
    *("tool_calls", "function", "arguments", "annotations", "extras", "metadata", "title"),
    *("usage_metadata", "input_tokens", "output_tokens", "total_tokens", "model_name"),
}
NAME_KEYS = {"sender", "actor", "owner", "participants"}
"""Keys whose values are names, whatever they look like."""

ROLES = {
    *("", "user", "assistant", "system", "developer", "tool", "function", "human", "ai"),
    *("chat", "model", "bot"),
}
"""What chat formats know as a `role`; any other is a name, or may be."""

# Of a picture's bytes as text, no part is a name. A chat's words are shorter.
_ENCODED = re.compile(r"(?:data:[\w/+.;=-]{0,99};base64,)?[A-Za-z0-9+/_\-\r\n]{200,}={0,2}\s*")
_FEWEST_ENCODED = 200
_IDS = {"id", "tool_call_id"}


class Walk(ABC):
    """Rebuilds values with other texts; what it is given stays as it is."""

    def __init__(self) -> None:
        self._originals: dict[str, list[str]] = {}

    @abstractmethod
    def text(self, text: str, key: str) -> str:
        """Return what is to stand for a text.

        Args:
            text: The text.
            key: The key or field that it stands in, that of the list around it else.
        """

    def thread(self, thread: Any) -> Any:
        """Return what is to stand for a session's thread."""
        return self.value(thread)

    def content(self, content: Any) -> Any:
        """Return what is to stand for a message's content."""
        return self.value(content)

    def contents(self, contents: Sequence[Any]) -> Iterator[Any]:
        """Give what is to stand for the contents of messages, one after another."""
        return map(self.content, contents)

    def value(self, value: Any, key: str = "") -> Any:
        """Return a value with its texts as they shall be."""
        if isinstance(value, str):
            if len(value) >= _FEWEST_ENCODED and _ENCODED.fullmatch(value):
                return value
            text = self.text(value, key)
            return text if key not in _IDS or text == value else self.distinct(value, text)
        if isinstance(value, dict):
            return self.items(value)
        if isinstance(value, bytes | bytearray):
            return self._bytes(value, key)
        if isinstance(value, list | tuple | set | frozenset | deque):
            return _like(value, [self.value(one, key) for one in value])
        return self._object(value, key)

    def items(self, values: dict[Any, Any]) -> dict[Any, Any]:
        """Return a dict with its texts as they shall be. Keys that become one stay as many."""
        rebuilt: dict[Any, Any] = {}
        for key, value in values.items():
            new = key if key in _STRUCTURE else self.value(key)
            number = 2
            while new in rebuilt:
                new = f"{self.value(key)} {number}"
                number += 1
            rebuilt[new] = self.value(value, key if isinstance(key, str) else "")
        return rebuilt

    def kwargs(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return a message's `additional_kwargs` with their texts as they shall be."""
        if not _are_bare(kwargs.get("events")):
            return self.items(kwargs)
        rest = {key: value for key, value in kwargs.items() if key != "events"}
        return {**self.items(rest), "events": kwargs["events"]}

    def transcript(self, session: Transcript) -> Transcript:
        """Return a session with its texts as they shall be: keys, thread, then messages."""
        given = session.fields
        fields = self.items({k: v for k, v in given.items() if k not in {"messages", "thread"}})
        if "thread" in given:
            fields["thread"] = self.thread(given["thread"])
        source = session.source
        if not isinstance(source, LoadedMessages):
            return transcript_of({**fields, "messages": [*map(self.message, session.messages())]})
        texts: list[Any] = []
        senders: dict[str, str] = {}
        extras: dict[int, dict[str, Any]] = {}
        contents = self.contents(session.texts)

        def go_to(stop: int) -> None:
            start = len(texts)
            texts.extend(islice(contents, stop - start))
            for sender in dict.fromkeys(session.senders[start:stop]):
                if sender not in senders:
                    senders[sender] = self.value(sender, "sender")

        for index, place, event in session.extras():
            go_to(index + 1)
            extras[place] = self.items(event)
        go_to(len(session))
        return session.but(
            fields=fields,
            senders=[*map(senders.__getitem__, session.senders)],
            texts=texts,
            source=source.with_extras(extras),
        )

    def message(self, message: BaseMessage) -> BaseMessage:
        """Return a message with its texts as they shall be."""
        content = self.content(message.content)
        kwargs = self.kwargs(message.additional_kwargs)
        if is_plain(message):  # what our own loader makes: there is nothing else
            return copy_message(message, content, kwargs)
        fixed = {"content": content, "additional_kwargs": kwargs, "type": message.type}
        return rebuilt_model(message, fixed, self.value)

    def distinct(self, original: str, text: str) -> str:
        """Return a text for one only, which is not that of another original: ids must differ."""
        originals = self._originals.setdefault(text, [])
        if original not in originals:
            originals.append(original)
        number = originals.index(original) + 1
        return text if number == 1 else f"{text} {number}"

    def _bytes(self, value: bytes | bytearray, key: str) -> bytes | bytearray:
        """Return bytes with their text as it shall be; those of a picture hold no text."""
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return value
        rebuilt = self.value(text, key)
        return value if rebuilt == text else type(value)(rebuilt.encode())

    def _object(self, value: Any, key: str) -> Any:
        if isinstance(value, BaseMessage):
            return self.message(value)
        if isinstance(value, BaseModel):
            return rebuilt_model(value, {}, self.value)
        if isinstance(value, PurePath):
            return type(value)(self.text(str(value), key))
        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        rebuilt = copy.copy(value)
        for field in dataclasses.fields(value):
            new = self.value(getattr(value, field.name), field.name)
            object.__setattr__(rebuilt, field.name, new)
        return rebuilt


def _are_bare(events: Any) -> bool:
    """Tell whether a message's events hold nothing but times in numbers, as nearly all do."""
    return isinstance(events, list) and all(
        isinstance(event, dict)
        and event.keys() <= {"message_time"}
        and not isinstance(event.get("message_time"), str)
        for event in events
    )


def is_our_word(text: str, key: str) -> bool:
    """Tell whether a text is one of the words that our loaders write at some keys."""
    return key in _OUR_KEYS and text in _OUR_WORDS


def sender_of(message: BaseMessage) -> str:
    """Return who sent a message; "" where nobody says it."""
    return next(names_of_message(message), "")


def names_of_message(message: BaseMessage) -> Iterator[str]:
    """Give the names that a message has for its sender, the surest first.

    LangChain's loaders for WhatsApp and Slack give a `role`, too. Where nothing else says who it
    was, a role that no chat format knows is a name.
    """
    sender = message.additional_kwargs.get("sender")
    if isinstance(sender, str):
        yield sender
    if message.name:
        yield message.name
    elif not isinstance(sender, str):
        role = getattr(message, "role", None)
        if isinstance(role, str) and role not in ROLES:
            yield role


def _like(given: Any, items: list[Any]) -> Any:
    """Return items in a container as the given one."""
    if isinstance(given, tuple) and hasattr(given, "_fields"):
        return type(given)(*items)
    kinds = (tuple, set, frozenset, deque)
    return next((kind(items) for kind in kinds if isinstance(given, kind)), items)
