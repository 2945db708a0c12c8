"""Remember the words that mean nothing to a finder: people say most things in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.plain_text import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["FamiliarWords"]

_MOST_REMEMBERED = 2**16
_LONGEST_REMEMBERED = 32  # characters; longer ones are links and shouts, which do not come again


class FamiliarWords:
    """Tells texts that hold a word that is looked for from others, and looks at each word once.

    A word here is what stands between blanks: "(Milo's" is one. Which numbers it holds does not
    matter: they never end, and would never be familiar.

    Args:
        is_wanted: Tells whether a word holds what is looked for; all digits in it are "0".
    """

    def __init__(self, is_wanted: Callable[[str], object]) -> None:
        self._is_wanted = is_wanted
        self._unwanted: set[str] = set()

    def others(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the plain texts that hold a word that is looked for."""
        joined = SEPARATOR.join(texts)
        for digit in "123456789":  # half the time that a pattern takes
            joined = joined.replace(digit, "0")
        words = joined.replace(SEPARATOR, " ").split()
        if self._unwanted.issuperset(words):
            return []
        wanted = {*filter(self._is_new_and_wanted, {*words} - self._unwanted)}
        if not wanted:
            return []
        split = map(str.split, joined.split(SEPARATOR))
        return [place for place, words in enumerate(split) if not wanted.isdisjoint(words)]

    def _is_new_and_wanted(self, word: str) -> bool:
        if self._is_wanted(word):
            return True
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self._unwanted) >= _MOST_REMEMBERED:
                self._unwanted.clear()
            self._unwanted.add(word)
        return False
