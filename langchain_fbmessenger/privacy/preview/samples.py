"""Samples of texts before and after: a few, chosen evenly from many, each cut to what matters."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_fbmessenger.privacy.findings import Finding

__all__ = ["Part", "Reservoir", "Sample", "sample_of"]

T = TypeVar("T")
_LEAD = 80  # characters kept before what a sample is shown for
_LONGEST = 320


class Part(NamedTuple):
    """A stretch of a text.

    Attributes:
        before: What stood there.
        after: What stands there now; the same if it was not touched.
        kind: What it was taken for; None for the text between.
    """

    before: str
    after: str
    kind: str | None = None

    def __repr__(self) -> str:
        return f"Part(kind={self.kind!r})"  # a text gets into a log by its repr


class Sample:
    """A text before and after, in parts.

    Attributes:
        parts: The parts, in order.
        is_cut: Whether the text goes on before or behind them.
    """

    __slots__ = ("is_cut", "parts")

    def __init__(self, parts: tuple[Part, ...], is_cut: tuple[bool, bool] = (False, False)) -> None:
        self.parts = parts
        self.is_cut = is_cut

    @property
    def before(self) -> str:
        """The text as it was."""
        return self._joined([part.before for part in self.parts])

    @property
    def after(self) -> str:
        """The text as it is now."""
        return self._joined([part.after for part in self.parts])

    def _joined(self, texts: list[str]) -> str:
        head, tail = self.is_cut
        return "…" * head + "".join(texts) + "…" * tail

    def __repr__(self) -> str:
        kinds = [part.kind for part in self.parts if part.kind is not None]
        return f"Sample(kinds={kinds})"


def sample_of(text: str, findings: Sequence[Finding], kind: str | None = None) -> Sample:
    """Return the part of a text around the first finding of a kind, no finding cut in two.

    Args:
        text: The text.
        findings: In the order of the text, none over another.
        kind: What the sample is to show; None for the text's beginning.
    """
    shown = next((found for found in findings if found.kind == kind), None)
    start = 0 if shown is None or shown.start <= _LEAD else shown.start - _LEAD
    end = min(len(text), start + _LONGEST)
    inside = [found for found in findings if found.end > start and found.start < end]
    if inside:
        start, end = min(start, inside[0].start), max(end, inside[-1].end)
    parts = []
    place = start
    for found in inside:
        if found.start > place:
            parts.append(_plain(text[place : found.start]))
        parts.append(Part(text[found.start : found.end], found.replacement, found.kind))
        place = found.end
    if end > place:
        parts.append(_plain(text[place:end]))
    return Sample(tuple(parts), (start > 0, end < len(text)))


def _plain(text: str) -> Part:
    return Part(text, text)


class Reservoir(Generic[T]):
    """Keeps a few of many things, each as likely as any other, whatever their number.

    Args:
        size: How many are kept.
        seed: The same makes the same choice from the same things.

    Attributes:
        seen: How many there were.
    """

    def __init__(self, size: int, seed: str) -> None:
        self.seen = 0
        self._size = size
        self._random = random.Random(seed)  # noqa: S311 - no secret, and the same each time
        self._kept: list[tuple[int, T]] = []

    def offer(self, make: Callable[[], T]) -> None:
        """Count a thing, and make and keep it if it is chosen."""
        self.seen += 1
        if len(self._kept) < self._size:
            self._kept.append((self.seen, make()))
        elif (place := self._random.randrange(self.seen)) < self._size:
            self._kept[place] = self.seen, make()

    def kept(self) -> list[T]:
        """Return what was chosen, in the order in which it came."""
        return [thing for _, thing in sorted(self._kept, key=lambda pair: pair[0])]

    def __repr__(self) -> str:
        return f"Reservoir(kept={len(self._kept)}, seen={self.seen})"
