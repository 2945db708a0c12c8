"""From the messages of a session to the turns of a conversation: who speaks, and in how many lines.

Chat formats know a user and an assistant who take turns. So messages of one side in a row become
one turn with a line each (the persona's bursts stay visible as lines), and where several people
stand on the user's side, each line says whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._messages import text_of
from langchain_fbmessenger._times import RUN_MAX_GAP, times_in
from langchain_fbmessenger.examples.people import sender_of
from langchain_fbmessenger.examples.report import BLANK
from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections import Counter

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.examples.people import People

__all__ = ["Line", "Turn", "parts_of", "turns_of"]

_LONGEST_PAUSE_MS = RUN_MAX_GAP.total_seconds() * 1000


class Line(NamedTuple):
    """One message; `speaker` is set where several people stand on the user's side."""

    speaker: str | None
    text: str

    @property
    def written(self) -> str:
        """The line as it stands in the turn."""
        return self.text if self.speaker is None else f"{self.speaker}: {self.text}"


@dataclass(slots=True)
class Turn:
    """What one side said until the other answered. Times are Unix ms."""

    role: Literal["user", "assistant"]
    lines: list[Line]
    first: int | None = None
    last: int | None = None

    @property
    def content(self) -> str:
        """The turn as one text."""
        if len(self.lines) == 1:  # most turns
            return self.lines[0].written
        return "\n".join([line.written for line in self.lines])


@without_gc
def turns_of(session: ChatSession, people: People, fates: Counter[str]) -> list[Turn]:
    """Return a session's turns; blank messages are none, and are counted in `fates`.

    Args:
        session: The session.
        people: Its people: where several write to the persona, or might, lines are named.
        fates: Is told of blank messages.

    Raises:
        InvalidInputError: A message is neither a human's nor the assistant's.
    """
    named = people.is_group or len(people.writers) > 1
    turns: list[Turn] = []
    turn: Turn | None = None
    messages = list(session["messages"])
    for message, times in zip(messages, times_in(messages), strict=True):
        role = _role_of(message)
        text = text_of(message)
        if not text or text.isspace():
            fates[BLANK] += 1
            continue
        line = Line(sender_of(message) if named and role == "user" else None, text)
        if turn is not None and turn.role == role and not _is_far_behind(turn, times):
            turn.lines.append(line)
        else:
            turn = Turn(role, [line])
            turns.append(turn)
        if times:
            turn.last = times[-1]
            if turn.first is None:
                turn.first = times[0]
    return turns


def parts_of(turns: list[Turn]) -> list[list[Turn]]:
    """Part turns where one side wrote again after a month: that is no turn, nor an answer."""
    parts: list[list[Turn]] = []
    for turn in turns:
        if parts and parts[-1][-1].role != turn.role:
            parts[-1].append(turn)
        else:
            parts.append([turn])
    return parts


def _role_of(message: BaseMessage) -> Literal["user", "assistant"]:
    if isinstance(message, AIMessage):
        return "assistant"
    if isinstance(message, HumanMessage):
        return "user"
    error = f"to_training_examples takes human and AI messages, got one of type {message.type!r}"
    raise InvalidInputError(error)


def _is_far_behind(turn: Turn, times: list[int]) -> bool:
    return bool(times) and turn.last is not None and times[0] - turn.last > _LONGEST_PAUSE_MS
