"""The drop-in for langchain-community's conversion: whole sessions in, lists of turns out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import AIMessage, HumanMessage, convert_to_openai_messages

from langchain_fbmessenger.sessions.stage import sessions_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.examples.schema import ChatTurn

__all__ = ["convert_messages_for_finetuning"]


def convert_messages_for_finetuning(
    sessions: Iterable[ChatSession] | BaseChatLoader,
) -> list[list[ChatTurn]]:
    """Convert each session to a list of OpenAI message dicts, as langchain-community does.

    One session makes one list, however long it is. For windows, weights and a system prompt use
    `to_training_examples`.

    Args:
        sessions: Chat sessions in which the persona's messages are `AIMessage`s.

    Returns:
        A list of turns (`role`, `content`) per session; sessions without an assistant message are
        left out.

    Raises:
        InvalidInputError: Something else was given.

    Example:
        ```python
        sessions = map_ai_messages(merge_chat_runs(loader.lazy_load()), "Zoë Ångström")
        examples = [{"messages": turns} for turns in convert_messages_for_finetuning(sessions)]
        ```
    """
    return [
        [cast("ChatTurn", _to_dict(message)) for message in session["messages"]]
        for session in sessions_in(sessions)
        if any(isinstance(message, AIMessage) for message in session["messages"])
    ]


def _to_dict(message: BaseMessage) -> dict[str, Any]:
    turn: dict[str, Any]
    if type(message) is HumanMessage:  # nearly all messages: core's conversion is far slower
        turn = {"role": "user", "content": message.content}
    elif (
        type(message) is AIMessage
        and not message.tool_calls
        and not message.additional_kwargs.keys() & {"tool_calls", "function_call", "context"}
    ):
        turn = {"role": "assistant", "content": message.content}
    else:
        turn = dict(convert_to_openai_messages(message))
    if "name" in message.additional_kwargs:
        turn["name"] = message.additional_kwargs["name"]
    return turn
