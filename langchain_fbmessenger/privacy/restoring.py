"""The way back for texts that come bit by bit: pieces of a model's answer in, real names out.

An invented name may be split anywhere, and whether a word is one can depend on the words behind it.
So a text is let go up to the last word that may still become one, and no further. What comes out,
joined, is what restoring the whole text at once gives.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger.privacy.names.restore import find_invented, finders_of_invented

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from langchain_fbmessenger.privacy.findings import BulkFinder, Finding

__all__ = ["StreamRestorer"]

# What readers see as one word: the last four are blanks to Python and nothing to readers.
_WORD = re.compile(r"[\S\x1c-\x1f]+")
_WORDS_BEHIND = 5  # evidence may stand behind a name and the particles that follow it
_CONTEXT = 300  # characters before a word that say whether it is a name: a profile's address
_LONGEST_NAME = 40
_LONGEST_WORD = 400  # longer ones are base64, or of scripts that put no spaces between words


class StreamRestorer:
    """Restores a text that comes bit by bit; one object a text.

    Args:
        finders: Find what is to be replaced, the first ones first.
        unfinished: Tells where something begins at a text's end that may go on and be found then;
            the text's length if nothing does. Needed for finders of what holds spaces, but names.

    Example:
        ```python
        restorer = StreamRestorer.of_key("names.key")
        for chunk in chain.stream("Who comes tomorrow?"):
            print(restorer.feed(chunk), end="")
        print(restorer.flush())
        ```
    """

    def __init__(
        self, finders: Sequence[BulkFinder], *, unfinished: Callable[[str], int] = len
    ) -> None:
        self._finders = finders
        self._unfinished = unfinished
        self._text = ""  # what has come, but for what was let go long ago
        self._done = 0  # how much of it has been let go

    @classmethod
    def of_key(cls, key: str | os.PathLike[str]) -> StreamRestorer:
        """Return what restores the names of a key file, as `restore_names` does.

        Raises:
            FileNotFoundError: There is no such file.
            MalformedFileError: The file is not a key file.
        """
        return cls(finders_of_invented(key))

    def feed(self, text: str) -> str:
        """Take the next bit of the text, and return what has become certain by it; often "".

        Args:
            text: The bit, of any length.
        """
        self._text += text
        return self._let_go(self._certain())

    def flush(self) -> str:
        """Return the rest; the text has ended."""
        rest = self._let_go(len(self._text))
        self._text, self._done = "", 0
        return rest

    def _certain(self) -> int:
        """Return up to where no text that may follow changes what is found."""
        words = self._words()
        tail = words.pop()  # it may go on
        named = self._named([word.text for word in words]) if words else set()
        last = len(words) - 1
        end = tail.start
        for place, word in enumerate(words):
            has_behind = last - place >= _WORDS_BEHIND
            if not has_behind and (place in named or _is_a_letter_apart(words, place)):
                end = word.start
                break
        return min(end, max(self._done, self._unfinished(self._text)))

    def _words(self) -> list[_Piece]:
        """Return what stands between blanks in what is not let go; the last piece may go on."""
        words = [_Piece(m.start(), m[0]) for m in _WORD.finditer(self._text, self._done)]
        if not words or words[-1].end < len(self._text):
            return [*words, _Piece(len(self._text), "")]
        tail = words[-1]
        if len(tail.text) > _LONGEST_WORD or (
            len(tail.text) > 2 * _LONGEST_NAME and not tail.text.isascii()
        ):
            cut = len(self._text) - (_CONTEXT if tail.text.isascii() else _LONGEST_NAME)
            words[-1:] = [
                _Piece(tail.start, self._text[tail.start : cut]),
                _Piece(cut, self._text[cut:]),
            ]
        return words

    def _named(self, words: list[str]) -> set[int]:
        """Return the places of the words in which something may be found."""
        plain = [*map(plain_text, words)]
        looked_at = [plain] if plain == words else [plain, words]
        return {p for f in self._finders for texts in looked_at for p in f.suspects(texts)}

    def _let_go(self, end: int) -> str:
        """Return the text up to a place, restored, if what is found there does not go on."""
        if end <= self._done:
            return ""
        findings = [one for one in find_invented(self._text, self._finders) if one.end > self._done]
        out: list[str] = []
        done = self._done
        for found in findings:
            if found.end > end:
                end = max(done, min(end, found.start))
                break
            out += [self._text[done : found.start], self._rest_of(found)]
            done = found.end
        out.append(self._text[done:end])
        drop = max(0, end - _CONTEXT)
        self._text, self._done = self._text[drop:], end - drop
        return "".join(out)

    def _rest_of(self, found: Finding) -> str:
        """Return a replacement without what has been let go: a particle, which stays as it is."""
        gone = self._text[found.start : max(self._done, found.start)]
        return found.replacement.removeprefix(gone)


class _Piece(NamedTuple):
    """A part of the text without a blank."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it has ended."""
        return self.start + len(self.text)


def _is_a_letter_apart(words: list[_Piece], place: int) -> bool:
    """Tell whether a word is one letter that may be part of "T o m a s"."""
    if len(words[place].text) > 1:
        return False
    neighbours = [words[one].text for one in (place - 1, place + 1) if 0 <= one < len(words)]
    return place == len(words) - 1 or any(len(text) == 1 for text in neighbours)
