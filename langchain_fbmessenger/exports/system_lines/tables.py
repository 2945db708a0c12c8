"""Read the tables of system lines: the files of this folder go in, sentences come out.

The notation is explained in the README of that folder.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from importlib import resources
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.package_tables import decode_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.abc import Traversable

__all__ = ["KINDS", "Language", "Sentence", "Tables", "system_tables"]

# The sections of a table, and the names that reports give to what stands in them.
KINDS = {
    "attachment": "attachment sentence",
    "reaction": "reaction sentence",
    "call": "call",
    "group": "group event",
    "setting": "setting",
    "connection": "connection",
    "poll": "poll or plan",
    "notice": "notice",
    "app": "game or app",
}

# While a sentence is processed, one private-use character stands for each wildcard.
_WILDCARDS = {
    "{}": "\ue000",
    "{text}": "\ue001",
    "{reaction}": "\ue002",
    "{nickname}": "\ue004",
}
_SUBJECT = "\ue003"
_ONCE = _WILDCARDS["{reaction}"], _WILDCARDS["{nickname}"]  # named groups of the pattern
_REGEX = {
    "\ue000": "(.{1,120})",
    "\ue001": ".{1,240}",
    # No letters, and at least one character from where emoji live: "Reacted no to your message"
    # was typed.
    "\ue002": r"(?P<reaction>(?=\S*[\xa9\xae\u203c-\U0010ffff])[^\sA-Za-z]{1,20})",
    "\ue003": "(?P<subject>.{1,80})",
    "\ue004": "(?P<nickname>.{1,240})",
}
# Meta's quotes and apostrophes are straight in some years, curly in others.
_VARIANTS = {'"': '"“”„«»', "'": "'\u2019"}
_REGEX |= {sign: f"[{variants}]" for sign, variants in _VARIANTS.items()}
_NOT_KNOWN = frozenset(_REGEX)
_NOTATION = frozenset("{}[]|")
_WILDCARD = re.compile("[\ue000-\ue004]")
_EDGE = 3  # letters of a beginning or an ending
_LONG = 6  # letters of a word by which a sentence is looked for
_BLANKS = [number for number in range(0x3001) if chr(number).isspace()]
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_EITHER = re.compile(r"\{([^{}\[\]]*\|[^{}\[\]]*)\}")
# Not `\W`, which splits words of Indian scripts at their vowel signs.
_BETWEEN_WORDS = re.compile(r"[\s!-&(-/:-@\[-`{-~“”„«»…¿¡।]+")


class _Sentences(msgspec.Struct, forbid_unknown_fields=True):
    """One section of a table: sentences after a subject, and whole messages."""

    tails: list[str] = []
    whole: list[str] = []


class _Addressed(_Sentences):
    """A section whose `to_owner` are words by which a sentence is about something of the owner."""

    to_owner: list[str] = []


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    """A file of `system_lines/`."""

    attachment: _Sentences = msgspec.field(default_factory=_Sentences)
    reaction: _Addressed = msgspec.field(default_factory=_Addressed)
    call: _Sentences = msgspec.field(default_factory=_Sentences)
    group: _Sentences = msgspec.field(default_factory=_Sentences)
    setting: _Addressed = msgspec.field(default_factory=_Addressed)
    connection: _Sentences = msgspec.field(default_factory=_Sentences)
    poll: _Sentences = msgspec.field(default_factory=_Sentences)
    notice: _Sentences = msgspec.field(default_factory=_Sentences)
    app: _Sentences = msgspec.field(default_factory=_Sentences)
    deleted_accounts: list[str] = []
    you: list[str] = []
    not_names: list[str] = []
    list_words: list[str] = []


class Language(msgspec.Struct, frozen=True):
    """The words that the sentences of one language share."""

    name: str
    you: frozenset[str]
    not_names: frozenset[str]
    list_words: frozenset[str]

    def may_be_names(self, value: str) -> bool:
        """Return whether a value may be one or several names: "Zoë, Bo and 2 others"."""
        words = value.replace(",", " ").split()
        kept = [w for w in words if not w.isdecimal() and w.casefold() not in self.list_words]
        return self.may_be_a_name(" ".join(kept))

    def may_be_a_name(self, value: str) -> bool:
        """Return whether a value may be a person's name: "he said the doctor" is not."""
        value = value.casefold().replace("\u2019", "'")
        words = _BETWEEN_WORDS.split(value)
        words += value.replace("'", " ").split()  # the "i" of "i'm", the "elle" of "qu'elle"
        return value in self.you or self.not_names.isdisjoint(words)


class Sentence(msgspec.Struct, frozen=True):
    """One wording of a sentence, its options resolved; `words` are those that are known."""

    wording: str
    words: frozenset[str]
    section: str
    language: Language
    to_owner: bool

    @property
    def beginning(self) -> str:
        """The first word, or what of it stands before a wildcard."""
        return _WILDCARD.split(self.wording.partition(" ")[0])[0]

    @property
    def ending(self) -> str:
        """The last word, or what of it follows a wildcard."""
        return _WILDCARD.split(self.wording.rpartition(" ")[2])[-1]

    @property
    def regex(self) -> re.Pattern[str]:
        """The pattern of whole texts that are this sentence."""
        return _compiled(self.wording)


@functools.cache
def _compiled(wording: str) -> re.Pattern[str]:
    # Compiled when first needed: an export holds few of all the sentences.
    return re.compile("".join(_REGEX.get(char) or re.escape(char) for char in wording))


