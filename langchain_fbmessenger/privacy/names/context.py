"""A text as it is looked at for strangers' names: words, language, what speaks for names."""

from __future__ import annotations

import re
import sys
from bisect import bisect
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.detect_language import (
    languages_of_scripts,
    languages_of_words,
)
from langchain_fbmessenger.privacy.names.evidence import Surroundings
from langchain_fbmessenger.privacy.names.languages import common_words, words_in
from langchain_fbmessenger.privacy.names.readings import MORE_ENGLISH
from langchain_fbmessenger.privacy.names.spelling import has_case
from langchain_fbmessenger.privacy.names.unknown_words import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.privacy.findings import Finding
    from langchain_fbmessenger.privacy.names.evidence import Token
    from langchain_fbmessenger.privacy.names.finder import NameFinder
    from langchain_fbmessenger.privacy.names.readings import Reading

__all__ = ["Context"]

# Where words are not part of a sentence: links, addresses of sites and mail, names of files.
_NO_WORD = re.compile(
    r"://|www\.|\S@|\w\.(?:com|org|net|eu|info|app|io|me|tv|cz|sk|de|at|ch|fr|es|it|pl|ru|uk|us"
    r"|jpe?g|png|gif|heic|mp[34]|mov|pdf|docx?|xlsx?|zip|html?)\b"
)
_UNSPACED = re.compile("[^\\s\u3040-\u30ff\u3400-\u9fff]+")
_BEHIND_TITLE = re.compile(r"\.?[ \xa0]")
_JOINS = re.compile(r"\s|\s?[-\u2010\u2011]\s?")
_MOST_PARTS = 4
_FEWEST_IN_TITLE = 4
_MOSTLY = 0.7


