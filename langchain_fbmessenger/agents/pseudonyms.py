"""One model call's way to the model and back: texts with real names in, pseudonyms out, and back.

Everything that is known before the call (people, finders) is shared by all calls; what a call's
messages hold is its own, so that two conversations never mix.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from langchain_fbmessenger.agents.placeholders import Placeholders
from langchain_fbmessenger.agents.walk import MessageWalk
from langchain_fbmessenger.privacy.findings import (
    IDENTIFIER_KINDS,
    Finding,
    find_in,
    replaced,
)
from langchain_fbmessenger.privacy.names.restore import find_invented, finders_of_invented
from langchain_fbmessenger.privacy.restoring import StreamRestorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import BulkFinder
    from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
    from langchain_fbmessenger.privacy.names import NameBook

__all__ = ["CallPseudonyms", "Pseudonyms"]

MessageT = TypeVar("MessageT", bound=BaseMessage)
ValueT = TypeVar("ValueT")

_KNOBS = frozenset(
    ["model", "model_name", "tool_choice", "service_tier", "reasoning_effort", "reasoning"]
)
_SCHEMAS = frozenset(["tools", "functions", "response_format", "ls_structured_output_format"])
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


class Pseudonyms:
    """What is known before any call: whom to rename, and how identifiers are found.

    Args:
        book: Invented names.
        key: The key file that it keeps them in.
        identifiers: Finds phone numbers and the like; None leaves them.
        is_fake: Whether an invented identifier stands for one, and no placeholder.
        replaces_unknown: Whether names of people whom the book does not know are replaced, too.
    """

    def __init__(
        self,
        book: NameBook,
        key: Path,
        identifiers: IdentifierFinder | None,
        *,
        is_fake: bool = False,
        replaces_unknown: bool = False,
    ) -> None:
        self.book = book
        self.is_fake = is_fake
        self.identifiers = identifiers
        self.names = book.finder()
        self.replaces_unknown = replaces_unknown
        self.way_back = finders_of_invented(key)
        self._key = key
        self._lock = threading.Lock()

    @contextmanager
    def inventing(self) -> Iterator[BulkFinder]:
        """Give a finder of all names, of unknown people's too, to one thread at a time."""
        with self._lock:
            with self.book.holding_key():  # written once for all messages
                yield self.book.finder(unknown=True)
            self.way_back = finders_of_invented(self._key)


class CallPseudonyms:
    """Takes what goes to a model in one call, and what comes back.

    Args:
        shared: What is known before.

    Attributes:
        has_answered: Whether the model that was to be asked has been.
    """

    def __init__(self, shared: Pseudonyms) -> None:
        self.has_answered = False
        self._shared = shared
        self._placeholders = Placeholders(shared.book.secret)
        self._told: dict[str, str] = {}  # by each text what stands for it, itself for ours
        self._names: BulkFinder = shared.names
        self.there = MessageWalk(self._to_model, self._name_to_model, self._id_to_model)
        self.back = MessageWalk(self.restored, self.restored, str)

    def to_model(self, messages: Sequence[MessageT], tools: Iterable[Any] = ()) -> list[MessageT]:
        """Return messages as the model may see them.

        Names of unknown people are replaced if that is wanted. What this has made is left alone by
        all that follows.

        Args:
            messages: The messages.
            tools: What the model will be given besides: it is looked at here already.
        """
        if not self._shared.replaces_unknown:
            return self._first_to_model(messages, tools)
        with self._shared.inventing() as self._names:
            made = self._first_to_model(messages, tools)
        self._names = self._shared.names
        return made

    def settings_to_model(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return what a model is called with besides messages, its texts as it may see them."""
        told: dict[str, Any] = {}
        for key, value in settings.items():
            change = self.there.schema if key in _SCHEMAS else self.there.plain
            told[key] = value if key in _KNOBS else change(value)
        return told

    def tool_to_model(self, tool: Any) -> Any:
        """Return a tool, its description and the values that it takes as the model may see them.

        One that names nobody stays the object that it is.
        """
        told = tool if isinstance(tool, dict) else convert_to_openai_tool(tool)
        changed = self.there.schema(told)
        return tool if changed == told else changed

    def restored(self, text: str) -> str:
        """Return a text of the model's with real names and values."""
        restored = self._restored(text)
        plain = _without_escapes(text)
        if plain == text and not _may_be_json(text):
            return restored
        if (from_plain := self._restored(plain)) != plain:
            restored = from_plain
        return _valid_json(text, restored, self._restored)

    def stream(self) -> StreamRestorer:
        """Return what restores a text of the model's that comes bit by bit."""
        return StreamRestorer(self._finders_of_invented(), unfinished=self._placeholders.unfinished)

    def _first_to_model(self, messages: Sequence[MessageT], tools: Iterable[Any]) -> list[MessageT]:
        for tool in tools:
            self.tool_to_model(tool)
        return [*map(self.there.message, messages)]

    def _finders_of_invented(self) -> list[BulkFinder]:
        return [self._placeholders, *self._shared.way_back]

    def _restored(self, text: str) -> str:
        return replaced(text, find_invented(text, self._finders_of_invented()))

    def _to_model(self, text: str) -> str:
        if text not in self._told:
            changed = self._without(text)
            plain = _without_escapes(text)
            if plain != text and (from_plain := self._without(plain)) != plain:
                changed = from_plain
            self._told[text] = self._told[changed] = changed
        return self._told[text]

    def _without(self, text: str) -> str:
        shared = self._shared
        identifiers = [shared.identifiers] if shared.identifiers is not None else []
        found = find_in(text, [*identifiers, self._names])
        return replaced(text, [self._standing_in(one, text) for one in found])

    def _standing_in(self, found: Finding, text: str) -> Finding:
        if found.kind not in IDENTIFIER_KINDS:
            return found
        written = text[found.start : found.end]
        if self._shared.is_fake:
            stand_in = self._placeholders.fake(found.kind, found.replacement, written)
        else:
            stand_in = self._placeholders.placeholder(found.replacement.strip("[]"), written)
        return found._replace(replacement=stand_in)

    def _name_to_model(self, name: str) -> str:
        book = self._shared.book
        return book.invented(name) if book.knows(name) else self._to_model(name)

    def _id_to_model(self, an_id: str) -> str:
        """Return an id without names in it; providers know theirs by heart."""
        return replaced(an_id, find_in(an_id, [self._shared.names]))


def _without_escapes(text: str) -> str:
    """Return a text with letters for what JSON has for them: models read and write these."""
    if "\\u" not in text:
        return text
    return _ESCAPED.sub(lambda match: str(json.loads(f'"{match[0]}"')), text)


def _may_be_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _valid_json(text: str, restored: str, restore: Callable[[str], str]) -> str:
    """Return a restored text, as JSON if it was JSON: values may hold what has to be escaped."""
    if restored == text or not _may_be_json(text):
        return restored
    try:
        meant = MessageWalk(restore, restore, restore).plain(json.loads(text))
    except ValueError:
        return restored
    try:
        is_meant = json.loads(restored) == meant
    except ValueError:
        is_meant = False
    return restored if is_meant else json.dumps(meant, ensure_ascii=False)
