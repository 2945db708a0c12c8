"""What an index may not hold: held-out examples in, a memory of their conversations out.

What is asked in a test must not be found with its answer. The memory goes with the index, so that
examples that are added later, from a newer export perhaps, are checked as well. It holds times and
hashes, and no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.examples.schema import source_of
from langchain_fbmessenger.retrieval.exchanges import exchanges_of, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger.examples.schema import TrainingExample
    from langchain_fbmessenger.retrieval.exchanges import Exchange

__all__ = ["HeldOutMemory"]


class HeldOutMemory(msgspec.Struct):
    """Which exchanges are held out.

    Attributes:
        times: Of each thread, when its held-out conversations began, each with when it ended.
        keys: Of each thread, what its held-out exchanges say; "" for those of unknown threads.
    """

    times: dict[str, dict[int, int]] = {}
    keys: dict[str, set[str]] = {}

    def add(self, examples: Iterable[TrainingExample]) -> set[tuple[str, int]]:
        """Remember held-out examples.

        Returns:
            Thread and number of their conversations; numbers mean something within one run only.
        """
        conversations: set[tuple[str, int]] = set()
        for example in examples:
            source = source_of(example)
            thread = "" if source is None else source.thread
            told = exchanges_of(example, all_answers=True)
            self.keys.setdefault(thread, set()).update(map(key_of, told))
            if source is None:
                continue
            conversations.add((thread, source.conversation))
            if source.started is not None and source.time is not None:
                ends = self.times.setdefault(thread, {})
                ends[source.started] = max(source.time, ends.get(source.started, source.time))
        return conversations

    def copy(self) -> HeldOutMemory:
        """Return a memory of its own."""
        times = {thread: {**ends} for thread, ends in self.times.items()}
        return HeldOutMemory(times, {thread: {*keys} for thread, keys in self.keys.items()})

    def holds(self, exchange: Exchange) -> bool:
        """Tell whether an exchange is held out: by its thread and time, or by what it says.

        Exchanges of the same words in another thread are others.
        """
        if not self.keys:
            return False
        key, thread = key_of(exchange), exchange.thread
        if not thread:  # of a file: it may be from any thread
            return any(key in keys for keys in self.keys.values())
        if any(key in self.keys.get(one, ()) for one in (thread, "")):
            return True
        time = exchange.time
        spans = self.times.get(thread, {}).items()
        return time is not None and any(first <= time <= last for first, last in spans)
