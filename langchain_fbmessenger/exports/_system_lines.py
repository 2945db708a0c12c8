"""Tell the lines that Meta wrote into a chat from those that somebody typed.

A text goes in, the kind of system line comes out, or None. What Meta writes is data: one table per
language in `system_lines/`, whose README explains the notation. Facts and counts: section 8 of
docs/formats.md.
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

__all__ = ["SystemLine", "find_system_line", "is_deleted_account"]

_MAX_LENGTH = 300  # the longest lines that Meta writes quote a poll; typed texts may be any length
_LIKE = "❤"  # "Liked a message" names no emoji: it is Instagram's double tap

# The sections of a table, and the names that reports give to what stands in them.
_KINDS = {
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
_WILDCARDS = {"{}": "\ue000", "{text}": "\ue001", "{reaction}": "\ue002"}
_SUBJECT = "\ue003"
_ANY_WILDCARD = re.compile("[\ue000-\ue003]")
_REGEX = {
    "\ue000": "(.{1,120})",
    "\ue001": ".{1,240}",
    # No letters, and at least one character from where emoji live: "Reacted no to your message"
    # was typed.
    "\ue002": r"(?P<reaction>(?=\S*[\xa9\xae\u203c-\U0010ffff])[^\sA-Za-z]{1,20})",
    "\ue003": "(?P<subject>.{1,80})",
    '"': '["“”„«»]',  # Meta's quotes and apostrophes are straight in some years, curly in others
    "'": r"['\u2019]",
}
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_EITHER = re.compile(r"\{([^{}\[\]]*\|[^{}\[\]]*)\}")
# Not `\W`, which splits words of Indian scripts at their vowel signs.
_BETWEEN_WORDS = re.compile(r"[\s!-&(-/:-@\[-`{-~“”„«»…¿¡।]+")


class SystemLine(msgspec.Struct, frozen=True, gc=False):
    """A line that nobody typed.

    `kind` is the reason as reports name it, `language` the table that knows the line. `reaction`
    is the emoji of a reaction that Meta has written as a message, and `to_owner` says that it
    reacts to a message of the account's owner ("to your message").
    """

    kind: str
    language: str
    reaction: str | None = None
    to_owner: bool = False


def find_system_line(text: str, *, is_group: bool, has_payload: bool) -> SystemLine | None:
    """Find out whether Meta wrote a message.

    Args:
        text: The text of the message, repaired.
        is_group: The message is from a group: elsewhere nobody joins, leaves or names anything.
        has_payload: The message carries a share or media, as behind "sent an attachment.".

    Returns:
        What kind of line it is; None for what a person typed. The whole text has to be one of
        Meta's sentences: one that merely holds such words was typed.
    """
    if len(text) > _MAX_LENGTH:
        return None
    tables = _tables()
    words = text.split()
    # Nearly every message ends here: it runs on millions of them.
    if tables.keywords.isdisjoint(words):
        return None
    return _match(tables, text, words, is_group=is_group, has_payload=has_payload)


def is_deleted_account(name: str) -> bool:
    """Tell whether a name is one that Meta gives to accounts that are gone, in any language."""
    return not name or comparable_name(name) in _tables().deleted_accounts


class _Sentences(msgspec.Struct, forbid_unknown_fields=True):
    """One section of a table: sentences behind a subject, and whole messages."""

    tails: list[str] = []
    whole: list[str] = []


class _Reactions(_Sentences):
    """`to_owner` are the words by which a sentence says that it is about the owner's message."""

    to_owner: list[str] = []


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    """A file of `system_lines/`."""

    attachment: _Sentences = msgspec.field(default_factory=_Sentences)
    reaction: _Reactions = msgspec.field(default_factory=_Reactions)
    call: _Sentences = msgspec.field(default_factory=_Sentences)
    group: _Sentences = msgspec.field(default_factory=_Sentences)
    setting: _Sentences = msgspec.field(default_factory=_Sentences)
    connection: _Sentences = msgspec.field(default_factory=_Sentences)
    poll: _Sentences = msgspec.field(default_factory=_Sentences)
    notice: _Sentences = msgspec.field(default_factory=_Sentences)
    app: _Sentences = msgspec.field(default_factory=_Sentences)
    deleted_accounts: list[str] = []
    you: list[str] = []
    not_names: list[str] = []
    list_words: list[str] = []


