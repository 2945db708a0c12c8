"""Mark system lines, and learn from them the nicknames of a chat."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.records import Extra
from langchain_fbmessenger.exports.system_lines.match import (
    find_system_line,
    may_be_system_lines,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping, Sequence

    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles
    from langchain_fbmessenger.exports.records import Messages

__all__ = [
    "SetNickname",
    "give_names_of_today",
    "mark_system_lines",
    "nicknames_of_people",
    "rename_nicknamed",
]


class SetNickname(NamedTuple):
    """A nickname that a line gives to a person.

    Attributes:
        person: The person as the line calls them; "" for the account's owner.
        nickname: The nickname.
    """

    person: str
    nickname: str


def mark_system_lines(
    messages: Messages, languages: Counter[str], *, is_group: bool
) -> list[SetNickname]:
    """Mark the system lines among messages.

    Args:
        messages: The messages of one file; system lines among them get their `system`.
        languages: Counts the lines found, by language.
        is_group: Whether the conversation is a group.

    Returns:
        The nicknames that were set, in the order of the messages.
    """
    nicknames = []
    texts, extras = messages.texts, messages.extras
    for index in may_be_system_lines(texts, is_group=is_group):
        text, extra = texts[index], extras.get(index)
        if not text or (extra is not None and extra.system == "unsent"):
            continue
        payload = extra is not None and bool(extra.attachments or extra.share)
        line = find_system_line(text, is_group=is_group, has_payload=payload)
        if line is None:
            continue
        languages[line.language] += 1
        if line.nickname:
            whose = "" if line.to_owner else line.person or messages.senders[index]
            nicknames.append(SetNickname(whose, line.nickname))
        if extra is None:
            extras[index] = Extra(system=line.kind)
        elif extra.system is None:
            if payload and line.kind == "attachment sentence":
                texts[index] = None  # the person sent what the sentence describes
            else:
                extra.system = line.kind
    return nicknames


def nicknames_of_people(
    found: Iterable[SetNickname], people: Sequence[str], owner: str | None
) -> tuple[tuple[str, str], ...]:
    """Return pairs of a person's name ("" where that is unclear) and a nickname.

    Args:
        found: The lines' nicknames; they call people by a full name, a first name, or a nickname.
        people: The names of those who take part or have written.
        owner: The account's owner, if known.
    """
    by_name = {comparable_name(name): name for name in people}
    by_first_name = _by_first_name(by_name)
    by_nickname: dict[str, str] = {}
    nicknames: dict[tuple[str, str], None] = {}
    for person, nickname in found:
        key = comparable_name(person)
        of_first_name = by_first_name.get(key, [])
        if not key:
            name = owner or ""
        elif len(of_first_name) == 1:
            name = by_name.get(key) or of_first_name[0]
        else:
            name = by_name.get(key) or by_nickname.get(key, "")
        by_nickname[comparable_name(nickname)] = name
        nicknames[name, nickname] = None
    return tuple(nicknames)


def give_names_of_today(messages: Messages, thread: ThreadFiles) -> None:
    """Rename the senders and reacting people of messages to their names of today."""
    name_today = cache(thread.name_today)  # few people write many messages
    messages.senders = [name_today(name) for name in messages.senders]
    for extra in messages.extras.values():
        if extra.reactions:
            extra.reactions = tuple(
                dict.fromkeys(
                    msgspec.structs.replace(reaction, actor=name_today(reaction.actor))
                    for reaction in extra.reactions
                )
            )


def rename_nicknamed(found: Iterable[SetNickname], thread: ThreadFiles) -> list[SetNickname]:
    """Return nicknames with their people's names of today; lines use full or first names."""
    full = thread.as_written.bearers
    by_first_name = _by_first_name(full)
    renamed = []
    for person, nickname in found:
        key = comparable_name(person)
        of_first_name = by_first_name.get(key, [])
        known = full.get(key) or (of_first_name[0] if len(of_first_name) == 1 else person)
        renamed.append(SetNickname(thread.name_today(known), nickname))
    return renamed


def _by_first_name(names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return names by comparable first names, given names by comparable full names."""
    by_first_name: dict[str, list[str]] = {}
    for key, name in names.items():
        by_first_name.setdefault(key.partition(" ")[0], []).append(name)
    return by_first_name
