"""What the finders of this room say: where an identifier stands, and what it is."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NEVER", "STAYS", "Spot"]

# What fakes of numbers without a check digit begin with. Of phone numbers, only Tajikistan's plan
# has such; they are let stand.
NEVER = "000"
STAYS = ""  # marks a span that later finders skip


class Spot(NamedTuple):
    """An identifier in a text.

    Attributes:
        start: Where it begins, in characters.
        end: Where it has ended.
        kind: One of `KINDS`, or `STAYS`.
        value: What all ways of writing it have in common.
        form: Which sort of the kind it is, where that matters to its fake.
    """

    start: int
    end: int
    kind: str
    value: str
    form: str = ""
