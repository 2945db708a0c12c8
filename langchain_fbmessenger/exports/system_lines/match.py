"""Tell the lines that Meta wrote into a chat from those that somebody typed.

A text goes in, the kind of system line comes out, or None. What Meta writes is data: one table per
language in `system_lines/`, whose README explains the notation. Facts and counts: section 8 of
docs/formats.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.system_lines.tables import KINDS, system_tables

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from langchain_fbmessenger.exports.system_lines.tables import Language, Sentence, Tables

__all__ = ["SystemLine", "find_system_line", "is_deleted_account", "may_be_system_lines"]

_MAX_LENGTH = 300  # the longest lines that Meta writes quote a poll; typed texts may be any length
_BLOCK = 64  # texts that are searched at once
_LIKE = "❤"  # "Liked a message" names no emoji: it is Instagram's double tap


class SystemLine(msgspec.Struct, frozen=True, gc=False):
    """A line that nobody typed.

    `kind` is the reason as reports name it, `language` the table that knows the line. `reaction`
    is the emoji of a reaction that Meta has written as a message. A nickname is set for `person`,
    as the line calls them; None stands for the line's writer. `to_owner` says that a reaction
    or a nickname is meant for the account's owner ("to your message", "your nickname").
    """

    kind: str
    language: str
    reaction: str | None = None
    to_owner: bool = False
    nickname: str | None = None
    person: str | None = None


def may_be_system_lines(texts: Sequence[str | None], *, is_group: bool) -> list[int]:
    """Return the indexes of the texts that are worth a look: of what people type, nearly none.

    What each of Meta's sentences ends or begins with is known, or which word stands in it.
    """
    tables = system_tables()
    lasts, marks, endings = tables.lasts, tables.marks, tables.endings
    firsts, blanks, beginnings = tables.firsts, tables.blanks, tables.beginnings
    keywords = tables.open_keywords if is_group else tables.keywords_of_two
    found = list[int]()
    # Block by block, so that texts are fetched from memory once.
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        whole = "\n".join(filter(None, block))
        words = [word for word in keywords if word in whole]
        found += [
            index
            for index, text in enumerate(block, start)
            if text
            and (
                (text[-1] in lasts and (text[-1] in marks or text[-3:] in endings))
                or (text[0] in firsts and (text[0] in blanks or text[:3] in beginnings))
                or (words and any(word in text for word in words))
            )
        ]
    return found


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
    tables = system_tables()
    words = text.split()
    # Nearly every message ends here: it runs on millions of them.
    if tables.keywords.isdisjoint(words):
        return None
    return _match(tables, text, words, is_group=is_group, has_payload=has_payload)


def is_deleted_account(name: str) -> bool:
    """Tell whether a name is one that Meta gives to accounts that are gone, in any language."""
    return not name or comparable_name(name) in system_tables().deleted_accounts


def _match(
    tables: Tables, text: str, words: list[str], *, is_group: bool, has_payload: bool
) -> SystemLine | None:
    if len(text.strip().splitlines()) > 1:
        return None
    line = " ".join(words)  # some languages have a no-break space before a colon
    present = frozenset(words)
    vague: SystemLine | None = None
    for keyword in dict.fromkeys(words):
        for sentence in tables.by_keyword.get(keyword, ()):
            # All words first: a regular expression takes several times as long.
            if sentence.words <= present and (is_group or sentence.section != "group"):
                match = sentence.regex.fullmatch(line)
                if match and (
                    (has_payload and sentence.section == "attachment")
                    or _has_names(sentence.language, match)
                ):
                    found = _to_line(sentence, match)
                    if found.nickname or sentence.section != "setting":
                        return found
                    vague = vague or found  # a wording that knows more may follow
    return vague


def _has_names(language: Language, match: re.Match[str]) -> bool:
    subject = match.groupdict().get("subject")
    # One person acts, but several may be added, removed or called.
    return (subject is None or language.may_be_a_name(subject)) and all(
        map(language.may_be_names, _unworded(match))
    )


def _unworded(match: re.Match[str]) -> list[str]:
    """Return what stands for `{}`: names and numbers."""
    others = match.re.groupindex.values()
    return [value for n, value in enumerate(match.groups(), 1) if n not in others]


def _to_line(sentence: Sentence, match: re.Match[str]) -> SystemLine:
    is_reaction = sentence.section == "reaction"
    named = match.groupdict()
    nickname = named.get("nickname")
    person = next(iter(_unworded(match)), None) if nickname else None
    is_owner = person is not None and person.casefold() in sentence.language.you
    return SystemLine(
        kind=KINDS[sentence.section],
        language=sentence.language.name,
        reaction=named.get("reaction", _LIKE) if is_reaction else None,
        to_owner=sentence.to_owner or is_owner,
        nickname=nickname,
        person=person,
    )
