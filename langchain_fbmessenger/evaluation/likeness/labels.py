"""Name friends by their initials: a report is shown to others more easily than a chat."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["initials"]


def initials(names: Iterable[str]) -> dict[str, str]:
    """Return a label for each name: its initials, with a number where two have the same ones."""
    seen: Counter[str] = Counter()
    labels = {}
    for name in names:
        letters = "".join(
            next((one for one in word if one.isalnum()), "") for word in name.split()[:3]
        )
        label = letters.upper() or "?"
        seen[label] += 1
        labels[name] = label if seen[label] == 1 else f"{label} {seen[label]}"
    return labels
