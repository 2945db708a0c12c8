"""What a model answers, with real names in it again: messages or their chunks in, the same out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.retrieval.questions import message_told

if TYPE_CHECKING:
    from langchain_fbmessenger.retrieval.pseudonyms import Restorer

__all__ = ["Answer"]

Message = TypeVar("Message", bound=AIMessage)


class Answer:
    """Takes one answer of a model, whole or chunk by chunk.

    Args:
        restorer: Restores names; None leaves all as it is.
    """

    def __init__(self, restorer: Restorer | None) -> None:
        self._restorer = restorer
        self._id: str | None = None

    def whole(self, given: Any) -> AIMessage:
        """Return an answer that came whole.

        Raises:
            InvalidInputError: The model gives no messages.
        """
        answer = _checked(given)
        if self._restorer is None:
            return answer
        changed = message_told(answer, self._restorer.feed)
        return _with_more(changed, self._restorer.flush())

    def chunk(self, given: Any) -> AIMessageChunk:
        """Return the next chunk: a part of a name waits for the rest of it.

        Raises:
            InvalidInputError: The model gives no messages.
        """
        chunk = _as_chunk(_checked(given))
        self._id = chunk.id or self._id
        if self._restorer is None:
            return chunk
        chunk = message_told(chunk, self._restorer.feed)
        # Some versions of langchain-core have no such mark.
        if getattr(chunk, "chunk_position", None) == "last":
            return _with_more(chunk, self._restorer.flush())
        return chunk

    def rest(self) -> AIMessageChunk | None:
        """Return what waited for more when the answer had ended, if anything did."""
        rest = "" if self._restorer is None else self._restorer.flush()
        return AIMessageChunk(content=rest, id=self._id) if rest else None


def _checked(given: Any) -> AIMessage:
    if isinstance(given, AIMessage):
        return given
    message = (
        f"persona_chain takes a model that gives AI messages, got {type(given).__name__}: put what "
        "makes a text of them behind the chain"
    )
    raise InvalidInputError(message)


def _as_chunk(message: AIMessage) -> AIMessageChunk:
    """Return a message as a chunk: models that do not stream give one, which cannot be added."""
    if isinstance(message, AIMessageChunk):
        return message
    return AIMessageChunk(**message.model_dump(exclude={"type"}))


def _with_more(message: Message, text: str) -> Message:
    """Return a message with a text at its end."""
    if not text:
        return message
    content = message.content
    more = content + text if isinstance(content, str) else [*content, text]
    return message.model_copy(update={"content": more})
