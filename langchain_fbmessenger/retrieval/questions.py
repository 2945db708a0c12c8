"""What a chain is asked, in whatever form: a text, messages or a dict in, one shape out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, Union

from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage, convert_to_messages
from langchain_core.prompt_values import PromptValue
from typing_extensions import NotRequired, TypedDict

from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PersonaInput", "Question", "QuestionInput", "message_told"]

Message = TypeVar("Message", bound=BaseMessage)


class PersonaInput(TypedDict):
    """What `persona_chain` takes, beside a text and messages."""

    input: str
    history: NotRequired[list[AnyMessage]]
    contact: NotRequired[str]


QuestionInput = Union[str, list[AnyMessage], PersonaInput]  # noqa: UP007 - as pydantic wants
"""What a chain takes."""


@dataclass(frozen=True)
class Question:
    """What the persona is asked.

    Attributes:
        text: What is said to her now.
        history: What was said before, the oldest first.
        contact: Who says it; None if nobody knows.
        values: What the placeholders of the system prompt are filled in with.
    """

    text: str
    history: list[BaseMessage] = field(default_factory=list)
    contact: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Any) -> Question:
        """Return what a chain is asked.

        Args:
            given: A text; messages, of which the last is the user's; or a dict with `input`, and if
                given `history`, `contact` and what the system prompt's placeholders take.

        Raises:
            InvalidInputError: It is something else.
        """
        if isinstance(given, Mapping):
            return cls._of_dict(dict(given))
        if isinstance(given, str):
            return cls(given)
        if isinstance(given, PromptValue):
            given = given.to_messages()
        history = _messages([given] if isinstance(given, BaseMessage) else given)
        said: list[str] = []
        while history and isinstance(history[-1], HumanMessage):
            said.insert(0, _text_of(history.pop()))
        if not said:
            message = "the last message is to be the user's: it is what the persona answers"
            raise InvalidInputError(message)
        return cls("\n".join(said), history)

    @classmethod
    def _of_dict(cls, given: dict[str, Any]) -> Question:
        if "input" not in given:
            message = "a question as a dict has the key 'input': what is said to the persona"
            raise InvalidInputError(message)
        text, contact = given.pop("input"), given.pop("contact", None)
        text = _text_of(text) if isinstance(text, BaseMessage) else text
        history = _messages(given.pop("history", None) or [])
        for name, value in (("input", text), ("contact", contact)):
            if not isinstance(value, str) and (name == "input" or value is not None):
                message = f"a question's {name!r} is a text, got {type(value).__name__}"
                raise InvalidInputError(message)
        return cls(text, history, contact, given)

    def told(self, change: Callable[[str], str]) -> Question:
        """Return the question with each of its texts changed."""
        history = [message_told(one, change) for one in self.history]
        history = [
            one.model_copy(update={"name": change(one.name)}) if one.name else one
            for one in history
        ]
        values = {n: change(v) if isinstance(v, str) else v for n, v in self.values.items()}
        contact = None if self.contact is None else change(self.contact)
        return Question(change(self.text), history, contact, values)


def message_told(message: Message, change: Callable[[str], str]) -> Message:
    """Return a message with its texts changed, one after the other."""
    content = message.content
    if isinstance(content, str):
        return message.model_copy(update={"content": change(content)})
    blocks = [_block_told(block, change) for block in content]
    return message.model_copy(update={"content": blocks})


def _block_told(block: Any, change: Callable[[str], str]) -> Any:
    if isinstance(block, str):
        return change(block)
    is_text = block.get("type") == "text" and isinstance(block.get("text"), str)
    return {**block, "text": change(block["text"])} if is_text else block


def _messages(given: Any) -> list[BaseMessage]:
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__iter__"):
        message = f"expected a text, messages or a dict with 'input', got {type(given).__name__}"
        raise InvalidInputError(message)
    try:
        return convert_to_messages(list(given))
    except (NotImplementedError, TypeError, ValueError):
        pass  # its words quote what was given
    message = "expected messages of LangChain, or pairs of a role and a text, got something else"
    raise InvalidInputError(message)


def _text_of(message: BaseMessage) -> str:
    """Return what a message says.

    Raises:
        InvalidInputError: It holds more than text, which no exchange can be found by.
    """
    blocks = [message.content] if isinstance(message.content, str) else message.content
    for block in blocks:
        if not isinstance(block, str) and block.get("type") != "text":
            error = f"the persona answers texts, got a message with {block.get('type')!r}"
            raise InvalidInputError(error)
    return str(message.text)
