"""New messages made at the pace that a lifetime of chats needs.

langchain-core's constructors validate what they are given: 10 µs for a message, two fifths of the
time of a whole pipeline. What our loaders and stages put into messages is typed already, so the
same object is built here without that, in about 1 µs. tests/unit_tests/test_messages.py holds the
result against the constructors'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, HumanMessage

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

__all__ = ["ai_message", "copy_message", "human_message", "text_of"]

_set = object.__setattr__
_HUMAN = dict(HumanMessage(content="").__dict__)
_AI = dict(AIMessage(content="").__dict__)


def human_message(content: str, additional_kwargs: dict[str, Any]) -> HumanMessage:
    """Return `HumanMessage(content=content, additional_kwargs=additional_kwargs)`."""
    fields = _HUMAN.copy()
    fields["content"] = content
    fields["additional_kwargs"] = additional_kwargs
    fields["response_metadata"] = {}
    message = HumanMessage.__new__(HumanMessage)
    _fill(message, fields, {"content", "additional_kwargs"})
    return message


def ai_message(message: BaseMessage) -> AIMessage:
    """Return the message as the assistant's, with `additional_kwargs` of its own."""
    fields = {
        **_AI,
        "content": message.content,
        "additional_kwargs": dict(message.additional_kwargs),
        "response_metadata": dict(message.response_metadata),
        "name": message.name,
        "id": message.id,
        "tool_calls": [],
        "invalid_tool_calls": [],
    }
    mapped = AIMessage.__new__(AIMessage)
    _fill(mapped, fields, {"content", "additional_kwargs", "response_metadata", "name", "id"})
    return mapped


def copy_message(
    message: BaseMessage, content: Any, additional_kwargs: dict[str, Any] | None = None
) -> BaseMessage:
    """Return the message with other content and, if given, other `additional_kwargs`."""
    kwargs = message.additional_kwargs if additional_kwargs is None else additional_kwargs
    is_plain = not (message.id or message.name or message.model_extra or message.response_metadata)
    if is_plain and type(message) is HumanMessage:
        return human_message(content, kwargs)
    return message.model_copy(update={"content": content, "additional_kwargs": kwargs})


def text_of(message: BaseMessage) -> str:
    """Return a message's text, of all its content blocks if it holds several.

    Raises:
        ValueError: The content is neither text nor a list of content blocks.
    """
    content: Any = message.content
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        blocks = (b.get("text") or "" if isinstance(b, dict) else b for b in content)
        return "".join(blocks)
    kind = type(content).__name__
    error = f"a chat message's content is text or a list of content blocks, got {kind}"
    raise ValueError(error)


def _fill(message: BaseMessage, fields: dict[str, Any], fields_set: set[str]) -> None:
    # The four slots of every pydantic model.
    _set(message, "__dict__", fields)
    _set(message, "__pydantic_fields_set__", fields_set)
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
