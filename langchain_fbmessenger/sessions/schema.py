"""The shape of a chat session, for type checkers and for the schemas of our Runnables.

langchain-core's `ChatSession` is a `typing.TypedDict`, which pydantic refuses before Python 3.12,
and it lacks our key `thread`; this mirror serves both. At run time they are the same plain dict.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union

from langchain_core.messages import AnyMessage  # noqa: TC002 - pydantic resolves the annotations
from typing_extensions import TypedDict

from langchain_fbmessenger._internal.thread_info import ThreadInfo

__all__ = ["ChatSessionSchema", "SessionsInput", "ThreadInfo"]


class ChatSessionSchema(TypedDict, total=False):
    """A chat session: messages, oldest first, and the thread they come from."""

    messages: list[AnyMessage]
    functions: list[dict[str, Any]]
    thread: ThreadInfo


SessionsInput = Union[ChatSessionSchema, Iterable[ChatSessionSchema]]  # noqa: UP007 - as above
