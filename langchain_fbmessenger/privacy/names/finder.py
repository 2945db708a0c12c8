"""Find names of known people in a text: text goes in, findings come out.

Nearly all messages name nobody, so what is looked at first is whether any word is a form of a name.
Some names are not words: they stand letter by letter ("M.i.l.o") or within a word ("superMilo").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.scripts import (
    ALPHABETS,
    APOSTROPHES,
    NEW_WORD_WITHIN,
    in_one_script,
)
from langchain_fbmessenger.privacy.findings import (
    SEPARATOR,
    FamiliarWords,
    Finding,
    without_overlaps,
)
from langchain_fbmessenger.privacy.names.evidence import Surroundings, Token, tokens_of
from langchain_fbmessenger.privacy.names.forms import MISSPELT
from langchain_fbmessenger.privacy.names.index import RequiredEvidence
from langchain_fbmessenger.privacy.names.parts import PARTICLES
from langchain_fbmessenger.privacy.names.spelling import fold, in_style_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_fbmessenger.privacy.names.index import Entry, NameIndex
    from langchain_fbmessenger.privacy.names.languages import Words
    from langchain_fbmessenger.privacy.names.nicknames import Nicknames

__all__ = ["NameFinder", "has_letters_apart", "letters_apart", "split_at_capitals", "words_within"]

_BETWEEN = r"([ .*_\u00b7-])"
_TWO_LETTERS_APART = re.compile(rf"{_BETWEEN}[^\W\d_]\1[^\W\d_](?![^\W_])")
# No name is longer.
_LETTERS_APART = re.compile(rf"(?<![^\W_])[^\W\d_](?={_BETWEEN})(?:\1[^\W\d_](?![^\W_])){{2,30}}")
_FEWEST_APART = 3
_FEWEST_BETWEEN_SPACES = 4  # "a n a" may be three words
_FEWEST_WITHIN = 4  # "PayPal" is not a Pál
# How many letters before and behind are words of their own: "to je a M i l o".
_STRETCHES = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
# "McDonald" is not a Donald; what has one letter is not a particle there: "iMilo".
_BEFORE_OTHERS = {"mc", "mac", "fitz", *(word for word in PARTICLES if len(word) > 1)}


has_letters_apart = _TWO_LETTERS_APART.search


def _with_letters_apart(joined: str) -> Iterator[int]:
    """Give the places of the texts that have them, of several side by side: none reaches over."""
    place = done = 0
    for match in _TWO_LETTERS_APART.finditer(joined):
        place += joined.count(SEPARATOR, done, match.start())
        done = match.start()
        yield place


def letters_apart(text: str, is_name: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """Give names that are written letter by letter: where they begin and end, and the name.

    Args:
        text: The text.
        is_name: Tells whether letters are a name.
    """
    for match in _LETTERS_APART.finditer(text):
        letters = match[0][::2]
        for first, last in _STRETCHES if match[1] == " " else _STRETCHES[:1]:
            name = letters[first : len(letters) - last]
            fewest = _FEWEST_BETWEEN_SPACES if match[1] == " " else _FEWEST_APART
            if len(name) >= fewest and is_name(name):
                yield match.start() + 2 * first, match.end() - 2 * last, name
                break


def words_within(text: str) -> str:
    """Return a text with a space before each capital that begins a word within a word."""
    return NEW_WORD_WITHIN.sub(r" \g<0>", text) if NEW_WORD_WITHIN.search(text) else text


def split_at_capitals(token: Token, is_name: Callable[[str], bool]) -> list[Token]:
    """Return the words that a word is made of, if one is a name of four letters or more."""
    borders = [0, *(match.start() for match in NEW_WORD_WITHIN.finditer(token.written))]
    ends = [*borders[1:], len(token.written)]
    pieces = [
        Token(token.start + first, token.written[first:end])
        for first, end in zip(borders, ends, strict=True)
    ]
    is_named = any(
        len(piece.folded) >= _FEWEST_WITHIN
        and not (n and pieces[n - 1].folded in _BEFORE_OTHERS)
        and is_name(piece.folded)
        for n, piece in enumerate(pieces)
    )
    return pieces if is_named else [token]


_APOSTROPHES = frozenset(APOSTROPHES)
_JOINS_PARTICLES = _APOSTROPHES | frozenset(" -.")
_BEFORE_IN_ADDRESS = frozenset("/_=")
_MOST_PARTICLES = 3
_THRICE = re.compile(r"(.)\1\1")  # much cheaper than a look at letters alone
_STRETCHED = re.compile(r"([^\W\d_])\1\1+")


class NameFinder:
    """Finds forms of names.

    Args:
        index: The forms.
        nicknames: Those of the thread that the texts are from.
        words: Tell names from words.
    """

    def __init__(self, index: NameIndex, nicknames: Nicknames, words: Words) -> None:
        self._index = index
        self._nicknames = nicknames
        self._words = words
        self._odd = index.odd | nicknames.odd
        either = "|".join(map(_whole, sorted(self._odd, key=len, reverse=True)))
        self._mention_of_odd = re.compile(f"@({either})")
        self._looked_at = -1
        self._look_anew()

    def _look_anew(self) -> None:
        """Forget what was unfamiliar: the index may know more names by now."""
        size = self._index.size
        if self._looked_at == size:
            return
        self._looked_at = size
        self._unnamed = FamiliarWords(self._may_be_named)
        self._looks: list[Callable[[str], object]] = []
        if self._index.inside_pattern:
            self._looks.append(self._index.inside_pattern.search)
        if self._nicknames.inside:
            self._looks.append(self._nicknames.find_inside)
        if self._odd:
            self._looks.append(re.compile("@").search)

    @property
    def index(self) -> NameIndex:
        """The forms of names."""
        return self._index

    def knows(self, folded: str) -> bool:
        """Tell whether a folded word is a form of somebody's name, or of a nickname."""
        return (
            folded in self._index.forms
            or folded in self._nicknames.entries
            or folded in self._nicknames.first_words
        )

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the texts that may hold something; the others hold nothing."""
        self._look_anew()
        joined = SEPARATOR.join(texts)
        places = {*self._unnamed.others(texts), *_with_letters_apart(joined)}
        for look in self._looks:
            if look(joined):
                places.update(place for place, text in enumerate(texts) if look(text))
        return sorted(places)

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        text = in_one_script(text, self._is_a_form)
        findings = [*self._letters_apart(text)] if has_letters_apart(text) else []
        if (pattern := self._index.inside_pattern) and not text.isascii():
            inside = self._index.inside
            findings += [
                Finding(match.start(), match.end(), "name", inside[match[0]])
                for match in pattern.finditer(text)
            ]
        if self._nicknames.inside:
            findings = without_overlaps([*findings, *self._nicknames.find_inside(text)])
        if self._odd and "@" in text:
            odd = [
                Finding(match.start(1), match.end(1), "name", self._odd[match[1]])
                for match in self._mention_of_odd.finditer(text)
            ]
            findings = without_overlaps([*findings, *odd])
        if not self._has_form(text):
            return findings
        found = list(self._found(text))
        return without_overlaps([*findings, *found]) if findings else found

    def _has_form(self, text: str) -> bool:
        """Tell whether a word of a text, or within one, is a form of a name."""
        folded = fold(text)
        words = words_of(folded)
        if (apart := words_within(text)) is not text:
            words += words_of(fold(apart))
        return not (
            self._index.forms.keys().isdisjoint(words)
            and self._nicknames.first_words.isdisjoint(words)
        ) or (_THRICE.search(folded) is not None and _STRETCHED.search(folded) is not None)

    def _may_be_named(self, word: str) -> bool:
        return self._has_form(in_one_script(word, self._is_a_form))

    def _found(self, text: str) -> Iterator[Finding]:
        tokens = [piece for token in tokens_of(text) for piece in self._pieces(token)]
        end = 0  # of what was found last
        around = Surroundings(text, tokens, self._index, self._words)
        for i, token in enumerate(tokens):
            if token.start < end:
                continue
            if phrase := self._nicknames.phrase_at(i, tokens, text):
                end = phrase.end
                yield phrase
                continue
            entry = self._entry(token)
            if entry is not None and around.is_name_by_evidence(entry, i):
                start = _start_with_particles(i, tokens, text, end)
                invented = in_style_of(
                    token.written, entry.replacement, is_plain=_is_plain(token, entry, text)
                )
                yield Finding(start, token.end, "name", text[start : token.start] + invented)
                end = token.end

    def _letters_apart(self, text: str) -> Iterator[Finding]:
        for start, end, written in letters_apart(text, self._is_a_form):
            entry = self._lookup(fold(written))
            if entry is not None:
                is_plain = written.isascii() and not entry.spelling.isascii()
                invented = in_style_of(written, entry.replacement, is_plain=is_plain)
                yield Finding(start, end, "name", invented)

    def _pieces(self, token: Token) -> list[Token]:
        """Return a word, or the words that it is made of, one of which is a name."""
        return [token] if self.knows(token.folded) else split_at_capitals(token, self._is_clear)

    def _is_a_form(self, written: str) -> bool:
        return self._lookup(fold(written)) is not None

    def _is_clear(self, folded: str) -> bool:
        """Tell whether a word is the form of a name, and no other word."""
        entry = self._lookup(folded)
        return (
            entry is not None and entry.need <= RequiredEvidence.CAPITAL and entry.rank != MISSPELT
        )

    def _entry(self, token: Token) -> Entry | None:
        entry = self._lookup(token.folded)
        if entry is None and _STRETCHED.search(token.folded):
            for kept in (r"\1", r"\1\1"):
                entry = entry or self._lookup(_STRETCHED.sub(kept, token.folded))
            if entry:  # its accents may be stretched, too
                entry = entry._replace(spelling=token.written.casefold())
        return entry

    def _lookup(self, folded: str) -> Entry | None:
        return self._nicknames.entries.get(folded) or self._index.forms.get(folded)


def _whole(name: str) -> str:
    """Return what finds a name that is not a word, unless it goes on: "K8" in "K80"."""
    return re.escape(name) + (rf"(?![\d_{ALPHABETS}])" if name[-1:].isalnum() else "")


def _is_plain(token: Token, entry: Entry, text: str) -> bool:
    """Tell whether a name is written without accents: by somebody, or since addresses have none."""
    if not token.written.isascii():
        return False
    before = text[max(0, token.start - 2) : token.start]
    is_in_an_address = before[-1:] in _BEFORE_IN_ADDRESS or (
        before[-1:] == "." and before[0].isalnum()
    )
    return is_in_an_address or not entry.spelling.isascii()


def _start_with_particles(i: int, tokens: list[Token], text: str, end: int) -> int:
    """Return where a name begins that may have particles before it: "O'Brien", "Anna van Dijk"."""
    start = tokens[i].start
    for token in reversed(tokens[max(0, i - _MOST_PARTICLES) : i]):
        between = text[token.end : start]
        if token.start < end or token.folded not in PARTICLES or between not in _JOINS_PARTICLES:
            break
        start = token.start
    is_within_a_name = bool(end) and text[end:start] in _JOINS_PARTICLES
    is_elided = i > 0 and text[tokens[i - 1].end : tokens[i].start] in _APOSTROPHES
    if is_within_a_name:
        return start
    return tokens[i - 1].start if is_elided and start < tokens[i].start else tokens[i].start
