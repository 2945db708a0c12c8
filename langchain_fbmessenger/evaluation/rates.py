"""Shares of small counts, with the interval that such a share is known to."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

__all__ = ["Rate"]

_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Rate:
    """How many of how many.

    Attributes:
        hits: How many.
        of: Of how many.
    """

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, with 95 % confidence: E. B. Wilson's score interval (1927).

        It holds for small counts and for none at all, where the usual one has no width.
        """
        if not self.of:
            return 0.0, 1.0
        share, squared = self.hits / self.of, _Z * _Z / self.of
        middle = (share + squared / 2) / (1 + squared)
        half = _Z * sqrt(share * (1 - share) / self.of + squared / self.of / 4) / (1 + squared)
        # The bounds of 0 and of all are exact; floating point would miss them by a hair.
        low = 0.0 if self.hits == 0 else middle - half
        return low, 1.0 if self.hits == self.of else middle + half

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the share and its interval."""
        low, high = self.interval
        return {"hits": self.hits, "of": self.of, "rate": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        if not self.of:
            return "-"
        low, high = self.interval
        share = f"{self.hits / self.of:.0%}"
        return f"{self.hits}/{self.of} {share:>4} ({low:.0%} to {high:.0%})"
