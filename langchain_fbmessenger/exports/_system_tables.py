"""Read the tables of what Meta writes into chats: `system_lines/` goes in, sentences come out.

The notation is explained in the README of that folder.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

import msgspec
import msgspec.toml

from langchain_fbmessenger._names import comparable_name

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

# While a sentence is worked on, one character of a private-use area stands for each wildcard.
_WILDCARDS = {
    "{}": "\ue000",
    "{text}": "\ue001",
    "{reaction}": "\ue002",
    "{nickname}": "\ue004",
}
_SUBJECT = "\ue003"
_ONCE = ("{reaction}", "{nickname}")  # what a line is asked for
_REGEX = {
    "\ue000": "(.{1,120})",
    "\ue001": ".{1,240}",
    # No letters, and at least one character from where emoji live: "Reacted no to your message"
    # was typed.
    "\ue002": r"(?P<reaction>(?=\S*[\xa9\xae\u203c-\U0010ffff])[^\sA-Za-z]{1,20})",
    "\ue003": "(?P<subject>.{1,80})",
    "\ue004": "(?P<nickname>.{1,240})",
    '"': '["“”„«»]',  # Meta's quotes and apostrophes are straight in some years, curly in others
    "'": r"['\u2019]",
}
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_EITHER = re.compile(r"\{([^{}\[\]]*\|[^{}\[\]]*)\}")
# Not `\W`, which splits words of Indian scripts at their vowel signs.
_BETWEEN_WORDS = re.compile(r"[\s!-&(-/:-@\[-`{-~“”„«»…¿¡।]+")


class _Sentences(msgspec.Struct, forbid_unknown_fields=True):
    """One section of a table: sentences behind a subject, and whole messages."""

    tails: list[str] = []
    whole: list[str] = []


class _Addressed(_Sentences):
    """`to_owner` are the words by which a sentence says that it is about something of the owner."""

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
    """What the sentences of one language share."""

    name: str
    you: frozenset[str]
    not_names: frozenset[str]
    list_words: frozenset[str]

    def may_be_names(self, value: str) -> bool:
        """Tell whether a value may be one or several names: "Zoë, Bo and 2 others"."""
        words = value.replace(",", " ").split()
        kept = [w for w in words if not w.isdecimal() and w.casefold() not in self.list_words]
        return self.may_be_a_name(" ".join(kept))

    def may_be_a_name(self, value: str) -> bool:
        """Tell whether a value may be somebody's name: "he said the doctor" is not."""
        value = value.casefold().replace("\u2019", "'")
        words = _BETWEEN_WORDS.split(value)
        words += value.replace("'", " ").split()  # the "i" of "i'm", the "elle" of "qu'elle"
        return value in self.you or self.not_names.isdisjoint(words)


class Sentence:
    """One wording of a sentence, its options resolved."""

    def __init__(self, wording: str, section: str, language: Language, *, to_owner: bool) -> None:
        self.section = section
        self.language = language
        self.to_owner = to_owner
        # Words glued to a wildcard are not known; quotes and apostrophes have several forms.
        self.words = frozenset(w for w in wording.split() if not set(w) & _REGEX.keys())
        self._wording = wording

    @functools.cached_property
    def regex(self) -> re.Pattern[str]:
        # Compiled when first needed: an export holds few of all the sentences.
        return re.compile("".join(_REGEX.get(char) or re.escape(char) for char in self._wording))


class Tables(msgspec.Struct, frozen=True):
    by_keyword: dict[str, list[Sentence]]
    keywords: frozenset[str]
    deleted_accounts: frozenset[str]


@functools.cache
def system_tables() -> Tables:
    return _read_tables(resources.files("langchain_fbmessenger.exports") / "system_lines")


def _read_tables(folder: Traversable) -> Tables:
    by_keyword: dict[str, list[Sentence]] = {}
    deleted_accounts: set[str] = set()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        table = _read_table(file)
        deleted_accounts.update(map(comparable_name, table.deleted_accounts))
        for sentence in _sentences(table, file.name):
            keyword = max(sentence.words, key=lambda word: (len(word), word))
            by_keyword.setdefault(keyword, []).append(sentence)
    return Tables(by_keyword, frozenset(by_keyword), frozenset(deleted_accounts))


def _read_table(file: Traversable) -> _Table:
    try:
        table: _Table = msgspec.toml.decode(file.read_bytes(), type=_Table)
    except (msgspec.MsgspecError, ValueError) as error:  # the latter for what is no TOML
        message = f"{file.name} is no table of system lines: {error}"
        raise ValueError(message) from error
    return table


def _sentences(table: _Table, file_name: str) -> Iterator[Sentence]:
    language = Language(
        name=file_name.removesuffix(".toml"),
        you=frozenset(word.casefold() for word in table.you),
        not_names=frozenset(word.casefold() for word in table.not_names),
        list_words=frozenset(word.casefold() for word in table.list_words),
    )
    for section in KINDS:
        written: _Sentences = getattr(table, section)
        for sentence, prefix in _with_prefix(written):
            for wording in _wordings(sentence, prefix, file_name):
                to_owner = any(words in wording for words in getattr(written, "to_owner", ()))
                found = Sentence(wording, section, language, to_owner=to_owner)
                if not found.words:
                    raise _mistake(file_name, sentence, "every wording needs a word of its own")
                yield found


def _with_prefix(written: _Sentences) -> Iterator[tuple[str, str]]:
    yield from ((tail, _SUBJECT) for tail in written.tails)
    yield from ((whole, "") for whole in written.whole)


def _wordings(sentence: str, prefix: str, file_name: str) -> Iterator[str]:
    """Resolve what is optional and what is one of several, into wildcards and literal text."""
    marked = sentence
    for notation, mark in _WILDCARDS.items():
        marked = marked.replace(notation, mark)
    for wording in dict.fromkeys(_expand(marked)):
        if (
            not wording
            or set(wording) & set("{}[]|")
            or any(wording.count(_WILDCARDS[asked]) > 1 for asked in _ONCE)
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
