"""Take turns apart that are longer than a window: at the borders of messages, else of sentences.

Nothing is cut within a sentence. What does not fit even so is left out, and the caller counts it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.examples.making.turns import Line, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger.examples.files.tokens import TokenCounter

__all__ = [
    "Unit",
    "count_outcomes",
    "newest_units",
    "packed",
    "turn_of",
    "units_of",
    "whole_messages",
]

# A sentence ends with its mark and closing quotes before white space, with a mark of Chinese or
# Japanese, or with its line. A row of marks is tried from its start only: else it took time in
# proportion to its square.
_SENTENCE = re.compile(
    r"\S.*?(?:(?<![.!?…؟।])[.!?…؟।]+[\"'”’»)\]]*(?=\s)|[。！？]+|\n|$)\s*",  # noqa: RUF001
    re.DOTALL,
)
_ABBREVIATED = re.compile(
    r"\b(?:[^\W\d_]|dr|mr|mrs|ms|prof|st|vs|e\.g|i\.e|a\.m|p\.m|z\.B|např)\.\s+$", re.IGNORECASE
)


class Unit(NamedTuple):
    """A message, or a sentence of one that is longer than the window: what is never cut."""

    line: int
    text: str
    tokens: int


def units_of(turn: Turn, counter: TokenCounter, room: int) -> list[Unit]:
    """Return the messages of a turn, and the sentences of those that need more than `room`."""
    units = []
    wholes = counter.of_texts([line.written for line in turn.lines])
    for number, (line, whole) in enumerate(zip(turn.lines, wholes, strict=True)):
        if whole < room:
            units.append(Unit(number, line.text, whole + 1))  # and the end of the line
            continue
        speaker = 0 if line.speaker is None else counter.of_texts([f"{line.speaker}: "])[0]
        sentences = _sentences(line.text)
        costs = counter.of_texts(sentences)
        units += [
            Unit(number, sentence, cost + speaker + 1)
            for sentence, cost in zip(sentences, costs, strict=True)
        ]
    return units


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text with the blanks behind them; "Dr." ends none."""
    sentences: list[str] = []
    goes_on = False
    for part in _SENTENCE.findall(text):
        if goes_on:
            sentences[-1] += part
        else:
            sentences.append(part)
        goes_on = _ABBREVIATED.search(part[-12:]) is not None
    return sentences


def whole_messages(units: Iterable[Unit], room: int) -> list[Unit]:
    """Leave out messages of which a sentence needs more than `room`: the rest has a hole."""
    units = list(units)
    too_long = {unit.line for unit in units if unit.tokens > room}
    return [unit for unit in units if unit.line not in too_long]


def packed(units: Iterable[Unit], room: int) -> list[list[Unit]]:
    """Pack units, each of which fits in `room`, into as few pieces as take them in order.

    Where a message was left out a piece ends: it must not run on over a hole.
    """
    pieces: list[list[Unit]] = []
    left = 0
    for unit in units:
        if unit.tokens <= left and unit.line - pieces[-1][-1].line <= 1:
            pieces[-1].append(unit)
            left -= unit.tokens
        else:
            pieces.append([unit])
            left = room - unit.tokens
    return pieces


def newest_units(units: Sequence[Unit], room: int) -> list[Unit]:
    """Return the last units, as many as fit."""
    start = len(units)
    while start and units[start - 1].tokens <= room:
        start -= 1
        room -= units[start].tokens
    return list(units[start:])


def turn_of(turn: Turn, units: Iterable[Unit]) -> Turn:
    """Return what the units hold of a turn, as a turn."""
    texts: dict[int, str] = {}
    for unit in units:
        texts[unit.line] = texts.get(unit.line, "") + unit.text
    lines = [Line(turn.lines[number].speaker, text.strip()) for number, text in texts.items()]
    return Turn(turn.role, lines)


def count_outcomes(
    units: Iterable[Unit], kept: Iterable[Unit], *, whole: str, part: str, none: str
) -> Counter[str]:
    """Count messages by what became of them.

    Args:
        units: All units of a turn.
        kept: Those that are in an example.
        whole: What became of messages that were kept whole.
        part: What became of messages of which a part was kept.
        none: What became of messages of which nothing was kept.
    """
    all_of = Counter(unit.line for unit in units)
    kept_of = Counter(unit.line for unit in kept)
    return Counter(
        none if not kept_of[line] else whole if kept_of[line] == n else part
        for line, n in all_of.items()
    )
