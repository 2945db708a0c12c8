"""Who the people of exports are, and what they were called before: conversations in, people out.

Meta tells people apart by nothing but their names. That somebody was renamed shows in two places:
two states of one thread, and a conversation of two in which a third name has written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._names import comparable_name
from langchain_fbmessenger._roster import Person
from langchain_fbmessenger.exports._system_lines import is_deleted_account
from langchain_fbmessenger.exports._threads import newest_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_fbmessenger.exports._threads import Conversation, ThreadFiles

__all__ = ["new_names", "people_of_conversations"]

_TWO = 2


def people_of_conversations(
    conversations: Iterable[Conversation], owner: str | None
) -> tuple[Person, ...]:
    """Return everybody who takes part or has written, each under today's name.

    Args:
        conversations: All conversations of the exports.
        owner: The owner's name, if it is known.

    Returns:
        People in the order in which they turn up, without accounts that are gone. A former name
        that somebody bears today stands for a person of its own as well.
    """
    written: dict[str, str] = {}
    today: set[str] = set()
    renamed: dict[str, str] = {}
    strangers: dict[str, set[tuple[str, str]]] = {}
    if owner:
        written[comparable_name(owner)] = owner
        today.add(comparable_name(owner))
    for conversation in conversations:
        main = newest_state(conversation.threads)
        for thread in conversation.threads:
            for key, name in _named(thread).items():
                written.setdefault(key, name)
        pair = _pair_of(main)
        today |= set(pair or _named(main))
        for old, new in new_names(main, conversation).items():
            if not is_deleted_account(old) and not is_deleted_account(new):
                renamed[comparable_name(old)] = comparable_name(new)
        if pair:
            here = {key for thread in conversation.threads for key in thread.named}
            for key in here.difference(pair):
                strangers.setdefault(key, set()).add(pair)
    for key, pairs in strangers.items():
        renamed.setdefault(key, _whose_former_name(pairs))
    return _people(written, today, renamed)


def new_names(main: ThreadFiles, conversation: Conversation) -> dict[str, str]:
    """Return who is called something else in the newest state of a thread: old names and new."""
    names = {}
    for thread in conversation.threads:
        if main.strong_id and thread.strong_id == main.strong_id and not conversation.is_group:
            old = [name for name in thread.people if name not in main.people]
            new = [name for name in main.people if name not in thread.people]
            if len(old) == len(new) == 1:  # of two at once, nobody knows who is who
                names[old[0]] = new[0]
    return names


def _named(thread: ThreadFiles) -> dict[str, str]:
    """Return everybody with a name; on a page that lists nobody, the title names the silent one."""
    title = (thread.title or "").partition(" · ")[0]
    if thread.pair and len(thread.named) < _TWO and not is_deleted_account(title):
        return {**thread.named, comparable_name(title): title}
    return thread.named


def _pair_of(main: ThreadFiles) -> tuple[str, str] | None:
    """Return the owner and the other of a conversation of two, whoever else has written in it.

    A third writer makes it look like a group; but a chat of two is called as the other is.
    """
    people = {comparable_name(name) for name in main.participants or ()}
    other = comparable_name(main.title or "")
    if len(people) != _TWO or other not in people or main.outlines[0].declared_group:
        return None
    (owner,) = people - {other}
    return None if is_deleted_account(other) or is_deleted_account(owner) else (owner, other)


def _whose_former_name(pairs: set[tuple[str, str]]) -> str:
    """Return who bore a name that neither of two bears: who writes to several is the owner."""
    owner, other = min(pairs)
    return other if len(pairs) == 1 else owner


def _people(
    written: Mapping[str, str], today: set[str], renamed: Mapping[str, str]
) -> tuple[Person, ...]:
    people: dict[str, list[str]] = {}
    for key in written:
        new = _newest_name(key, renamed)
        aliases = people.setdefault(new, [])
        if key != new:
            aliases.append(written[key])
            if key in today:  # somebody else, or a thread that nobody has exported since
                people.setdefault(key, [])
    return tuple(Person(written[key], tuple(aliases)) for key, aliases in people.items())


def _newest_name(key: str, renamed: Mapping[str, str]) -> str:
    seen = {key}
    while renamed.get(key, key) not in seen:  # some take their old name again
        key = renamed[key]
        seen.add(key)
    return key
