"""Local server, engine child: an answer as it is generated → what of it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class StopStrings:
    """Holds back what may yet become a stop string, and ends the text before the first one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.is_met = False

    def add(self, text: str) -> str:
        """Take the next piece of the answer and return what can be shown by now."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.is_met = True
            return self._release(min(found))
        return self._release(len(self._held) - max(map(self._begun, self._stops), default=0))

    def end(self) -> str:
        """Return what was held back: the answer has ended, and it was no stop string."""
        return "" if self.is_met else self._release(len(self._held))

    def _begun(self, stop: str) -> int:
        """Return how many characters at the end of the text may be the start of a stop string."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)

    def _release(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown
