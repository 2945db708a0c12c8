"""What became of the exchanges that an index was given, in numbers."""

from __future__ import annotations

from typing import ClassVar

from langchain_fbmessenger._internal.shown import Shown, amount

__all__ = ["IndexReport"]


class IndexReport(Shown):
    """Where each exchange went; filled by `PersonaRetriever` when it is given one.

    Attributes:
        added: Exchanges that were taken up.
        known: Exchanges of the same words in the same thread as one that is there already.
        held_out: Exchanges that were left out, since they are for validation.

    Example:
        ```python
        report = IndexReport()
        retriever = PersonaRetriever.from_examples(train, validation=valid, report=report)
        print(report)
        ```
    """

    _figures: ClassVar[tuple[str, ...]] = ("added", "known", "held_out")

    def __init__(self) -> None:
        self.added = 0
        self.known = 0
        self.held_out = 0

    def __str__(self) -> str:
        return (
            f"{amount(self.added, 'exchange')} added, {self.known:,} known already, "
            f"{self.held_out:,} held out"
        )
