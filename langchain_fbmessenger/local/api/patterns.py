r"""Decide which regular expressions an engine can hold an answer to, and at what cost.

They are llama.cpp's: `^…$` around literals, `.`, classes, groups, `|` and repetitions. Of others,
such as `\d`, it makes no rule but takes any text, so they are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_fbmessenger.local.api.schema_tables import OPTIONS, PATTERN, REPEATS

if TYPE_CHECKING:
    from collections.abc import Collection

_ESCAPED = frozenset("^$.[](){}|*+?-")
_ESCAPED_IN_CLASSES = frozenset("[]-")


class PatternError(ValueError):
    """The pattern is not one of those."""


def choices_of(pattern: str) -> int:
    """Read a pattern and return how many choices it leaves (`OPTIONS`).

    Raises:
        PatternError: It is not supported, or too costly.
    """
    if len(pattern) > PATTERN.most:
        raise PatternError(str(PATTERN))
    if not (pattern.startswith("^") and pattern.endswith("$") and len(pattern) > 1):
        msg = "a pattern has to begin with ^ and to end with $"
        raise PatternError(msg)
    reader = _Reader(pattern[1:-1])
    cost = reader.alternatives()
    if not reader.is_at_end:
        msg = "its parentheses do not match"
        raise PatternError(msg)
    if cost.alone > OPTIONS.most:
        raise PatternError(str(OPTIONS))
    return cost.alone


@dataclass(frozen=True)
class _Cost:
    """In how many ways the text may go on at once, where a part of a pattern is matched."""

    alone: int = 0
    repeated: int = 0
    """For each time that it is matched within a counted repetition, which llama.cpp writes out."""

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.alone + other.alone, self.repeated + other.repeated)


_CHOICE = _Cost(1, 1)


class _Reader:
    """A position in a pattern without its anchors."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._text)

    def alternatives(self) -> _Cost:
        cost = self._sequence()
        while self._take("|"):
            cost += _CHOICE + self._sequence()
        return cost

    def _sequence(self) -> _Cost:
        cost = _Cost()
        while not self.is_at_end and self._text[self._at] not in "|)":
            cost += self._quantified(self._atom())
            if not self.is_at_end and self._text[self._at] in "?*+{":
                msg = "a repetition cannot be repeated, unless it is in a group"
                raise PatternError(msg)
        return cost

    def _quantified(self, part: _Cost) -> _Cost:
        if self._take("?") or self._take("*") or self._take("+"):
            return part + _CHOICE
        if not self._take("{"):
            return part
        least, most = self._counts()
        times = most or max(least, 1)
        is_open = least != most
        within = times * part.repeated
        return _Cost(is_open + within, is_open * times + within)

    def _counts(self) -> tuple[int, int | None]:
        """Read `n}`, `n,}`, `,m}` or `n,m}`; None for no end."""
        inside, brace, _ = self._text[self._at :].partition("}")
        least, comma, most = inside.partition(",")
        numbers = [least or "0", most] if comma else [least, least]
        if not brace or not all(n.isascii() and n.isdigit() for n in numbers if n or not comma):
            msg = "braces must hold one number or two"
            raise PatternError(msg)
        if any(int(n[:9] or 0) > REPEATS.most for n in numbers):
            raise PatternError(str(REPEATS))
        self._at += len(inside) + 1
        low, high = int(numbers[0]), int(numbers[1]) if numbers[1] else None
        if high is not None and not max(low, 1) <= high:
            msg = "of two numbers in braces the larger one must come last, and must not be 0"
            raise PatternError(msg)
        return low, high

    def _atom(self) -> _Cost:
        if self._take("("):
            if self._take("?") and not self._take(":"):
                msg = "groups with (? are not supported, other than (?:"
                raise PatternError(msg)
            inner = self.alternatives()
            if not self._take(")"):
                msg = "its parentheses do not match"
                raise PatternError(msg)
            return inner
        if self._take("["):
            self._class()
        else:
            self._sign(_ESCAPED, "^$*+?{}]")
        return _Cost()

    def _class(self) -> None:
        self._take("^")
        start = self._at
        while not self._take("]"):
            low = self._sign(_ESCAPED_IN_CLASSES, "[")
            sign, following = (self._text[self._at + n : self._at + n + 1] for n in (0, 1))
            if sign == "-" and following != "]":
                self._at += 1
                if self._sign(_ESCAPED_IN_CLASSES, "[") < low:
                    msg = "a range in brackets must begin with the smaller character"
                    raise PatternError(msg)
        if self._at == start + 1:
            msg = "a class in brackets is empty"
            raise PatternError(msg)

    def _sign(self, escaped: Collection[str], excluded: str) -> str:
        """Read one character and return it."""
        is_escaped = self._take("\\")
        sign = self._text[self._at : self._at + 1]
        if is_escaped and sign not in escaped:
            msg = f"of escapes, only those of {' '.join(sorted(escaped))} are supported there"
            raise PatternError(msg)
        # A quote would end the JSON string that it stands in.
        if not is_escaped and (not sign.isprintable() or sign in f'{excluded}"'):
            msg = "a character is missing, means nothing at its place, or is not supported"
            raise PatternError(msg)
        self._at += 1
        return sign

    def _take(self, sign: str) -> bool:
        if self.is_at_end or self._text[self._at] != sign:
            return False
        self._at += 1
        return True
