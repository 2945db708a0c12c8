"""Mark the messages that nobody typed, and learn from them who is called what in a chat."""

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
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger.exports.conversations.threads import ThreadFiles
    from langchain_fbmessenger.exports.records import Messages

__all__ = [
    "SetNickname",
    "give_names_of_today",
    "mark_system_lines",
    "nicknames_of_people",
    "rename_bearers",
]


class SetNickname(NamedTuple):
    """A line that gives somebody a nickname.

    Attributes:
        person: Who bears it, as the line says it; "" for the account's owner.
        nickname: The nickname.
    """

    person: str
    nickname: str


def mark_system_lines(
    messages: Messages, languages: Counter[str], *, is_group: bool
) -> list[SetNickname]:
    """Mark messages that Meta wrote.

    Args:
        messages: The messages of one file; what Meta wrote among them gets its `system`.
        languages: Counts each line found, by its language.
        is_group: Whether they are a group's.

    Returns:
        The nicknames that were set, in the order of the messages.
    """
    nicknames = []
    texts, extras = messages.texts, messages.extras
    for index in may_be_system_lines(texts):
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
                texts[index] = None  # the person sent what the sentence tells of
            else:
                extra.system = line.kind
    return nicknames


def nicknames_of_people(
    found: Iterable[SetNickname], people: Sequence[str], owner: str | None
) -> tuple[tuple[str, str], ...]:
    """Return each nickname behind the name of who bears it, or behind "" where that is unclear.

    Args:
        found: What the lines say. They call people by a full name, a first name, or a nickname.
        people: Who takes part or has written.
        owner: The account's owner, if known.
    """
    by_name = {comparable_name(name): name for name in people}
    by_first_name: dict[str, list[str]] = {}
    for key, name in by_name.items():
        by_first_name.setdefault(key.partition(" ")[0], []).append(name)
    bearers: dict[str, str] = {}
    nicknames: dict[tuple[str, str], None] = {}
    for person, nickname in found:
        key = comparable_name(person)
        of_first_name = by_first_name.get(key, [])
        if not key:
            name = owner or ""
        elif len(of_first_name) == 1:
            name = by_name.get(key) or of_first_name[0]
        else:
            name = by_name.get(key) or bearers.get(key, "")
        bearers[comparable_name(nickname)] = name
        nicknames[name, nickname] = None
    return tuple(nicknames)


def give_names_of_today(messages: Messages, thread: ThreadFiles) -> None:
    """Put the names of today into the messages of a thread, as senders and behind reactions."""
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


def rename_bearers(found: Iterable[SetNickname], thread: ThreadFiles) -> list[SetNickname]:
    """Return nicknames behind names of today; lines call people by a full or a first name."""
    full = dict(thread.as_written.bearers)
    by_first_name: dict[str, list[str]] = {}
    for key, name in full.items():
        by_first_name.setdefault(key.partition(" ")[0], []).append(name)
    renamed = []
    for person, nickname in found:
        key = comparable_name(person)
        of_first_name = by_first_name.get(key, [])
        known = full.get(key) or (of_first_name[0] if len(of_first_name) == 1 else person)
        renamed.append(SetNickname(thread.name_today(known), nickname))
    return renamed
