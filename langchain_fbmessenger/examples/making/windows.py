"""From the turns of a conversation to windows that fit a model: exchanges in, windows out.

An exchange is a prompt and the persona's answer to it. Every exchange is new in exactly one window,
where its answer is trained; windows may begin with exchanges of the window before, as context.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.examples.making.turn_splitting import (
    count_outcomes,
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
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.examples.files.tokens import TokenCounter
    from langchain_fbmessenger.examples.making.turn_splitting import Unit
    from langchain_fbmessenger.examples.making.turns import Turn, Turns

__all__ = ["Exchange", "Window", "WindowLimits", "windows_of"]

_PROMPT_SHARE = 4  # a long answer leaves its prompt at least a fourth of the window


Exchange = tuple[str | None, str, int | None]
"""A prompt, the answer to it, and when that ended, in Unix ms.

Without a prompt, the persona has begun.
"""


class Window(NamedTuple):
    """Exchanges that make one example: those that are repeated, and those that are trained."""

    context: list[Exchange]
    new: list[Exchange]


@dataclass(frozen=True)
class WindowLimits:
    """What makes windows of turns.

    Attributes:
        n_turns: Most turns of a window; None for any number.
        tokens: Most tokens of a window.
        overlap: Most turns that are repeated as context.
        openings: Whether to keep what the persona said without being asked.
        opening_turns: 1 if a turn is to stand before it, else 0.
        opening_tokens: What is kept free for such a turn, now or when a file is written.
        counter: Counts tokens.
        outcomes: Is told what became of each message.
    """

    n_turns: int | None
    tokens: int
    overlap: int
    openings: bool
    opening_turns: int
    opening_tokens: int
    counter: TokenCounter
    outcomes: Counter[str]

    @cached_property
    def _most_around(self) -> int:
        """What an exchange takes at most beside the bytes of its texts."""
        return 2 * self.counter.most_of_texts([""])[0] + self.opening_tokens

    def tokens_of(self, exchanges: Sequence[Exchange]) -> list[int]:
        """Return what each exchange takes, the opening included where there is no prompt."""
        counted = self.counter.most_of_texts([answer for _, answer, _ in exchanges])
        asked = [prompt for prompt, _, _ in exchanges if prompt is not None]
        costs = iter(self.counter.most_of_texts(asked))
        return [
            tokens + (self.opening_tokens if exchange[0] is None else next(costs))
            for tokens, exchange in zip(counted, exchanges, strict=True)
        ]

    def bounds_of(self, exchanges: Sequence[Exchange]) -> list[int] | None:
        """Return what no exchange takes more than, at once; None where that takes as long."""
        if not self.counter.is_below_bytes:
            return None
        around = self._most_around
        try:
            return [
                around + len(answer.encode()) + (len(prompt.encode()) if prompt else 0)
                for prompt, answer, _ in exchanges
            ]
        except UnicodeEncodeError:  # half a character; no file can be written of it either
            return None


class _Run:
    """Exchanges that go on from each other, each of which fits in a window.

    Only the first of them may have no prompt.

    Args:
        exchanges: The exchanges.
        limits: What fits.
        tokens: What each takes, the opening included; None if that is not counted yet.
        bounds: What none of them takes more than, where that is known.
    """

    def __init__(
        self,
        exchanges: list[Exchange],
        limits: WindowLimits,
        *,
        tokens: list[int] | None = None,
        bounds: list[int] | None = None,
    ) -> None:
        self.exchanges = exchanges
        self._limits = limits
        self._has_opening = bool(exchanges) and exchanges[0][0] is None
        self._most = None if bounds is None else [*accumulate(bounds, initial=0)]
        self._tokens = None if tokens is None else [*accumulate(tokens, initial=0)]

    def windows(self) -> Iterator[Window]:
        """Give the windows: as many exchanges as fit, behind as much context as is asked for."""
        exchanges, start = self.exchanges, 0
        n, most, tokens = len(exchanges), self._most, self._limits.tokens
        while start < n:
            begin, stop = self._by_turns(start)
            # Mostly the tokens are far from being too many, whatever the exact figure.
            if most is None or most[stop] - most[begin] > tokens:
                begin = self._context(start)
                stop = start + 1
                while stop < n and self._fits(begin, stop + 1):
                    stop += 1
            yield Window(exchanges[begin:start], exchanges[start:stop])
            start = stop

    def _by_turns(self, start: int) -> tuple[int, int]:
        """Return where the window of an exchange would begin and stop if tokens were no matter."""
        n, most, overlap = len(self.exchanges), self._limits.n_turns, self._limits.overlap
        begin = max(0, start - overlap // 2 - 1)
        while begin < start and (
            self._n_turns(begin, start) > overlap
            or (most is not None and self._n_turns(begin, start + 1) > most)
        ):
            begin += 1
        if most is None:
            return begin, n
        stop = min(n, begin + most // 2 + 1)
        while stop > start + 1 and self._n_turns(begin, stop) > most:
            stop -= 1
        return begin, stop

    def _context(self, start: int) -> int:
        """Return where the exchanges begin that are repeated before one, and leave room for it."""
        begin, overlap = start, self._limits.overlap
        while (
            begin
            and self._n_turns(begin - 1, start) <= overlap
            and self._fits(begin - 1, start + 1)
        ):
            begin -= 1
        return begin

    def _n_turns(self, begin: int, stop: int) -> int:
        n_turns = 2 * (stop - begin)
        if begin == 0 and self._has_opening:
            n_turns += self._limits.opening_turns - 1
        return n_turns

    def _fits(self, begin: int, stop: int) -> bool:
        n_turns, tokens, most = self._limits.n_turns, self._limits.tokens, self._most
        if n_turns is not None and self._n_turns(begin, stop) > n_turns:
            return False
        if most is not None and most[stop] - most[begin] <= tokens:
            return True  # whatever the exact figure
        if self._tokens is None:
            self._tokens = [*accumulate(self._limits.tokens_of(self.exchanges), initial=0)]
        return self._tokens[stop] - self._tokens[begin] <= tokens


def windows_of(turns: Turns, part: range, limits: WindowLimits) -> Iterator[Window]:
    """Give the windows of a conversation.

    Each holds as many exchanges as fit, behind as much context as is asked for. Where there is
    too little room, context is the first to go.

    Args:
        turns: Turns.
        part: Which of them: turns of the two sides, one after the other.
        limits: What fits.
    """
    for run in _runs_of(turns, part, limits):
        yield from run.windows()


def _runs_of(turns: Turns, part: range, limits: WindowLimits) -> Iterator[_Run]:
    """Give runs of exchanges, each of which fits in a window.

    A run ends where something had to be left out or taken apart: what follows would be an answer
    to nothing.
    """
    outcomes = limits.outcomes
    begin, stop = part.start, part.stop
    if turns.are_answers[begin] and not limits.openings:
        outcomes[OPENING_DROPPED] += turns.n_lines(range(begin, begin + 1))
        begin += 1
    if begin < stop and not turns.are_answers[stop - 1]:
        stop -= 1
        outcomes[UNANSWERED] += turns.n_lines(range(stop, stop + 1))
    if begin >= stop:
        return
    first = begin + (not turns.are_answers[begin])
    answers = range(first, stop, 2)
    prompts: list[str | None] = [None] if first == begin else [turns.contents[begin]]
    prompts += turns.contents[first + 1 : stop - 1 : 2]
    lasts = turns.lasts[first:stop:2]
    exchanges = [*zip(prompts, turns.contents[first:stop:2], lasts, strict=True)]
    bounds = limits.bounds_of(exchanges)
    if bounds is None:
        tokens = limits.tokens_of(exchanges)
        is_too_long = max(tokens) > limits.tokens
        run = _Run(exchanges, limits, tokens=tokens)
    else:
        is_too_long = max(bounds) > limits.tokens
        if is_too_long:
            long = [e for e, most in zip(exchanges, bounds, strict=True) if most > limits.tokens]
            is_too_long = max(limits.tokens_of(long)) > limits.tokens
        run = _Run(exchanges, limits, bounds=bounds)
    if is_too_long:
        yield from _shortened(turns, answers, exchanges, limits)
        return
    n_answers = turns.n_lines(answers)
    outcomes[TRAINED] += n_answers
    outcomes[ANSWERED] += turns.n_lines(range(begin, stop)) - n_answers
    yield run


def _shortened(
    turns: Turns, answers: range, exchanges: list[Exchange], limits: WindowLimits
) -> Iterator[_Run]:
    """Give runs of exchanges some of which are longer than a window."""
    outcomes, run, sizes = limits.outcomes, list[Exchange](), list[int]()
    costs = limits.tokens_of(exchanges)
    for index, exchange, cost in zip(answers, exchanges, costs, strict=True):
        has_prompt = exchange[0] is not None
        if cost <= limits.tokens:
            run.append(exchange)
            sizes.append(cost)
            outcomes[TRAINED] += turns.n_lines(range(index, index + 1))
            outcomes[ANSWERED] += turns.n_lines(range(index - 1, index)) if has_prompt else 0
            continue
        prompt = turns.turn(index - 1) if has_prompt else None
        pieces, goes_on, is_followed = _taken_apart(prompt, turns.turn(index), exchange, limits)
        if goes_on:
            more, size = pieces.pop(0)
            run.append(more)
            sizes.append(size)
        for piece, size in pieces:
            yield _Run(run, limits, tokens=sizes)
            run, sizes = [piece], [size]
        if not is_followed:
            yield _Run(run, limits, tokens=sizes)
            run, sizes = [], []
    yield _Run(run, limits, tokens=sizes)


def _taken_apart(
    prompt: Turn | None, answer: Turn, whole: Exchange, limits: WindowLimits
) -> tuple[list[tuple[Exchange, int]], bool, bool]:
    """Make several exchanges that fit of one that is longer than a window.

    The first holds the end of the prompt; the others go on as if the persona had begun. None are
    made where nothing can be made of it: an answer to a prompt that nobody sees teaches nothing.

    Returns:
        The exchanges with their tokens, whether the first goes on from what was said before, and
        whether what is said next goes on from the last: not over anything that was left out.
    """
    counter, tokens = limits.counter, limits.tokens
    asked_text, _, last = whole
    prompt_cost = 0 if asked_text is None else counter.most_of_texts([asked_text])[0]
    before = max(min(prompt_cost, tokens // _PROMPT_SHARE), limits.opening_tokens)
    room = tokens - counter.per_turn - before
    units = units_of(answer, counter, room)
    pieces = packed(whole_messages(units, room), room)
    if not limits.openings:
        del pieces[1:]
    left = tokens - 2 * counter.per_turn - sum(unit.tokens for unit in (pieces or [[]])[0])
    asked = units_of(prompt, counter, left) if prompt else []
    is_answer = bool(pieces) and pieces[0][0] is units[0]
    seen = newest_units(asked, left) if is_answer else []
    if prompt and not seen and (is_answer or not limits.openings):
        pieces = []
    exchanges: list[tuple[Exchange, int]] = []
    for piece in pieces:
        text, cost = turn_of(answer, piece).content, _cost(piece, counter)
        if prompt and seen and piece is pieces[0]:
            exchange: Exchange = turn_of(prompt, seen).content, text, last
            exchanges.append((exchange, cost + _cost(seen, counter)))
        else:
            exchanges.append(((None, text, last), cost + limits.opening_tokens))
    kept = [unit for piece in pieces for unit in piece]
    limits.outcomes.update(
        count_outcomes(units, kept, whole=TRAINED, part=SHORTENED, none=TOO_LONG)
    )
    gone = PROMPT_CUT if seen else PROMPT_LOST
    limits.outcomes.update(
        count_outcomes(asked, seen, whole=ANSWERED, part=PROMPT_SHORTENED, none=gone)
    )
    goes_on = bool(pieces) and bool(seen) and len(seen) == len(asked)
    return exchanges, goes_on, bool(pieces) and pieces[-1][-1] is units[-1]


def _cost(units: list[Unit], counter: TokenCounter) -> int:
    return counter.per_turn + sum(unit.tokens for unit in units)