class _Language(msgspec.Struct, frozen=True):
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


class _Sentence:
    """One wording of a sentence, its options resolved."""

    def __init__(self, wording: str, section: str, language: _Language, *, to_owner: bool) -> None:
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


class _Tables(msgspec.Struct, frozen=True):
    by_keyword: dict[str, list[_Sentence]]
    keywords: frozenset[str]
    deleted_accounts: frozenset[str]


def _match(
    tables: _Tables, text: str, words: list[str], *, is_group: bool, has_payload: bool
) -> SystemLine | None:
    if len(text.strip().splitlines()) > 1:
        return None
    line = " ".join(words)  # some languages have a no-break space before a colon
    present = frozenset(words)
    for keyword in dict.fromkeys(words):
        for sentence in tables.by_keyword.get(keyword, ()):
            # All words first: a regular expression takes several times as long.
            if sentence.words <= present and (is_group or sentence.section != "group"):
                match = sentence.regex.fullmatch(line)
                if match and (
                    (has_payload and sentence.section == "attachment")
                    or _has_names(sentence.language, match)
                ):
                    return _to_line(sentence, match)
    return None


def _has_names(language: _Language, match: re.Match[str]) -> bool:
    subject = match.groupdict().get("subject")
    values = match.groups() if subject is None else match.groups()[1:]
    # One person acts, but several may be added, removed or called.
    return (subject is None or language.may_be_a_name(subject)) and all(
        map(language.may_be_names, values)
    )


def _to_line(sentence: _Sentence, match: re.Match[str]) -> SystemLine:
    is_reaction = sentence.section == "reaction"
    return SystemLine(
        kind=_KINDS[sentence.section],
        language=sentence.language.name,
        reaction=match.groupdict().get("reaction", _LIKE) if is_reaction else None,
        to_owner=sentence.to_owner,
    )


@functools.cache
def _tables() -> _Tables:
    return _read_tables(resources.files("langchain_fbmessenger.exports") / "system_lines")


def _read_tables(folder: Traversable) -> _Tables:
    by_keyword: dict[str, list[_Sentence]] = {}
    deleted_accounts: set[str] = set()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        table = _read_table(file)
        deleted_accounts.update(map(comparable_name, table.deleted_accounts))
        for sentence in _sentences(table, file.name):
            keyword = max(sentence.words, key=lambda word: (len(word), word))
            by_keyword.setdefault(keyword, []).append(sentence)
    return _Tables(by_keyword, frozenset(by_keyword), frozenset(deleted_accounts))


def _read_table(file: Traversable) -> _Table:
    try:
        table: _Table = msgspec.toml.decode(file.read_bytes(), type=_Table)
    except (msgspec.MsgspecError, ValueError) as error:  # the latter for what is no TOML
        message = f"{file.name} is no table of system lines: {error}"
        raise ValueError(message) from error
    return table


def _sentences(table: _Table, file_name: str) -> Iterator[_Sentence]:
    language = _Language(
        name=file_name.removesuffix(".toml"),
        you=frozenset(word.casefold() for word in table.you),
        not_names=frozenset(word.casefold() for word in table.not_names),
        list_words=frozenset(word.casefold() for word in table.list_words),
    )
    for section in _KINDS:
        written: _Sentences = getattr(table, section)
        for sentence, prefix in _with_prefix(written):
            to_owner = any(words in sentence for words in getattr(written, "to_owner", ()))
            for wording in _wordings(sentence, prefix, file_name):
                found = _Sentence(wording, section, language, to_owner=to_owner)
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
            or wording.count(_WILDCARDS["{reaction}"]) > 1
        ):
            rule = "brackets must be pairs, wildcards known, and {reaction} stand once"
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
