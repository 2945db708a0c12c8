"""New messages made at the pace that a lifetime of chats needs.

langchain-core's constructors validate what they are given: 10 µs for a message, two fifths of the
time of a whole pipeline. What our loaders and stages put into messages is typed already, so the
same object is built here without that, in about 1 µs; a test holds the result against the
constructors'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langchain_core.messages import BaseMessage
    from pydantic import BaseModel

__all__ = [
    "ai_message",
    "copy_message",
    "human_message",
    "is_plain",
    "rebuilt_model",
    "text_of",
]

ModelT = TypeVar("ModelT", bound="BaseModel")

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
    if is_plain(message):
        return human_message(content, kwargs)
    return message.model_copy(update={"content": content, "additional_kwargs": kwargs})


def is_plain(message: BaseMessage) -> bool:
    """Tell whether a message is as `human_message` makes them: content and `additional_kwargs`."""
    return type(message) is HumanMessage and not (
        message.id or message.name or message.model_extra or message.response_metadata
    )


def rebuilt_model(
    model: ModelT, fixed: Mapping[str, Any], change: Callable[[Any, str], Any]
) -> ModelT:
    """Return a pydantic model with other values in all of its fields, extra ones too.

    Nothing is validated: values of the same types are what fits.

    Args:
        model: The model; it is not changed.
        fixed: Values of some fields.
        change: Is given every other value with the name of its field, and says what it is to be.
            What was given beside the fields, and what is private, it gets as a dict.
    """
    rebuilt = model.model_copy()
    fields = {
        name: fixed[name] if name in fixed else change(value, name) if value else value
        for name, value in model.__dict__.items()
    }
    _set(rebuilt, "__dict__", fields)
    if model.__pydantic_extra__:
        extra = change(model.__pydantic_extra__, "")
        names = (model.__pydantic_fields_set__ - model.__pydantic_extra__.keys()) | extra.keys()
        _set(rebuilt, "__pydantic_extra__", extra)
        _set(rebuilt, "__pydantic_fields_set__", names)
    if model.__pydantic_private__:
        _set(rebuilt, "__pydantic_private__", change(model.__pydantic_private__, ""))
    return rebuilt


def text_of(content: Any) -> str:
    """Return the text of a message's content, of all its content blocks if it holds several.

    Raises:
        InvalidInputError: The content is neither text nor a list of content blocks.
    """
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (block.get("text") if isinstance(block, dict) else block for block in content)
        return "".join(text for text in texts if isinstance(text, str))
    kind = type(content).__name__
    error = f"a chat message's content is text or a list of content blocks, got {kind}"
    raise InvalidInputError(error)


def _fill(message: BaseMessage, fields: dict[str, Any], fields_set: set[str]) -> None:
    # The four slots of every pydantic model.
    _set(message, "__dict__", fields)
    _set(message, "__pydantic_fields_set__", fields_set)
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