class Tables(msgspec.Struct, frozen=True):
    """All sentences, and conditions that every text that is one of them fulfils.

    Attributes:
        by_keyword: The sentences, by the longest word of each.
        keywords: These words.
        deleted_accounts: Comparable names of deleted accounts.
        endings: The last three letters of sentences that end in a known word.
        marks: The last signs of all others that have one, and blanks, which may follow.
        lasts: The marks, and the last letters of the endings.
        beginnings: The first three letters of sentences that end in a wildcard.
        blanks: What may stand before them.
        firsts: The blanks, and the first letters of the beginnings.
        open_keywords: Words of which each sentence that ends in a wildcard, and does not begin
            with a known word, holds one.
        keywords_of_two: Those of them that may stand in a chat of two people.
    """

    by_keyword: dict[str, list[Sentence]]
    keywords: frozenset[str]
    deleted_accounts: frozenset[str]
    endings: frozenset[str]
    marks: frozenset[str]
    lasts: frozenset[str]
    beginnings: frozenset[str]
    blanks: frozenset[str]
    firsts: frozenset[str]
    open_keywords: frozenset[str]
    keywords_of_two: frozenset[str]


@functools.cache
def system_tables() -> Tables:
    """Return all tables, read once."""
    return _read_tables(resources.files(__package__))


def _read_tables(folder: Traversable) -> Tables:
    by_keyword: dict[str, list[Sentence]] = {}
    deleted_accounts: set[str] = set()
    blanks = frozenset(map(chr, _BLANKS))
    starts, ends, marks = set[str](), set[str](), {*blanks}
    open_sentences: list[Sentence] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        table = decode_table(file, _Table)
        deleted_accounts.update(map(comparable_name, table.deleted_accounts))
        for sentence in _sentences(table, file.name):
            keyword = max(sorted(sentence.words), key=len)
            by_keyword.setdefault(keyword, []).append(sentence)
            beginning, ending = sentence.beginning, sentence.ending
            if len(ending) >= _EDGE:
                ends.add(ending[-_EDGE:])
            elif ending:
                marks.update(_written(ending[-1]))
            elif len(beginning) >= _EDGE:
                starts.add(beginning[:_EDGE])
            else:
                open_sentences.append(sentence)
    beginnings, endings = _all_written(starts), _all_written(ends)
    return Tables(
        by_keyword=by_keyword,
        keywords=frozenset(by_keyword),
        deleted_accounts=frozenset(deleted_accounts),
        endings=endings,
        marks=frozenset(marks),
        lasts=frozenset(marks.union(ending[-1] for ending in endings)),
        beginnings=beginnings,
        blanks=blanks,
        firsts=blanks.union(beginning[0] for beginning in beginnings),
        open_keywords=_keywords_of(open_sentences),
        keywords_of_two=_keywords_of([s for s in open_sentences if s.section != "group"]),
    )


def _keywords_of(sentences: list[Sentence]) -> frozenset[str]:
    """Return a few rare words of which each sentence holds at least one."""
    common = Counter(word for s in sentences for word in s.words if len(word) >= _LONG)
    return frozenset(max(s.words, key=lambda word: (common[word], word)) for s in sentences)


def _all_written(edges: set[str]) -> frozenset[str]:
    """Return letters in all the ways in which they may be written."""
    return frozenset("".join(signs) for edge in edges for signs in product(*map(_written, edge)))


def _written(character: str) -> str:
    """Return the characters that may stand for one character of a sentence."""
    return _VARIANTS.get(character, character)


def _sentences(table: _Table, file_name: str) -> Iterator[Sentence]:
    language = Language(
        name=file_name.removesuffix(".toml"),
        you=frozenset(word.casefold() for word in table.you),
        not_names=frozenset(" ".join(table.not_names).casefold().split()),
        list_words=frozenset(word.casefold() for word in table.list_words),
    )
    for section in KINDS:
        written: _Sentences = getattr(table, section)
        owners_words: list[str] = getattr(written, "to_owner", [])
        for sentence, prefix in _with_prefix(written):
            for wording in _wordings(sentence, prefix, file_name):
                to_owner = any(words in wording for words in owners_words)
                # Words glued to a wildcard are not known; quotes and apostrophes vary.
                words = frozenset(filter(_NOT_KNOWN.isdisjoint, wording.split()))
                if not words:
                    raise _mistake(file_name, sentence, "every wording needs a word of its own")
                yield Sentence(wording, words, section, language, to_owner)


def _with_prefix(written: _Sentences) -> Iterator[tuple[str, str]]:
    yield from ((tail, _SUBJECT) for tail in written.tails)
    yield from ((whole, "") for whole in written.whole)


def _wordings(sentence: str, prefix: str, file_name: str) -> Iterator[str]:
    """Yield the wordings of a sentence: every choice of its options, with marks for wildcards."""
    marked = sentence
    for notation, mark in _WILDCARDS.items():
        marked = marked.replace(notation, mark)
    for wording in dict.fromkeys(_expand(marked)):
        if (
            not wording
            or not _NOTATION.isdisjoint(wording)
            or any(wording.count(asked) > 1 for asked in _ONCE)
        ):
            rule = "brackets must be pairs, wildcards known, {reaction} and {nickname} stand once"
            raise _mistake(file_name, sentence, rule)
        # "'s poll has multiple updates." follows the name without a blank.
        blank = " " if prefix and wording[0] != "'" else ""
        yield prefix + blank + wording


def _expand(marked: str) -> Iterator[str]:
    found = _OPTIONAL.search(marked) or _EITHER.search(marked)
    if found is None:
        yield " ".join(marked.split())
        return
    options = found[1].split("|") if marked[found.start()] == "{" else ["", found[1]]
    for option in options:
        yield from _expand(marked[: found.start()] + option + marked[found.end() :])


def _mistake(file_name: str, sentence: str, rule: str) -> ValueError:
    return ValueError(f"{file_name}: {sentence!r}: {rule}. See system_lines/README.md.")
