"""From the turns of a conversation to windows that fit a model: exchanges in, windows out.

An exchange is a prompt and the persona's answer to it. Every exchange is new in exactly one window,
where its answer is trained; windows may begin with exchanges of the window before, as context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger.examples.fitting import (
    count_fates,
    newest_units,
    packed,
    turn_of,
    units_of,
    whole_messages,
)
from langchain_fbmessenger.examples.report import (
    ANSWERED,
    OPENING_DROPPED,
    PROMPT_CUT,
    PROMPT_LOST,
    PROMPT_SHORTENED,
    SHORTENED,
    TOO_LONG,
    TRAINED,
    UNANSWERED,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from langchain_fbmessenger.examples.fitting import Unit
    from langchain_fbmessenger.examples.tokens import TokenCounter
    from langchain_fbmessenger.examples.turns import Turn

__all__ = ["Exchange", "Fitting", "Window", "windows_of"]

_PROMPT_SHARE = 4  # a long answer leaves its prompt at least a fourth of the window


class Exchange(NamedTuple):
    """A prompt and the answer to it; without a prompt, the persona has begun.

    `tokens` and `n_turns` hold the opening too, which is to stand where the prompt is missing.
    """

    prompt: Turn | None
    answer: Turn
    tokens: int
    n_turns: int


class Window(NamedTuple):
    """Exchanges that make one example: those that are repeated, and those that are trained."""

    context: list[Exchange]
    new: list[Exchange]


@dataclass(frozen=True)
class Fitting:
    """What makes windows of turns.

    Attributes:
        n_turns: Most turns of a window; None for any number.
        tokens: Most tokens of a window.
        overlap: Most turns that are repeated as context.
        openings: Whether to keep what the persona said without being asked.
        opening_turns: 1 if a turn is to stand before it, else 0.
        opening_tokens: What is kept free for such a turn, now or when a file is written.
        counter: Counts tokens.
        fates: Is told what became of each message.
    """

    n_turns: int | None
    tokens: int
    overlap: int
    openings: bool
    opening_turns: int
    opening_tokens: int
    counter: TokenCounter
    fates: Counter[str]


def windows_of(turns: list[Turn], fitting: Fitting) -> Iterator[Window]:
    """Give the windows of a conversation.

    Each holds as many exchanges as fit, behind as much context as is asked for. Where there is
    too little room, context is the first to go.

    Args:
        turns: Turns of the two sides, one after the other.
        fitting: What fits.
    """
    for run in _all_runs(turns, fitting):
        start = 0
        while start < len(run):
            context = _context(run, start, fitting)
            n_turns, tokens = _size([*context, run[start]])
            stop = start + 1
            while stop < len(run):
                n_turns += run[stop].n_turns
                tokens += run[stop].tokens
                if not _fits(n_turns, tokens, fitting):
                    break
                stop += 1
            yield Window(context, run[start:stop])
            start = stop


@without_gc
def _all_runs(turns: list[Turn], fitting: Fitting) -> list[list[Exchange]]:
    return list(_runs_of(turns, fitting))


def _runs_of(turns: list[Turn], fitting: Fitting) -> Iterator[list[Exchange]]:
    """Give runs of exchanges, each of which fits in a window.

    A run ends where something had to be left out or taken apart: what follows would be an answer
    to nothing.
    """
    fates = fitting.fates
    costs = fitting.counter.most_of_texts([turn.content for turn in turns])
    run: list[Exchange] = []
    asked: tuple[Turn | None, int] = (None, 0)
    for turn, cost in zip(turns, costs, strict=True):
        if turn.role == "user":
            asked = (turn, cost)
            continue
        (prompt, prompt_cost), asked = asked, (None, 0)
        if prompt is None and not fitting.openings:
            fates[OPENING_DROPPED] += len(turn.lines)
            continue
        exchange = _exchange(prompt, turn, prompt_cost + cost, fitting)
        if exchange.tokens <= fitting.tokens:
            run.append(exchange)
            fates[TRAINED] += len(turn.lines)
            fates[ANSWERED] += len(prompt.lines) if prompt else 0
        else:
            pieces, goes_on, is_followed = _taken_apart(prompt, prompt_cost, turn, fitting)
            if goes_on:
                run.append(pieces.pop(0))
            for piece in pieces:
                yield run
                run = [piece]
            if not is_followed:
                yield run
                run = []
    if asked[0]:
        fates[UNANSWERED] += len(asked[0].lines)
    yield run


def _exchange(prompt: Turn | None, answer: Turn, tokens: int, fitting: Fitting) -> Exchange:
    if prompt is None:
        n_turns = 1 + fitting.opening_turns
        return Exchange(None, answer, tokens + fitting.opening_tokens, n_turns)
    return Exchange(prompt, answer, tokens, 2)


def _taken_apart(
    prompt: Turn | None, prompt_cost: int, answer: Turn, fitting: Fitting
) -> tuple[list[Exchange], bool, bool]:
    """Make several exchanges that fit of one that is longer than a window.

    The first holds the end of the prompt; the others go on as if the persona had begun. There are
    none where nothing can be made of it: an answer to a prompt that nobody sees teaches nothing.

    Returns:
        The exchanges, whether the first goes on from what was said before, and whether what is
        said next goes on from the last: not over anything that was left out.
    """
    counter, tokens = fitting.counter, fitting.tokens
    before = max(min(prompt_cost, tokens // _PROMPT_SHARE), fitting.opening_tokens)
    room = tokens - counter.per_turn - before
    units = units_of(answer, counter, room)
    pieces = packed(whole_messages(units, room), room)
    if not fitting.openings:
        del pieces[1:]
    left = tokens - 2 * counter.per_turn - sum(unit.tokens for unit in (pieces or [[]])[0])
    asked = units_of(prompt, counter, left) if prompt else []
    is_answer = bool(pieces) and pieces[0][0] is units[0]
    seen = newest_units(asked, left) if is_answer else []
    if prompt and not seen and (is_answer or not fitting.openings):
        pieces = []
    exchanges = [
        _exchange(
            turn_of(prompt, seen) if prompt and seen and piece is pieces[0] else None,
            turn_of(answer, piece),
            _cost(piece, counter) + (_cost(seen, counter) if seen and piece is pieces[0] else 0),
            fitting,
        )
        for piece in pieces
    ]
    kept = [unit for piece in pieces for unit in piece]
    fitting.fates.update(count_fates(units, kept, whole=TRAINED, part=SHORTENED, none=TOO_LONG))
    gone = PROMPT_CUT if seen else PROMPT_LOST
    fitting.fates.update(count_fates(asked, seen, whole=ANSWERED, part=PROMPT_SHORTENED, none=gone))
    goes_on = bool(pieces) and bool(seen) and len(seen) == len(asked)
    return exchanges, goes_on, bool(pieces) and pieces[-1][-1] is units[-1]


def _cost(units: list[Unit], counter: TokenCounter) -> int:
    return counter.per_turn + sum(unit.tokens for unit in units)


def _context(run: list[Exchange], start: int, fitting: Fitting) -> list[Exchange]:
    """Return the whole exchanges before `start` that are repeated, and leave room for it."""
    context: list[Exchange] = []
    for exchange in reversed(run[max(0, start - fitting.overlap) : start]):
        n_repeated, _ = _size([exchange, *context])
        size = _size([exchange, *context, run[start]])
        if n_repeated > fitting.overlap or not _fits(*size, fitting):
            break
        context.insert(0, exchange)
    return context


def _size(exchanges: list[Exchange]) -> tuple[int, int]:
    return sum(one.n_turns for one in exchanges), sum(one.tokens for one in exchanges)


def _fits(n_turns: int, tokens: int, fitting: Fitting) -> bool:
    return tokens <= fitting.tokens and (fitting.n_turns is None or n_turns <= fitting.n_turns)
