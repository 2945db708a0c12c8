"""From the messages of a session to the turns of a conversation: who speaks, and in how many lines.

Chat formats know a user and an assistant who take turns. So messages of one side in a row become
one turn with a line each (the persona's bursts stay visible as lines), and where several people
stand on the user's side, each line says whose it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger.examples.making.people import senders_of
from langchain_fbmessenger.examples.report import BLANK
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.transcripts.times import RUN_MAX_GAP, long_pauses, times_of_runs

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from langchain_fbmessenger.examples.making.people import People
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["Line", "Turn", "Turns", "parts_of", "turns_of"]


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
    """What one side said until the other answered, line by line."""

    role: Literal["user", "assistant"]
    lines: list[Line]

    @property
    def content(self) -> str:
        """The turn as one text."""
        return "\n".join([line.written for line in self.lines])


class Turns:
    """Turns in columns.

    Attributes:
        are_answers: Whether each is the persona's.
        contents: Each as one text.
        firsts: The time of its first message in Unix ms, None where that is not known.
        lasts: The time of its last message.
        n_lines: How many messages it is of.
    """

    __slots__ = ("_begins", "_speakers", "_texts", "are_answers", "contents", "firsts", "lasts")

    def __init__(  # noqa: PLR0913, PLR0917 - the columns
        self,
        are_answers: list[bool],
        contents: list[str],
        firsts: Sequence[int | None],
        lasts: Sequence[int | None],
        begins: list[int],
        texts: list[str],
        speakers: list[str | None] | None,
    ) -> None:
        self.are_answers = are_answers
        self.contents = contents
        self.firsts = firsts
        self.lasts = lasts
        self._begins = begins
        self._texts = texts
        self._speakers = speakers

    def __len__(self) -> int:
        return len(self.contents)

    def n_lines(self, turns: range) -> int:
        """Return how many messages some turns are of."""
        begins = self._begins
        if turns.step == 1:
            return begins[turns.stop] - begins[turns.start] if turns else 0
        return sum([begins[turn + 1] - begins[turn] for turn in turns])

    def started(self, turns: range) -> int | None:
        """Return the first time that is known of some turns."""
        return next((t for t in map(self.firsts.__getitem__, turns) if t is not None), None)

    def turn(self, index: int) -> Turn:
        """Return a turn with its lines."""
        role: Literal["user", "assistant"] = "assistant" if self.are_answers[index] else "user"
        lines = range(self._begins[index], self._begins[index + 1])
        named = self._speakers
        speakers = [named[n] if named and role == "user" else None for n in lines]
        return Turn(role, [*map(Line, speakers, self._texts[lines.start : lines.stop])])


def turns_of(session: Transcript, people: People, outcomes: Counter[str]) -> Turns:
    """Return a session's turns; blank messages are left out, and counted in `outcomes`.

    Args:
        session: The session.
        people: Its people: where several write to the persona, or might, lines are named.
        outcomes: Counts blank messages.

    Raises:
        InvalidInputError: A message is neither a human's nor the assistant's.
    """
    if session.is_loaded:
        texts, are_answers = session.texts, _are_answers(session)
    else:
        texts, are_answers = _checked(session, outcomes)
    firsts: Sequence[int | None] = session.firsts
    lasts: Sequence[int | None] = session.lasts
    speakers = senders_of(session) if people.is_group or len(people.writers) > 1 else None
    spoken = [index for index, text in enumerate(texts) if text and not text.isspace()]
    if len(spoken) < len(texts):
        if session.is_loaded:
            outcomes[BLANK] += len(texts) - len(spoken)
        are_answers, texts = [are_answers[i] for i in spoken], [texts[i] for i in spoken]
        firsts, lasts = [firsts[i] for i in spoken], [lasts[i] for i in spoken]
        speakers = speakers and [speakers[i] for i in spoken]
    lines = texts
    if speakers is not None:
        speakers = [name if name and not name.isspace() else None for name in speakers]
        lines = [
            text if is_answer or name is None else f"{name}: {text}"
            for text, name, is_answer in zip(texts, speakers, are_answers, strict=True)
        ]
    begins = [i for i, (before, now) in enumerate(pairwise(are_answers), 1) if before is not now]
    if pauses := _pauses_within(begins, firsts, lasts):
        begins = sorted({*begins, *pauses})
    begins = [0, *begins] if texts else []
    ends = [*begins[1:], len(texts)]
    if len(begins) < len(texts):  # else each message is a turn, as behind merge_chat_runs
        are_answers = [are_answers[begin] for begin in begins]
        lines = [
            lines[begin] if end - begin == 1 else "\n".join(lines[begin:end])
            for begin, end in zip(begins, ends, strict=True)
        ]
        firsts, lasts = times_of_runs(firsts, lasts, begins, ends)
    return Turns(are_answers, lines, firsts, lasts, [*begins, len(texts)], texts, speakers)


def parts_of(turns: Turns) -> list[range]:
    """Part turns where one side wrote again after a month: that is no turn, nor an answer."""
    sides = enumerate(pairwise(turns.are_answers), 1)
    cuts = [index for index, (before, now) in sides if before is now]
    return [*map(range, [0, *cuts], [*cuts, len(turns)])] if len(turns) else []


def _pauses_within(
    begins: list[int], firsts: Sequence[int | None], lasts: Sequence[int | None]
) -> list[int]:
    """Return where one side wrote again after a month; of a turn without a time nobody knows."""
    if None not in firsts:
        return long_pauses(firsts, lasts, RUN_MAX_GAP)
    return [
        start + pause
        for start, stop in pairwise([0, *begins, len(firsts)])
        for pause in long_pauses(firsts[start:stop], lasts[start:stop], RUN_MAX_GAP)
    ]


def _are_answers(session: Transcript) -> list[bool]:
    kinds = session.kinds or [HumanMessage] * len(session)
    return [kind is AIMessage for kind in kinds]  # our loaders and stages make no others


def _checked(session: Transcript, outcomes: Counter[str]) -> tuple[list[str], list[bool]]:
    """Return the texts of a session that somebody gave, and which of them are the persona's."""
    texts, are_answers = list[str](), list[bool]()
    for index in range(len(session)):
        kind = session.kind_of(index)
        if not issubclass(kind, AIMessage | HumanMessage):
            wrong = session.part(index, index + 1).messages()[0].type
            error = f"to_training_examples takes human and AI messages, got one of type {wrong!r}"
            raise InvalidInputError(error)
        text = session.text_of(index)
        texts.append(text)
        are_answers.append(issubclass(kind, AIMessage))
        if not text or text.isspace():
            outcomes[BLANK] += 1
    return texts, are_answers
