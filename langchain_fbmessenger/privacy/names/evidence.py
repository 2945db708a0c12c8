"""Tell a name from the word that it is as well, by how it stands in a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.scripts import APOSTROPHES, WORD
from langchain_fbmessenger.privacy.names.index import RequiredEvidence
from langchain_fbmessenger.privacy.names.languages import honorifics
from langchain_fbmessenger.privacy.names.parts import PARTICLES
from langchain_fbmessenger.privacy.names.spelling import fold, has_accents_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from langchain_fbmessenger.privacy.names.index import Entry, NameIndex
    from langchain_fbmessenger.privacy.names.languages import Words

__all__ = ["Surroundings", "Token", "tokens_of"]

# The last are what people adorn their names with: "Rose \U0001f339 Hope", "Will | Faith".
_JOINS_A_NAME = re.compile(r"\s+|\s?[-\u2010\u2011]\s?|[._\u02bc]|\.\s|\s?[^\w\s.,;:!?…]{1,3}\s?")
_WITHOUT_SPACE = frozenset("._-\u2010\u2011")
# After these a sentence goes on; after anything else that is not a letter one may begin.
_WITHIN_A_SENTENCE = frozenset(f'{APOSTROPHES},،、;"“”„«»()&/-\u2013—+@#*_%')
_ENDS = frozenset(["", "\n", *".!?…。؟।"])  # of a sentence
_QUOTES = frozenset("\"'“„”«»()[]*_")
_END = re.compile(r"\s*(?:$|[,!?.…:;)\n]|[^\w\s])")
_COMMA_OR_EMOJI = re.compile(r"\s*[,،、]|[^\w\s!-/:-@\[-`{-~…\u2019”»]")
_POSSESSIVE = re.compile(f"[{APOSTROPHES}]s(?![a-z])", re.IGNORECASE)
_PROFILE = re.compile(
    r"(?:facebook|fb|messenger|instagram|twitter|tiktok|linkedin|vk|ok|m|t|x|github|snapchat)"
    r"\.(?:com|me|ru|net)/(?:[\w.@-]+[/?=]){0,3}[\w.@-]*$",
    re.IGNORECASE,
)
_LONGEST_PROFILE = 120
_MOST_PARTICLES = 3
_SHORTEST_SHOUTED = 3  # "JO" may be a word that is shouted, "NADJA" is not


class Token:
    """A word in a text.

    Attributes:
        start: Where it begins.
        end: Where it has ended.
        written: As it stands there.
        folded: Without accents, in lower case.
    """

    __slots__ = ("end", "folded", "start", "written")

    def __init__(self, start: int, written: str) -> None:
        self.start = start
        self.end = start + len(written)
        self.written = written
        self.folded = fold(written)

    @property
    def has_capital(self) -> bool:
        """Whether it begins with a capital, and not because all of it is in capitals."""
        return self.written[:1].isupper() and (len(self.written) == 1 or not self.written.isupper())


def tokens_of(text: str) -> list[Token]:
    """Return the words of a text."""
    return [Token(match.start(), match[0]) for match in WORD.finditer(text)]


class Surroundings:
    """What stands around the words of a text.

    Args:
        text: The text.
        tokens: Its words.
        index: Forms of names, and which parts belong together.
        words: Tell names from words.
    """

    def __init__(self, text: str, tokens: list[Token], index: NameIndex, words: Words) -> None:
        self._text = text
        self._tokens = tokens
        self._beside = index.beside
        self._forms = index.forms
        self._words = words

    def is_name_by_evidence(self, entry: Entry, i: int) -> bool:
        """Tell whether a word that has the form of a name is one."""
        token, need = self._tokens[i], entry.need
        if not has_accents_of(token.written, entry.spelling):
            need = max(need, RequiredEvidence.NAME_LIKE)
        if need == RequiredEvidence.NOTHING or self._has_its_case(entry, need, token):
            return True
        if self._is_mentioned(token) or self._has_company(entry, i):
            return True
        if self.is_before_an_honorific(i):
            return True
        if need == RequiredEvidence.COMPANY:
            is_word = token.folded in self._words.ordinary
            return token.has_capital and not is_word and self.is_behind_a_word_for_people(i)
        if need < RequiredEvidence.STRONG and not token.written[:1].islower() and self.is_alone(i):
            return True
        return self.is_spoken_to(i) or (token.has_capital and self._is_capital_of_a_name(i, need))

    def _has_its_case(self, entry: Entry, need: int, token: Token) -> bool:
        if need == RequiredEvidence.CAPITAL:
            is_shouted = token.written.isupper() and len(token.written) >= _SHORTEST_SHOUTED
            return token.has_capital or is_shouted
        return need == RequiredEvidence.OWN_CASE and token.written == entry.spelling

    def _is_mentioned(self, token: Token) -> bool:
        before = self._text[token.start - 1 : token.start] if token.start else ""
        if before == "@":
            return True
        # A profile's address is made of its owner's name.
        window = self._text[max(0, token.start - _LONGEST_PROFILE) : token.start]
        return before in {"/", ".", "_", "-", "="} and _PROFILE.search(window) is not None

    def _has_company(self, entry: Entry, i: int) -> bool:
        """Tell whether another part of the same person's name stands before or behind."""
        others = self._beside.get(entry.part, frozenset[str]())
        return bool(others) and (self._is_beside(others, i, -1) or self._is_beside(others, i, 1))

    def _is_beside(self, others: Collection[str], i: int, step: int) -> bool:
        """Tell whether a part of a name is next to a word, or behind particles that are."""
        j, gaps = i, []
        while 0 <= j + step < len(self._tokens):
            gaps.append(self.gap(max(j, j + step)))
            j += step
            if all(map(_JOINS_A_NAME.fullmatch, gaps)) and self._part(j) in others:
                capitals = any(self._tokens[one].written[:1].isupper() for one in (i, j))
                is_word_too = self._tokens[j].folded in self._words.ordinary
                return capitals or gaps[-1] in _WITHOUT_SPACE or not is_word_too
            if self._tokens[j].folded not in PARTICLES or len(gaps) > _MOST_PARTICLES:
                break
        return False

    def _part(self, i: int) -> str:
        folded = self._tokens[i].folded
        entry = self._forms.get(folded)
        return entry.part if entry else folded

    def is_alone(self, i: int) -> bool:
        """Tell whether a word is all that a message or a sentence says: "Bob!", "Coming? Bob"."""
        text, token = self._text, self._tokens[i]
        if len(self._tokens) == 1:
            return True
        before = _last_but_spaces(text, token.start)
        return before in _ENDS and _first_but_spaces(text, token.end) in _ENDS

    def is_spoken_to(self, i: int) -> bool:
        """Tell whether a word stands as that by which somebody is spoken to."""
        text, token = self._text, self._tokens[i]
        if self._word(i - 1) in self._words.greetings:
            return token.has_capital or _END.match(text, token.end) is not None
        before = _last_but_spaces(text, token.start)
        if before in _ENDS:
            is_small = token.written[:1].islower()  # "jo, prijdu", "will, but not today"
            return not is_small and _COMMA_OR_EMOJI.match(text, token.end) is not None
        behind = _first_but_spaces(text, token.end)
        return before in {",", "،", "、"} and (
            behind in {"!", "?"} or (token.has_capital and behind in {"", ".", "\n"})
        )

    def _is_capital_of_a_name(self, i: int, need: int) -> bool:
        """Tell whether the capital of a word that is a name, too, has no other reason."""
        if self.is_behind_a_word_for_people(i):
            return True
        if self.is_possessive(i):
            return True
        if need == RequiredEvidence.STRONG:
            return False
        return not self.may_begin_a_sentence(i) or self.is_before_a_verb(i)

    def may_begin_a_sentence(self, i: int) -> bool:
        """Tell whether a word may have its capital for standing where it stands."""
        token = self._tokens[i]
        # What goes on in a script without capitals ("Willは") does not begin a sentence.
        behind = self._text[token.end : token.end + 1]
        goes_on = behind.isalpha() and behind.lower() == behind.upper()
        return not goes_on and _may_begin_a_sentence(self._text, token.start)

    def is_before_an_honorific(self, i: int) -> bool:
        """Tell whether what stands behind a word is put behind names: "さん", "씨"."""
        return self._text.startswith(honorifics(), self._tokens[i].end)

    def is_possessive(self, i: int) -> bool:
        """Tell whether "'s" stands behind a word."""
        return _POSSESSIVE.match(self._text, self._tokens[i].end) is not None

    def is_before_a_verb(self, i: int) -> bool:
        """Tell whether what follows says what somebody does."""
        return self._word(i + 1) in self._words.verbs and self.gap(i + 1).isspace()

    def is_behind_a_word_for_people(self, i: int) -> bool:
        """Tell whether a word stands before that people stand behind: "with", "Herr"."""
        return self._word(i - 1) in self._words.before and self.gap(i).isspace()

    def _word(self, i: int) -> str:
        return self._tokens[i].folded if 0 <= i < len(self._tokens) else ""

    def gap(self, i: int) -> str:
        """Return what stands between a word and the one before."""
        return self._text[self._tokens[i - 1].end : self._tokens[i].start]


def _last_but_spaces(text: str, end: int) -> str:
    while end and text[end - 1] in " \t\xa0":
        end -= 1
    return text[end - 1] if end else ""


def _first_but_spaces(text: str, start: int) -> str:
    while start < len(text) and text[start] in " \t\xa0":
        start += 1
    return text[start : start + 1]


def _may_begin_a_sentence(text: str, start: int) -> bool:
    while start and (text[start - 1].isspace() or text[start - 1] in _QUOTES):
        if text[start - 1] == "\n":
            return True
        start -= 1
    return not start or not (text[start - 1].isalnum() or text[start - 1] in _WITHIN_A_SENTENCE)
