"""From the turns of a conversation to windows that fit a model: exchanges in, windows out.

An exchange is a prompt and the persona's answer to it. Every exchange is new in exactly one window,
where its answer is trained; windows may begin with exchanges of the window before, as context.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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
    CONTEXT_CUT,
    OPENING_DROPPED,
    TOO_LONG,
    TRAINED,
    UNANSWERED,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from langchain_fbmessenger.examples.tokens import TokenCounter
    from langchain_fbmessenger.examples.turns import Turn

__all__ = ["Exchange", "Fitting", "Window", "windows_of"]

_PROMPT_SHARE = 4  # a long answer leaves its prompt at least a fourth of the window


class Exchange(NamedTuple):
    """A prompt and the answer to it; without a prompt, the persona has begun.

    `tokens` and `n_turns` hold the opening too, if one is to stand where the prompt is missing.
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
        opening_tokens: What the turn takes that is to stand before it; 0 for none.
        counter: Counts tokens.
        fates: Is told what became of each message.
    """

    n_turns: int | None
    tokens: int
    overlap: int
    openings: bool
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
    for run in _runs_of(turns, fitting):
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
            pieces = _taken_apart(prompt, prompt_cost, turn, fitting)
            yield [*run, *pieces[:1]]
            yield from ([piece] for piece in pieces[1:-1])
            run = pieces[1:][-1:]
    if asked[0]:
        fates[UNANSWERED] += len(asked[0].lines)
    yield run


def _exchange(prompt: Turn | None, answer: Turn, tokens: int, fitting: Fitting) -> Exchange:
    if prompt is None:
        return Exchange(
            None, answer, tokens + fitting.opening_tokens, 1 + bool(fitting.opening_tokens)
        )
    return Exchange(prompt, answer, tokens, 2)


def _taken_apart(
    prompt: Turn | None, prompt_cost: int, answer: Turn, fitting: Fitting
) -> list[Exchange]:
    """Return an exchange that is longer than a window as several that fit.

    The first holds the end of the prompt; the others go on as if the persona had begun. An empty
    list where nothing can be made of it: an answer to a prompt that nobody sees teaches nothing.
    """
    counter, tokens = fitting.counter, fitting.tokens
    before = max(min(prompt_cost, tokens // _PROMPT_SHARE), fitting.opening_tokens)
    room = tokens - counter.per_turn - before
    units = units_of(answer, counter, room)
    pieces = packed(whole_messages(units, room), room)
    if not fitting.openings:
        del pieces[1:]
    costs = [counter.per_turn + sum(unit.tokens for unit in piece) for piece in pieces]
    answers = [turn_of(answer, piece) for piece in pieces]
    exchanges = [_exchange(None, a, cost, fitting) for a, cost in zip(answers, costs, strict=True)]
    if prompt:
        left = tokens - counter.per_turn - sum(costs[:1])
        prompt_units = units_of(prompt, counter, left)
        seen = newest_units(prompt_units, left) if pieces else []
        if seen:
            cost = costs[0] + counter.per_turn + sum(unit.tokens for unit in seen)
            exchanges[0] = _exchange(turn_of(prompt, seen), answers[0], cost, fitting)
        else:
            pieces, exchanges = [], []
        gone = CONTEXT_CUT if seen else TOO_LONG
        fitting.fates.update(count_fates(prompt_units, seen, ANSWERED, gone))
    kept = [unit for piece in pieces for unit in piece]
    fitting.fates.update(count_fates(units, kept, TRAINED, TOO_LONG))
    return exchanges


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
