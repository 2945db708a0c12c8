"""Stand-ins of identifiers that lead back to them: of one model call, and held in memory alone.

A placeholder is made of its value by a secret, "[phone-kbdfg]", so the same number has the same one
in each call of a conversation, and no call has to know of another: what is not in a call's own
messages cannot come back in its answer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from itertools import count
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger.privacy.findings import Finding, without_overlaps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Placeholders"]

_LETTERS = "bcdfghjklmnpqrst"  # no words come of them
_LENGTH = 5
_NUMBERS = {"phone", "card", "iban", "id"}
_SIGNS = r"[\s./()\u00a0-]{0,2}"  # what a model may put between the digits of an invented number
# Models write "\[phone-kbdfg\]" in Markdown, and "[Phone kbdfg]" where a sentence begins.
_PLACEHOLDER = re.compile(
    rf"\\?\[\s?([a-z]{{2,8}})[-_ ]([{_LETTERS}]{{{_LENGTH}}})(?:[-_ ](\d{{1,4}}))?\s?\\?\]",
    re.IGNORECASE | re.ASCII,
)
_LONGEST = 40  # characters of a placeholder as models may write it
_NUMBER_AT_END = re.compile(r"[\d+(][\d\s./()\u00a0-]*\Z")


class Placeholders:
    """Knows what stands for which identifier in one model call.

    It is a finder of the stand-ins, too: what replaces them are the values.

    Args:
        secret: What placeholders are derived from.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._fakes: dict[str, str] = {}
        self._patterns: dict[str, str] = {}
        self._fake: re.Pattern[str] | None = None

    def placeholder(self, word: str, written: str) -> str:
        """Return what stands for an identifier.

        Args:
            word: What it is: "phone".
            written: As it stands in the text. Another way to write the same has a number behind it.
        """
        key = (word, written)
        if key not in self._stand_ins:
            first = f"{word}-{self._letters_of(word, written)}"
            names = (first if number == 1 else f"{first}-{number}" for number in count(1))
            name = next(name for name in names if name not in self._values)
            self._values[name] = written
            self._stand_ins[key] = f"[{name}]"
        return self._stand_ins[key]

    def fake(self, kind: str, invented: str, written: str) -> str:
        """Return an invented identifier for a real one; a placeholder if another has it already.

        Args:
            kind: Which kind it is.
            invented: What was invented.
            written: As it stands in the text.
        """
        key = (kind, written)
        if key not in self._stand_ins:
            if invented in self._fakes:
                return self.placeholder(kind, written)
            self._fakes[invented] = written
            self._patterns[invented] = _pattern(kind, invented)
            self._fake = None
            self._stand_ins[key] = invented
        return self._stand_ins[key]

    def find(self, text: str) -> list[Finding]:
        """Return the stand-ins in a text, the values to replace them."""
        return without_overlaps(self._found(text))

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the texts that may hold a stand-in; the others hold none."""
        return [place for place, text in enumerate(texts) if any(self._found(text))]

    def unfinished(self, text: str) -> int:
        """Return where a stand-in begins at a text's end that may go on; else its length."""
        ends = [len(text)]
        if self._values and (start := text.rfind("[", max(0, len(text) - _LONGEST))) >= 0:
            is_open = "]" not in text[start:]
            ends.append(start - text[:start].endswith("\\") if is_open else len(text))
        if self._fakes:
            ends += [len(text) - _overlap(text, fake) for fake in self._fakes]
            if number := _NUMBER_AT_END.search(text):
                ends.append(number.start())
        return min(ends)

    def _found(self, text: str) -> Iterator[Finding]:
        if self._values and "[" in text:
            for match in _PLACEHOLDER.finditer(text):
                name = "-".join(filter(None, match.groups())).lower()
                if name in self._values:
                    yield Finding(*match.span(), match[1].lower(), self._values[name])
        if self._fakes:
            if self._fake is None:
                longest_first = sorted(self._patterns, key=len, reverse=True)
                either = "|".join(f"({self._patterns[one]})" for one in longest_first)
                self._fake = re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE)
                self._groups = [self._fakes[one] for one in longest_first]
            for match in self._fake.finditer(text):
                yield Finding(*match.span(), "", self._groups[(match.lastindex or 1) - 1])

    def _letters_of(self, word: str, written: str) -> str:
        told = "".join(filter(str.isalnum, plain_text(written).casefold())) or written
        told = f"placeholder {word} {told}"
        digest = hmac.digest(self._secret, told.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return "".join(_LETTERS[byte & 15] for byte in digest[:_LENGTH])


def _pattern(kind: str, invented: str) -> str:
    if kind not in _NUMBERS:
        return re.escape(invented)
    before = re.escape(invented[:1]) + "?" if not invented[:1].isalnum() else ""  # a "+"
    return before + _SIGNS.join(map(re.escape, filter(str.isalnum, invented)))


def _overlap(text: str, fake: str) -> int:
    """Return how many characters at a text's end are those that a stand-in begins with."""
    lengths = range(min(len(text), len(fake) - 1), 0, -1)
    return next((n for n in lengths if text.endswith(fake[:n])), 0)
