"""Go through everything that a message to or from a model holds, and rebuild it with other texts.

What names a thing to a program stays: types, indexes, a provider's ids, addresses and bytes of
pictures, signatures, names of tools and of their parameters. All other texts are people's.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import BaseMessage, FunctionMessage, ToolMessage
from pydantic import BaseModel

from langchain_fbmessenger.privacy.walk import NAME_KEYS, ROLES
from langchain_fbmessenger.transcripts.messages import rebuilt_model

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AS_IT_IS", "JSON_KEYS", "MessageWalk"]

MessageT = TypeVar("MessageT", bound=BaseMessage)

# Pictures and files are left as they are: bytes show what they show, and an address has to lead
# somewhere. Signatures are of what a provider has hidden in them.
AS_IT_IS = frozenset(
    [
        *("type", "index", "url", "image_url", "data", "base64", "file_id", "file_data"),
        *("mime_type", "media_type", "source_type", "format", "detail", "signature"),
        *("encrypted_content", "thought_signature", "model", "model_name", "model_provider"),
        *("finish_reason", "stop_reason", "system_fingerprint", "service_tier", "logprobs"),
        *("usage_metadata", "token_usage", "usage", "object", "status", "phase", "cache_control"),
    ]
)
"""Keys whose values no model reads as words."""

JSON_KEYS = frozenset(["arguments", "args", "partial_json", "input"])
"""Keys of what a tool is called with: values, or JSON as text."""

_IDS = frozenset(["id", "tool_call_id", "call_id"])
_FIELDS_AS_THEY_ARE = frozenset(
    ["type", "status", "chunk_position", "usage_metadata", "artifact", "example"]
)
# Fields of a JSON schema that hold words or values; all others name things to programs.
_WORDS_OF_SCHEMA = frozenset(
    ["description", "title", "enum", "const", "default", "example", "examples", "$comment"]
)
_NAMES_IN_SCHEMA = frozenset(["properties", "$defs", "definitions", "patternProperties"])


class MessageWalk:
    """Rebuilds messages with other texts; what it is given stays as it is.

    Args:
        text: Says what is to stand for a text.
        name: Says what is to stand for the name of who wrote a message.
        an_id: Says what is to stand for an id.
    """

    def __init__(
        self,
        text: Callable[[str], str],
        name: Callable[[str], str],
        an_id: Callable[[str], str],
    ) -> None:
        self._text = text
        self._name = name
        self._id = an_id

    def message(self, message: MessageT) -> MessageT:
        """Return a message with its texts as they shall be."""
        kept = {
            field: value
            for field, value in message.__dict__.items()
            if field in _FIELDS_AS_THEY_ARE
        }
        if isinstance(message, ToolMessage | FunctionMessage):
            kept["name"] = message.name  # of the tool

        return rebuilt_model(message, kept, self._field)

    def value(self, value: Any, key: str = "") -> Any:  # noqa: PLR0911 - one kind after another
        """Return a value of a message's blocks and dicts with its texts as they shall be."""
        if key in AS_IT_IS:
            return value
        if key in JSON_KEYS:
            return self.arguments(value)
        if isinstance(value, str):
            if key in NAME_KEYS:
                return self._name(value)
            return self._id(value) if key in _IDS else self._text(value)
        if isinstance(value, dict):
            return self._items(value)
        if isinstance(value, list | tuple):
            return [self.value(one, key) for one in value]
        return self.plain(value)

    def arguments(self, arguments: Any) -> Any:
        """Return what a tool is called with, texts at every depth; names of parameters stay."""
        if isinstance(arguments, str):
            try:
                read = json.loads(arguments)
            except ValueError:  # it was cut short
                return self._text(arguments)
            rebuilt = self.arguments(read) if isinstance(read, dict) else self.plain(read)
            return arguments if rebuilt == read else json.dumps(rebuilt, ensure_ascii=False)
        if isinstance(arguments, dict):
            return {key: self.plain(value) for key, value in arguments.items()}
        return self.plain(arguments)

    def plain(self, value: Any) -> Any:  # noqa: PLR0911 - one kind after another
        """Return any value with all its texts as they shall be, keys too."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self.plain(key): self.plain(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        if isinstance(value, tuple):
            items = [self.plain(one) for one in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        if isinstance(value, BaseMessage):
            return self.message(value)
        if isinstance(value, BaseModel):
            return rebuilt_model(value, {}, lambda one, _: self.plain(one))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in dataclasses.fields(value) if field.init]
            return dataclasses.replace(value, **{n: self.plain(getattr(value, n)) for n in names})
        return value

    def schema(self, value: Any, key: str = "", *, is_named: bool = False) -> Any:
        """Return a tool, or a JSON schema, with its descriptions and values as they shall be."""
        if isinstance(value, dict):
            return {
                name: self.plain(one)
                if name in _WORDS_OF_SCHEMA and not is_named
                else self.schema(one, name, is_named=name in _NAMES_IN_SCHEMA and not is_named)
                for name, one in value.items()
            }
        return [self.schema(one, key) for one in value] if isinstance(value, list) else value

    def _field(self, value: Any, field: str) -> Any:
        if field == "content":
            if isinstance(value, str):
                return self._text(value)
            return [self._text(one) if isinstance(one, str) else self.value(one) for one in value]
        if field in {"tool_calls", "invalid_tool_calls", "tool_call_chunks"}:
            return [self._call(call) for call in value]
        if field == "name":
            return self._name(value)
        if field == "role":
            return value if value in ROLES else self._name(value)
        return self.value(value, field)

    def _items(self, values: dict[str, Any]) -> Any:
        if "arguments" in values or "args" in values or values.get("type") == "tool_use":
            return self._call(values)
        return {
            key if key in AS_IT_IS else self._text(key): self.value(value, key)
            for key, value in values.items()
        }

    def _call(self, call: Any) -> Any:
        """Return a tool call: its own name is the tool's."""
        return {
            key: value if key == "name" else self.value(value, key) for key, value in call.items()
        }