class Context:
    """What is known of a text.

    Args:
        text: The text.
        tokens: Its words.
        known: Finds the names of known people.
        languages: What the export's people speak, as far as their names tell.
        found: What is somebody's in the export.

    Attributes:
        text: The text.
        tokens: Its words.
        languages: What the text is in, or may be.
        words: The words of these languages, and of English.
        around: What stands around its words.
        is_german: Whether any noun may have a capital.
        is_untold: Whether no word says what it is in.
        is_titled: Whether nearly all words have a capital, as in headlines.
        is_shouted: Whether all of it is in capitals.
    """

    def __init__(
        self,
        text: str,
        tokens: list[Token],
        known: NameFinder,
        languages: frozenset[str],
        found: Sequence[Finding],
    ) -> None:
        told = languages_of_words(token.folded for token in tokens)
        spoken = told.languages if told.is_sure else told.languages | languages
        self.text = text
        self.tokens = tokens
        self.languages = spoken | languages_of_scripts(text)
        self.words = words_in(self.languages | {"en"})
        self.around = Surroundings(text, tokens, known.index, self.words)
        self.is_german = "de" in told.languages or (not told.languages and languages == {"de"})
        self.is_untold = not told.languages
        self.is_titled = _is_titled(tokens)
        self.is_shouted = text.upper() == text
        self._known = known
        self._found = [(one.start, one.end) for one in found]
        self._not_words = [
            one.span() for one in _UNSPACED.finditer(text) if _NO_WORD.search(one[0])
        ]

    def is_open(self, i: int) -> bool:
        """Tell whether a word may be a stranger's name: not where it is something else already."""
        if not 0 <= i < len(self.tokens) or self._known.knows(self.tokens[i].folded):
            return False
        if self.tokens[i].written.casefold() in table().never:
            return False
        return not (self.is_found(i) or _is_within(self._not_words, self.tokens[i]))

    def is_found(self, i: int) -> bool:
        """Tell whether a word is somebody's name in the export."""
        return _is_within(self._found, self.tokens[i])

    def fits(self, reading: Reading) -> bool:
        """Tell whether a name is one in a language that the text may be in."""
        letter = reading.base[:1]
        if not "a" <= letter <= "z" and not "\u0400" <= letter <= "\u052f":
            return True  # scripts of few languages
        if MORE_ENGLISH in reading.languages and "en" in self.languages:
            return True
        return not reading.languages.isdisjoint(self.languages)

    def is_word(self, folded: str) -> bool:
        """Tell whether something is a word, too."""
        if folded in table().rather_names:
            return False
        return (
            folded in table().words
            or self.is_capitalised_word(folded)
            or folded in self.words.ordinary
            or folded in common_words()
        )

    def is_capitalised_word(self, folded: str) -> bool:
        """Tell whether something is a word that has a capital anyway."""
        if folded in table().rather_names:
            return False
        return folded in table().capitalised or folded in self.words.capitalised

    def is_common(self, folded: str) -> bool:
        """Tell whether something is a word that often stands behind a name without being one."""
        words = self.words
        return (
            folded in words.greetings
            or folded in words.verbs
            or folded in words.before
            or folded in table().verbs
            or folded in common_words()
        )

    def is_mentioned(self, i: int) -> bool:
        """Tell whether an "@" stands before a word."""
        start = self.tokens[i].start
        return start > 0 and self.text[start - 1] in "@\uff20"

    def begins_a_sentence(self, i: int) -> bool:
        """Tell whether a word may have its capital for standing where it stands."""
        return self.is_titled or self.around.may_begin_a_sentence(i)

    def is_pointed_at(self, i: int) -> bool:
        """Tell whether somebody is spoken to, or what stands before says that a person follows."""
        return self.is_behind_a_word_for_people(i) or self.around.is_spoken_to(i)

    def is_behind_a_word_for_people(self, i: int) -> bool:
        """Tell whether what stands beside a word says that it is a person."""
        around = self.around
        return (
            around.is_behind_a_word_for_people(i)
            or around.is_before_an_honorific(i)
            or self.is_behind_a_title(i)
        )

    def is_behind_an_article(self, i: int) -> bool:
        """Tell whether "the" stands before a word, or before the capitals that it is one of."""
        j = i
        while 0 < j > i - _MOST_PARTS and self.around.gap(j).isspace():
            j -= 1
            if self.tokens[j].folded in table().articles:
                return True
            if not self.tokens[j].has_capital:
                break
        return False

    def is_before_a_verb(self, i: int) -> bool:
        """Tell whether what follows says what somebody does."""
        return self.around.is_before_a_verb(i) or (
            i + 1 < len(self.tokens)
            and self.tokens[i + 1].folded in table().verbs
            and self.around.gap(i + 1).isspace()
        )

    def is_behind_a_title(self, i: int) -> bool:
        """Tell whether a word has a title before it, and looks like a name."""
        token = self.tokens[i]
        if i == 0 or self.tokens[i - 1].folded not in table().titles:
            return False
        if _BEHIND_TITLE.fullmatch(self.around.gap(i)) is None or len(token.written) == 1:
            return False
        if token.folded in table().not_behind_titles or token.folded in table().titles:
            return False
        is_like_a_name = token.has_capital and token.folded not in common_words()
        return is_like_a_name or not has_case(token.written)

    def is_called_after(self, i: int) -> bool:
        """Tell whether a town, a saint, a street or a house is meant that has somebody's name."""
        if self.tokens[i].folded in table().rather_names and i > 0:
            before = self.tokens[i - 1].written.casefold()
            if before in table().before_towns and self.around.gap(i).isspace():
                return True
        j = i
        while 0 < j > i - _MOST_PARTS and self.around.gap(j) in {" ", "-"}:
            j -= 1
            if self.tokens[j].folded in table().places:
                return True
            if not self.tokens[j].has_capital:
                break
        j = i
        while j + 1 < len(self.tokens) and j - i < _MOST_PARTS and self.is_joined(j + 1):
            j += 1
            if self.tokens[j].folded in table().behind_places:
                return True
        return False

    def is_joined(self, i: int) -> bool:
        """Tell whether a word and the one before may be parts of one name."""
        return _JOINS.fullmatch(self.around.gap(i)) is not None


def _is_within(spans: Sequence[tuple[int, int]], token: Token) -> bool:
    """Tell whether a word begins within one of some spans, in the order of the text."""
    i = bisect(spans, (token.start, sys.maxsize))
    return i > 0 and token.start < spans[i - 1][1]


def _is_titled(tokens: Sequence[Token]) -> bool:
    words = [token for token in tokens if len(token.written) > 1]
    capitals = sum(token.has_capital for token in words)
    return len(words) >= _FEWEST_IN_TITLE and capitals >= _MOSTLY * len(words)
