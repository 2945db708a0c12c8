"""List the people of exports with their former names: conversations in, people out.

Meta tells people apart by their names alone. That a person was renamed shows in two places:
two states of one thread, and a conversation of two in which a third name has written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.exports.conversations.threads import newest_state
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger.exports.conversations.threads import Conversation, ThreadFiles

__all__ = ["people_of_conversations"]

_TWO = 2


def people_of_conversations(
    conversations: Iterable[Conversation], owner: str | None
) -> tuple[Person, ...]:
    """Return everybody who takes part or has written, each under today's name.

    Args:
        conversations: All conversations of the exports.
        owner: The owner's name, if it is known.

    Returns:
        People in the order in which they turn up, without deleted accounts. A former name that
        another person has today stands for a person of its own as well.
    """
    people: dict[str, str] = {}
    former: dict[str, dict[str, str]] = {}
    strangers: dict[str, set[tuple[str, str]]] = {}
    today: set[str] = set()
    if owner:
        people[comparable_name(owner)] = owner
        today.add(comparable_name(owner))
    for conversation in conversations:
        pair = _pair_of(newest_state(conversation.threads))
        for thread in conversation.threads:
            for key, name in thread.bearers.items():
                people.setdefault(key, name)
                if pair and key not in pair:
                    strangers.setdefault(key, set()).add(pair)
                else:
                    today.add(key)
            for key, name in thread.as_written.bearers.items():
                new = comparable_name(thread.name_today(name))
                if new != key:
                    former.setdefault(new, {}).setdefault(key, name)
    for key, pairs in strangers.items():
        former.setdefault(_whose_former_name(pairs), {}).setdefault(key, people[key])
        if key not in today:
            del people[key]
    return tuple(Person(name, tuple(former.get(key, {}).values())) for key, name in people.items())


def _pair_of(main: ThreadFiles) -> tuple[str, str] | None:
    """Return the owner and the other of a conversation of two, even if a third name has written.

    A third writer makes it look like a group, but a chat of two is called after the other one.
    """
    people = {comparable_name(name) for name in main.participants or ()}
    other = comparable_name(main.title or "")
    if len(people) != _TWO or other not in people or main.outlines[0].declared_group:
        return None
    (owner,) = people - {other}
    return None if is_deleted_account(other) or is_deleted_account(owner) else (owner, other)


def _whose_former_name(pairs: set[tuple[str, str]]) -> str:
    """Return the person behind a third name in chats of two: in several chats, the owner."""
    owner, other = min(pairs)
    return other if len(pairs) == 1 else owner
